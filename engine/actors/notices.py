"""What a session tells its client: one class per frame, each field written once, ready for the wire.

Instants (`…_at`) and durations (`…_ms`) are integer ms of pool time. A field that is None and marked
optional is left out of the frame (see `optional`); any other None is sent as null.
"""

from typing import Any, ClassVar

from attrs import field, frozen

from engine.actors.board_notices import BoardDelta, BoardSnapshot
from engine.domain.errors import Code, Refused
from engine.domain.estimates import Estimate as Estimate
from engine.domain.lifecycle import AgentState, EndReason, OfferEnd, Party, RequeueReason


def optional() -> Any:
    """A field that is left out of the frame while it is None."""
    return field(default=None, metadata={"optional": True})


@frozen(kw_only=True)
class Person:
    id: str
    name: str


@frozen(kw_only=True)
class Video:
    """How the two pages meet. `role`: the offerer starts the WebRTC negotiation.

    `url` and `token` are a LiveKit server's and what lets this side into the room.
    """

    provider: str
    room: str
    role: str
    ice_servers: list[dict[str, Any]] = field(repr=False)
    url: str | None = optional()
    token: str | None = field(default=None, repr=False, metadata={"optional": True})


@frozen(kw_only=True)
class Ok:
    type: ClassVar[str] = "ok"
    ref: str


@frozen(kw_only=True)
class Error:
    type: ClassVar[str] = "error"
    ref: str | None
    code: Code
    message: str
    field: str | None = optional()
    call_id: str | None = optional()
    state: str | None = optional()
    retry_ms: int | None = optional()

    @classmethod
    def of(cls, ref: str | None, refused: Refused) -> "Error":
        return cls(
            ref=ref,
            code=refused.code,
            message=refused.message,
            field=refused.field,
            call_id=refused.call_id,
            state=refused.state,
            retry_ms=refused.retry_ms,
        )


@frozen(kw_only=True)
class Entered:
    """The session is committed: the gateway makes the `welcome` frame of it. Not a frame itself."""

    session: str
    state: str


@frozen(kw_only=True)
class Service:
    type: ClassVar[str] = "service"
    available: bool
    draining: bool | None = optional()
    retry_ms: int | None = optional()


@frozen(kw_only=True)
class CallQueued:
    type: ClassVar[str] = "call.queued"
    call_id: str
    queue: str
    position: int
    ewt_ms: Estimate | None
    resume_token: str


@frozen(kw_only=True)
class CallPosition:
    type: ClassVar[str] = "call.position"
    position: int
    ewt_ms: Estimate | None
    resume_token: str | None = optional()


@frozen(kw_only=True)
class CallOffered:
    type: ClassVar[str] = "call.offered"


@frozen(kw_only=True)
class CallRequeued:
    type: ClassVar[str] = "call.requeued"
    reason: RequeueReason
    position: int
    ewt_ms: Estimate | None


@frozen(kw_only=True)
class CustomerConnected:
    """`call.connected` as the customer gets it."""

    type: ClassVar[str] = "call.connected"
    call_id: str
    connected_at: int
    agent: Person
    video: Video


@frozen(kw_only=True)
class AgentConnected:
    """`call.connected` as the agent gets it."""

    type: ClassVar[str] = "call.connected"
    call_id: str
    connected_at: int
    queue: str
    tier: str
    customer: Person
    skills: dict[str, int]
    attributes: dict[str, str]
    video: Video


@frozen(kw_only=True)
class Peer:
    """The other side's link: `lost` or `back`."""

    type: ClassVar[str] = "peer"
    link: str
    deadline_at: int | None = optional()


@frozen(kw_only=True)
class CallEnded:
    type: ClassVar[str] = "call.ended"
    call_id: str
    reason: EndReason
    by: Party


@frozen(kw_only=True)
class Signal:
    type: ClassVar[str] = "signal"
    data: Any


@frozen(kw_only=True)
class AgentStateNow:
    type: ClassVar[str] = "agent.state"
    state: AgentState
    reason: str | None
    since_at: int
    next_state: AgentState | None
    deadline_at: int | None
    call_id: str | None = optional()


@frozen(kw_only=True)
class OfferedCall:
    call_id: str
    queue: str
    tier: str
    customer: Person
    skills: dict[str, int]
    attributes: dict[str, str]
    waited_ms: int
    from_agent: str | None = optional()
    note: str | None = optional()


@frozen(kw_only=True)
class Offer:
    """`why` explains the assignment without naming other agents."""

    type: ClassVar[str] = "offer"
    offer_id: str
    call: OfferedCall
    deadline_at: int
    why: dict[str, Any]


@frozen(kw_only=True)
class OfferEnded:
    type: ClassVar[str] = "offer.ended"
    offer_id: str
    reason: OfferEnd


@frozen(kw_only=True)
class AgentFigures:
    """The agent's own figures since his first log-in of the day; AHT is talk and wrap-up per handled call."""

    type: ClassVar[str] = "agent.figures"
    handled: int
    aht_ms: int | None
    no_answer: int


@frozen(kw_only=True)
class Colleague:
    id: str
    name: str
    queues: list[str]


@frozen(kw_only=True)
class Colleagues:
    """The other agents who are ready now, by name."""

    type: ClassVar[str] = "colleagues"
    agents: list[Colleague]


CustomerNotice = (
    CallQueued | CallPosition | CallOffered | CallRequeued | CustomerConnected | Peer | CallEnded | Signal
)
AgentNotice = (
    AgentStateNow
    | AgentFigures
    | Offer
    | OfferEnded
    | AgentConnected
    | Colleagues
    | Peer
    | CallEnded
    | Signal
)
SupervisorNotice = BoardSnapshot | BoardDelta
Notice = Ok | Error | Entered | Service | CustomerNotice | AgentNotice | SupervisorNotice
