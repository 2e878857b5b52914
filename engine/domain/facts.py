"""The catalogue of facts: everything that can happen, in the past tense, as the journal keeps it.

A fact holds opaque ids, codes, instants (pool time, ms) and terms of why: never names, notes, comments or
attribute values. `kind` is its name in the journal.
"""

from typing import ClassVar

from attrs import field, frozen

from engine.domain.lifecycle import AgentState, EndReason, OfferEnd, Party, RequeueReason


@frozen(kw_only=True)
class CallQueued:
    kind: ClassVar[str] = "call_queued"
    at: int
    call: str
    customer: str
    queue: str
    tier: str
    due_at: int
    band: int
    terms: dict[str, int]
    rules: str
    skills: dict[str, int]
    request_id: str
    restored: bool = False  # re-created in a new era of the store


@frozen(kw_only=True)
class CallOffered:
    kind: ClassVar[str] = "call_offered"
    at: int
    call: str
    agent: str
    offer: str
    until: int
    why: str


@frozen(kw_only=True)
class OfferEnded:
    kind: ClassVar[str] = "offer_ended"
    at: int
    call: str
    agent: str
    offer: str
    how: OfferEnd


@frozen(kw_only=True)
class CallConnected:
    kind: ClassVar[str] = "call_connected"
    at: int
    call: str
    agent: str
    waited_ms: int
    restored: bool = False


@frozen(kw_only=True)
class CallRequeued:
    kind: ClassVar[str] = "call_requeued"
    at: int
    call: str
    due_at: int
    reason: RequeueReason


@frozen(kw_only=True)
class CallEnded:
    kind: ClassVar[str] = "call_ended"
    at: int
    call: str
    reason: EndReason
    by: Party
    agent: str = ""


@frozen(kw_only=True)
class CallArchived:
    kind: ClassVar[str] = "call_archived"
    at: int
    call: str


@frozen(kw_only=True)
class CallRated:
    kind: ClassVar[str] = "call_rated"
    at: int
    call: str
    score: int


@frozen(kw_only=True)
class LinkLost:
    """A customer's or agent's socket went away; `until` is the end of his grace, if he holds a call."""

    kind: ClassVar[str] = "link_lost"
    at: int
    who: str
    call: str = ""
    until: int | None = None


@frozen(kw_only=True)
class LinkBack:
    kind: ClassVar[str] = "link_back"
    at: int
    who: str
    call: str = ""


@frozen(kw_only=True)
class AgentMoved:
    """An agent's state or reason changed."""

    kind: ClassVar[str] = "agent_moved"
    at: int
    agent: str
    state: AgentState
    reason: str = ""
    call: str = ""
    queues: tuple[str, ...] = field(factory=tuple)


@frozen(kw_only=True)
class DeadlinesShifted:
    """The store was away for `by_ms`: this record's deadlines moved by as much."""

    kind: ClassVar[str] = "deadlines_shifted"
    at: int
    who: str
    by_ms: int


Fact = (
    CallQueued
    | CallOffered
    | OfferEnded
    | CallConnected
    | CallRequeued
    | CallEnded
    | CallArchived
    | CallRated
    | LinkLost
    | LinkBack
    | AgentMoved
    | DeadlinesShifted
)
KINDS: dict[str, type[Fact]] = {f.kind: f for f in Fact.__args__}
