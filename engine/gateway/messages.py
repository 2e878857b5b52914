"""The wire table: which frames each role may send and gets, and how each field of a client's frame is read.

The frames are the classes of `actors.requests` and `actors.notices`, and the few below that the gateway
answers itself. Nothing else in the program lists them: codec, tests and documentation are made from here.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, ClassVar, get_args

from attrs import frozen

from engine.actors import requests
from engine.actors.notices import (
    AgentNotice,
    CustomerNotice,
    Entered,
    Error,
    Notice,
    Ok,
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
    """The first frame of a client. `resume` matters only if the store lost the call."""

    type: ClassVar[str] = "hello"
    token: str
    resume: str | None = None


@frozen(kw_only=True)
class TokenRefresh:
    """A fresh token of the same `sub` and `role`."""

    type: ClassVar[str] = "token.refresh"
    token: str


@frozen(kw_only=True)
class Ping:
    """Is the server there? For clients that cannot send WebSocket pings: browsers."""

    type: ClassVar[str] = "ping"


@frozen(kw_only=True)
class Welcome:
    """The answer to `hello`; the present in full follows."""

    type: ClassVar[str] = "welcome"
    protocol: int
    session: str
    node: str
    server_time: int
    state: str
    config: Mapping[str, Any]


@frozen(kw_only=True)
class Pong:
    type: ClassVar[str] = "pong"
    ref: str | None = optional()
    server_time: int


#: What a client may send, in any role, that the conversation itself answers.
OWN = (Hello, TokenRefresh, Ping)

#: What each role may ask of its session.
ASKS: Mapping[Role, frozenset[type]] = {
    Role.CUSTOMER: frozenset(get_args(requests.CustomerRequest)),
    Role.AGENT: frozenset(get_args(requests.AgentRequest)),
    Role.SUPERVISOR: frozenset(get_args(requests.SupervisorRequest)),
}

ClientMessage = Hello | TokenRefresh | Ping | requests.Request
ServerMessage = Notice | Welcome | Pong

#: Every frame a client may send, by its `type`.
CLIENT_FRAMES: Mapping[str, type] = {cls.type: cls for cls in (*OWN, *get_args(requests.Request))}

#: Every frame each role may get.
SERVER_FRAMES: Mapping[Role, tuple[type, ...]] = {
    Role.CUSTOMER: (Ok, Error, Service, Welcome, Pong, *get_args(CustomerNotice)),
    Role.AGENT: (Ok, Error, Service, Welcome, Pong, *get_args(AgentNotice)),
    Role.SUPERVISOR: (Ok, Error, Service, Welcome, Pong, *get_args(SupervisorNotice)),
}

#: `Entered` travels as `Welcome`.
assert Entered in get_args(Notice)

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
