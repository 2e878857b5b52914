"""What a client may ask of its session: imperative, one class per frame, each field written once.

The codec, the tests' tables and the documentation are made from these classes. Absent optional fields are
None.

A client whose link broke before the answer asks again. Where a request says what it means (`request_id`,
`offer_id`, `call_id`) that is harmless: what he has done already is granted, and nothing changes.
"""

from typing import Any, ClassVar

from attrs import field, frozen

from engine.domain.lifecycle import AgentState


@frozen
class Consent:
    """What the customer agreed to: camera, microphone, being recorded."""

    #: of the text he was shown
    version: str


@frozen(kw_only=True)
class CallRequest:
    """Ask for a call; answered by `call.queued`.

    The same `request_id` again gets its first answer. While a call lives, another request gets
    `already_waiting` with its `call_id`.
    """

    type: ClassVar[str] = "call.request"
    #: made by the client, one for each wish to call
    request_id: str
    queue: str
    #: needed: names (level 1), or {name: level}
    skills: dict[str, int] | list[str] | None = None
    #: count towards priority only where the queue allows a client to set them
    attributes: dict[str, str] | None = None
    consent: Consent | None = None


@frozen(kw_only=True)
class CallCancel:
    """End my call, whatever its state."""

    type: ClassVar[str] = "call.cancel"
    #: the call that is meant: never another, and saying it again is harmless
    call_id: str | None = None


@frozen(kw_only=True)
class CallHangup:
    """End my call, whatever its state. An agent goes to wrap-up."""

    type: ClassVar[str] = "call.hangup"
    #: the call that is meant: never another, and saying it again is harmless
    call_id: str | None = None


@frozen(kw_only=True)
class CallRate:
    """How the customer found his call, after it."""

    type: ClassVar[str] = "call.rate"
    call_id: str
    #: 5 is best
    score: int
    comment: str | None = None


@frozen(kw_only=True)
class Signal:
    """Relayed as it is to the other side of a connected call (up to 64 KB)."""

    type: ClassVar[str] = "signal"
    data: Any


@frozen(kw_only=True)
class StateSet:
    """Another state for me; while I am busy it takes effect after call and wrap-up (`next_state`)."""

    type: ClassVar[str] = "state.set"
    state: AgentState = field()
    #: why not ready, one of the configured
    reason: str | None = None


@frozen(kw_only=True)
class OfferAccept:
    """Take the call; `call.connected` follows. Saying it again is harmless."""

    type: ClassVar[str] = "offer.accept"
    offer_id: str


@frozen(kw_only=True)
class OfferDecline:
    """Leave the call to another. Not ready for a cool-down, and that call avoids me for a while."""

    type: ClassVar[str] = "offer.decline"
    offer_id: str
    reason: str | None = None


@frozen(kw_only=True)
class WrapupFinish:
    """End wrap-up before its time, and say how the call turned out."""

    type: ClassVar[str] = "wrapup.finish"
    #: the call that is meant: never another, and saying it again is harmless
    call_id: str | None = None
    #: one of the configured
    disposition: str | None = None
    notes: str | None = None


@frozen(kw_only=True)
class CallTransfer:
    """Pass the call on: to `queue`, or to the colleague `agent_id`, who must be ready. Exactly one of them.

    The customer keeps his due; whoever is offered the call is told by whom it was passed on, and the note.
    """

    type: ClassVar[str] = "call.transfer"
    #: the call that is meant: never another, and saying it again is harmless
    call_id: str | None = None
    queue: str | None = None
    agent_id: str | None = None
    note: str | None = None


@frozen(kw_only=True)
class ColleaguesList:
    """Who else is ready now; answered by `colleagues`."""

    type: ClassVar[str] = "colleagues.list"


@frozen(kw_only=True)
class BoardWatch:
    """From now on, what happens: `board.snapshot`, then `board.delta`. Again after a gap."""

    type: ClassVar[str] = "board.watch"


@frozen(kw_only=True)
class CallPrioritise:
    """Give a waiting call another place: a head start in place of the supervisors' earlier one, a band."""

    type: ClassVar[str] = "call.prioritise"
    call_id: str
    #: how much earlier than it arrived it counts as having arrived, beside what the rules give
    head_start_ms: int | None = None
    #: strict priority, higher first
    band: int | None = None
    #: kept in the journal
    reason: str


@frozen(kw_only=True)
class CallAssign:
    """Offer a waiting call to that ready agent."""

    type: ClassVar[str] = "call.assign"
    call_id: str
    agent_id: str


@frozen(kw_only=True)
class CallEnd:
    """End a call, whatever its state (`cancelled`)."""

    type: ClassVar[str] = "call.end"
    call_id: str


@frozen(kw_only=True)
class AgentSetState:
    """As if the agent had asked for it himself: while he is busy it takes effect after call and wrap-up."""

    type: ClassVar[str] = "agent.set_state"
    agent_id: str
    state: AgentState
    reason: str | None = None


@frozen(kw_only=True)
class AgentSetSkills:
    """What the agent serves until his next log-in."""

    type: ClassVar[str] = "agent.set_skills"
    agent_id: str
    queues: tuple[str, ...]
    skills: dict[str, int]


@frozen(kw_only=True)
class QueuePause:
    """New requests are refused (`queue_closed`); those who wait are served."""

    type: ClassVar[str] = "queue.pause"
    queue: str


@frozen(kw_only=True)
class QueueResume:
    """Take new requests again, as configured. One that is configured closed is opened, until it is paused."""

    type: ClassVar[str] = "queue.resume"
    queue: str


@frozen(kw_only=True)
class RulesReload:
    """Every node reads its configuration's rules again. For supervisors whose view is not bounded."""

    type: ClassVar[str] = "rules.reload"


CustomerRequest = CallRequest | CallCancel | CallHangup | CallRate | Signal
AgentRequest = (
    StateSet | OfferAccept | OfferDecline | CallHangup | WrapupFinish | CallTransfer | ColleaguesList | Signal
)
SupervisorRequest = (
    BoardWatch
    | CallPrioritise
    | CallAssign
    | CallEnd
    | AgentSetState
    | AgentSetSkills
    | QueuePause
    | QueueResume
    | RulesReload
)
Request = CustomerRequest | AgentRequest | SupervisorRequest
