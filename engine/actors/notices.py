"""What a session tells its client: one class per frame, each field written once, ready for the wire.

Instants (`…_at`) and durations (`…_ms`) are integer ms of pool time. A field that is None and marked
optional is left out of the frame (see `optional`); any other None is sent as null.
"""

from typing import Any, ClassVar, Literal

from attrs import frozen

from engine.actors.board_notices import BoardDelta, BoardSnapshot
from engine.actors.shapes import Person as Person
from engine.actors.shapes import Video as Video
from engine.actors.shapes import optional as optional
from engine.domain.errors import Code, Refused
from engine.domain.estimates import Estimate as Estimate
from engine.domain.lifecycle import AgentState, EndReason, OfferEnd, Party, RequeueReason
from engine.domain.matching import Why


@frozen(kw_only=True)
class Ok:
    """The request of that `ref` is done, and kept at the node's level of durability. Effects follow."""

    type: ClassVar[str] = "ok"
    ref: str


@frozen(kw_only=True)
class Error:
    """A request is refused, and nothing changed (but see `unavailable`). Show people something for `code`."""

    type: ClassVar[str] = "error"
    #: null if the refused frame had none, or could not be read
    ref: str | None
    code: Code
    #: for developers, never to be shown to people
    message: str
    #: the path of the field at fault
    field: str | None = optional()
    call_id: str | None = optional()
    #: what state there is instead
    state: str | None = optional()
    #: when asking again makes sense
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


@frozen
class Reconfigured:
    """What a client may choose from has changed: the gateway makes the `config` frame. Not a frame itself."""


@frozen(kw_only=True)
class Service:
    """The service as a whole: whether it can change anything now, and whether this node goes away."""

    type: ClassVar[str] = "service"
    #: false: the store is away, requests get `unavailable`; calls go on
    available: bool
    #: this node goes away: reconnect when it closes (1012)
    draining: bool | None = optional()
    #: reconnect at a random moment within this
    retry_ms: int | None = optional()


@frozen(kw_only=True)
class CallQueued:
    """The call waits. `ewt_ms` is null where nothing can be said yet."""

    type: ClassVar[str] = "call.queued"
    call_id: str
    queue: str
    position: int
    ewt_ms: Estimate | None
    resume_token: str


@frozen(kw_only=True)
class CallPosition:
    """His place has changed, or the estimate; at most once a second."""

    type: ClassVar[str] = "call.position"
    position: int
    ewt_ms: Estimate | None
    resume_token: str | None = optional()


@frozen(kw_only=True)
class CallOffered:
    """An agent is being alerted."""

    type: ClassVar[str] = "call.offered"


@frozen(kw_only=True)
class CallRequeued:
    """The call waits again, at its old place."""

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
    """The other side's link. After `back` the offerer negotiates the video anew."""

    type: ClassVar[str] = "peer"
    link: Literal["lost", "back"]
    #: until then he may come back
    deadline_at: int | None = optional()


@frozen(kw_only=True)
class CallEnded:
    """The call is over."""

    type: ClassVar[str] = "call.ended"
    call_id: str
    reason: EndReason
    by: Party


@frozen(kw_only=True)
class Signal:
    """What the other side of the call sent, as it is; never before `call.connected`."""

    type: ClassVar[str] = "signal"
    data: Any


@frozen(kw_only=True)
class AgentStateNow:
    """The agent's state, whoever changed it."""

    type: ClassVar[str] = "agent.state"
    state: AgentState
    #: why not ready: a configured one, or the engine's `login`, `lost`, `declined`, `no_answer`
    reason: str | None
    since_at: int
    #: what comes after call and wrap-up, if it was asked for
    next_state: AgentState | None
    #: when the state ends by itself: offer, wrap-up, cool-down
    deadline_at: int | None
    #: why not ready then
    next_reason: str | None = optional()
    call_id: str | None = optional()


@frozen(kw_only=True)
class OfferedCall:
    """The call that is offered."""

    call_id: str
    queue: str
    tier: str
    customer: Person
    skills: dict[str, int]
    attributes: dict[str, str]
    waited_ms: int
    #: the agent who passed the call on
    from_agent: str | None = optional()
    #: his name
    from_agent_name: str | None = optional()
    #: what he wrote about it
    note: str | None = optional()


@frozen(kw_only=True)
class Offer:
    """A call alerts the agent. A WebSocket ping follows: without its pong within 3 s he counts as lost."""

    type: ClassVar[str] = "offer"
    offer_id: str
    call: OfferedCall
    #: the end of the ring time
    deadline_at: int
    #: how the call came to this agent; other agents are not named
    why: Why


@frozen(kw_only=True)
class OfferEnded:
    """The offer is over, other than by acceptance."""

    type: ClassVar[str] = "offer.ended"
    offer_id: str
    reason: OfferEnd


@frozen(kw_only=True)
class AgentFigures:
    """The agent's own figures since his first log-in of the day; AHT is talk and wrap-up per handled call."""

    type: ClassVar[str] = "agent.figures"
    handled: int
    aht_ms: int | None
    #: offers that ran out
    no_answer: int


@frozen(kw_only=True)
class Colleague:
    """An agent who is ready."""

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
Notice = Ok | Error | Entered | Reconfigured | Service | CustomerNotice | AgentNotice | SupervisorNotice
