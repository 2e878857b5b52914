"""The wire table: which frames each role may send and gets, and how each field of a client's frame is read.

The frames are the classes of `actors.requests` and `actors.notices`, and the few below that the gateway
answers itself. Nothing else in the program lists them: codec, tests and documentation are made from here.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, ClassVar, Literal, TypedDict, get_args

from attrs import frozen

from engine.actors import notices, requests
from engine.actors.notices import (
    AgentNotice,
    CustomerNotice,
    Entered,
    Error,
    Notice,
    Ok,
    Reconfigured,
    Service,
    SupervisorNotice,
    optional,
)
from engine.domain.lifecycle import ASKABLE
from engine.domain.limits import (
    AGENT_SKILLS,
    PRIORITISE_MS,
    QUEUES,
    RESUME_CHARS,
    SKILLS,
    TEXT_CHARS,
    TOKEN_CHARS,
    VERSION_CHARS,
)
from engine.domain.rules import MAX_BAND
from engine.gateway import strict
from engine.gateway.strict import Reader


class Role(StrEnum):
    """Who speaks; each has a path of its own."""

    CUSTOMER = "customer"
    AGENT = "agent"
    SUPERVISOR = "supervisor"


@frozen(kw_only=True)
class Hello:
    """The first frame of a client, within 5 s."""

    type: ClassVar[str] = "hello"
    #: a JWT: `sub`, `role`, `exp`, `aud`, and what the role needs
    token: str
    #: the newest `resume_token`; it matters only if the store lost the call
    resume: str | None = None


@frozen(kw_only=True)
class TokenRefresh:
    """A fresh token of the same `sub` and `role`, before the other expires."""

    type: ClassVar[str] = "token.refresh"
    token: str


@frozen(kw_only=True)
class Ping:
    """Is the server there? For clients that cannot send WebSocket pings: browsers."""

    type: ClassVar[str] = "ping"


class Choice(TypedDict):
    """Something to choose."""

    id: str
    label: dict[str, str]


class QueueChoice(TypedDict):
    """A queue to ask for, or to pass a call on to."""

    id: str
    label: dict[str, str]
    #: as last heard; whoever asks is told the truth
    open: bool


class WatchedQueue(TypedDict):
    """A queue that a supervisor sees, and its goal."""

    id: str
    label: dict[str, str]
    open: bool
    #: answered within this counts as in time
    service_level_ms: int
    #: so many per cent should be
    service_target: int


class VideoChoice(TypedDict):
    """How calls will meet."""

    provider: Literal["p2p", "livekit", "none"]


class Grace(TypedDict):
    """How long a lost link may take to come back before something is lost with it, ms."""

    #: the place of a waiting customer
    waiting: int
    #: the call, on either side of it
    call: int
    #: the state of a ready agent
    agent: int


class CustomerConfig(TypedDict):
    """What a customer may choose from."""

    queues: list[QueueChoice]
    video: VideoChoice
    grace_ms: Grace


class AgentConfig(TypedDict):
    """What an agent may choose from."""

    #: those he serves
    queues: list[QueueChoice]
    #: all, to pass a call on to
    transfer_queues: list[QueueChoice]
    #: for being not ready
    reasons: list[Choice]
    #: how a call may turn out
    dispositions: list[Choice]
    #: how a call's tier is read
    tiers: list[Choice]
    #: how a call's skills are read
    skills: list[Choice]
    video: VideoChoice
    grace_ms: Grace


class SupervisorConfig(TypedDict):
    """What a supervisor sees and may choose from."""

    queues: list[WatchedQueue]
    #: for agents who are not ready
    reasons: list[Choice]
    #: how a call's tier is read
    tiers: list[Choice]
    #: what an agent can be given, and how it is read
    skills: list[Choice]


@frozen(kw_only=True)
class Welcome:
    """The answer to `hello`. The present in full follows: what a client must show if it knows nothing."""

    type: ClassVar[str] = "welcome"
    #: of this wire format: 1
    protocol: int
    #: of this link; the newest session of a person wins
    session: str
    #: the node that answers
    node: str
    server_time: int
    #: a customer's is `idle` or that of his call, an agent's is his own, a supervisor's is `watching`
    state: str
    config: Mapping[str, Any]


@frozen(kw_only=True)
class ConfigChanged:
    """What the welcome's `config` said has changed: rules were read again, or a queue opened or closed."""

    type: ClassVar[str] = "config"
    config: Mapping[str, Any]


@frozen(kw_only=True)
class Pong:
    """The answer to `ping`."""

    type: ClassVar[str] = "pong"
    ref: str | None = optional()
    server_time: int


#: What the `config` of these frames is, by role.
CONFIGURED = (Welcome, ConfigChanged)
CONFIGS: Mapping[Role, type] = {
    Role.CUSTOMER: CustomerConfig,
    Role.AGENT: AgentConfig,
    Role.SUPERVISOR: SupervisorConfig,
}

#: What a client may send, in any role, that the conversation itself answers.
OWN = (Hello, TokenRefresh, Ping)

#: What each role may ask of its session.
ASKS: Mapping[Role, frozenset[type]] = {
    Role.CUSTOMER: frozenset(get_args(requests.CustomerRequest)),
    Role.AGENT: frozenset(get_args(requests.AgentRequest)),
    Role.SUPERVISOR: frozenset(get_args(requests.SupervisorRequest)),
}

ClientMessage = Hello | TokenRefresh | Ping | requests.Request
ServerMessage = Notice | Welcome | ConfigChanged | Pong

#: Every frame a client may send, by its `type`.
CLIENT_FRAMES: Mapping[str, type] = {cls.type: cls for cls in (*OWN, *get_args(requests.Request))}

#: Every frame each role may get.
SERVER_FRAMES: Mapping[Role, tuple[type, ...]] = {
    Role.CUSTOMER: (Ok, Error, Service, *CONFIGURED, Pong, *get_args(CustomerNotice)),
    Role.AGENT: (Ok, Error, Service, *CONFIGURED, Pong, *get_args(AgentNotice)),
    Role.SUPERVISOR: (Ok, Error, Service, *CONFIGURED, Pong, *get_args(SupervisorNotice)),
}

#: After these an offer pends, for the agent who has it or the customer whose call is offered; then it no
#: longer does.
OFFER_PENDS = (notices.Offer, notices.CallOffered)
OFFER_OVER = (
    notices.OfferEnded,
    notices.AgentConnected,
    notices.CustomerConnected,
    notices.CallRequeued,
    notices.CallEnded,
)

#: `Entered` travels as `Welcome`, `Reconfigured` as `ConfigChanged`.
assert {Entered, Reconfigured} <= set(get_args(Notice))

#: How a field of a client's frame is read, by its name; a nested record's by its path, and where one frame
#: reads a name otherwise than the rest, by its `type:` before it.
READERS: Mapping[str, Reader] = {
    "token": strict.text(TOKEN_CHARS),
    "resume": strict.optional(strict.text(RESUME_CHARS)),
    "request_id": strict.identifier,
    "queue": strict.identifier,
    "skills": strict.optional(strict.skills(SKILLS)),
    "attributes": strict.optional(strict.attributes),
    "consent.version": strict.text(VERSION_CHARS),
    "call_id": strict.identifier,
    "score": strict.integer(1, 5),
    "comment": strict.optional(strict.text(TEXT_CHARS)),
    "data": strict.relayed,
    "state": strict.choice(ASKABLE),
    "reason": strict.optional(strict.identifier),
    "offer_id": strict.identifier,
    "disposition": strict.optional(strict.identifier),
    "notes": strict.optional(strict.text(TEXT_CHARS)),
    "note": strict.optional(strict.text(TEXT_CHARS)),
    "agent_id": strict.identifier,
    "call.cancel:call_id": strict.optional(strict.identifier),
    "call.hangup:call_id": strict.optional(strict.identifier),
    "wrapup.finish:call_id": strict.optional(strict.identifier),
    "call.transfer:call_id": strict.optional(strict.identifier),
    "call.transfer:queue": strict.optional(strict.identifier),
    "call.transfer:agent_id": strict.optional(strict.identifier),
    "head_start_ms": strict.optional(strict.integer(-PRIORITISE_MS, PRIORITISE_MS)),
    "band": strict.optional(strict.integer(0, MAX_BAND)),
    "call.prioritise:reason": strict.identifier,
    "queues": strict.names(QUEUES),
    "agent.set_skills:skills": strict.levels(AGENT_SKILLS),
}


def reader_of(frame: type, field: str) -> Reader:
    """How `field` (a name or path) of that frame is read."""
    return READERS.get(f"{getattr(frame, 'type', '')}:{field}") or READERS[field]
