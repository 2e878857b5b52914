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
class CallTransferred:
    """`agent` passed the call on: to a queue, or to a colleague who is tried first."""

    kind: ClassVar[str] = "call_transferred"
    at: int
    call: str
    agent: str
    queue: str
    to_agent: str = ""


@frozen(kw_only=True)
class CallPrioritised:
    """A supervisor gave a waiting call another place: its due, its band, and its terms as they are now."""

    kind: ClassVar[str] = "call_prioritised"
    at: int
    call: str
    due_at: int
    band: int
    terms: dict[str, int]


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
    """An agent's state or reason changed. What he serves is told when he comes; see AgentReskilled."""

    kind: ClassVar[str] = "agent_moved"
    at: int
    agent: str
    state: AgentState
    reason: str = ""
    call: str = ""
    queues: tuple[str, ...] = field(factory=tuple)
    skills: dict[str, int] = field(factory=dict)


@frozen(kw_only=True)
class AgentReskilled:
    """An agent who is here serves other queues or has other skills: by a supervisor, or by a newer token."""

    kind: ClassVar[str] = "agent_reskilled"
    at: int
    agent: str
    queues: tuple[str, ...]
    skills: dict[str, int]


@frozen(kw_only=True)
class QueuePaused:
    """New requests are refused; those who wait are served."""

    kind: ClassVar[str] = "queue_paused"
    at: int
    queue: str
    restored: bool = False  # as it stood before a new era of the store


@frozen(kw_only=True)
class QueueResumed:
    kind: ClassVar[str] = "queue_resumed"
    at: int
    queue: str
    restored: bool = False


@frozen(kw_only=True)
class RulesReloaded:
    """`rules` is the version that a node read; the others were told to read theirs."""

    kind: ClassVar[str] = "rules_reloaded"
    at: int
    rules: str


@frozen(kw_only=True)
class Commanded:
    """A supervisor's command, beside the facts it led to. `target` is a record's ref, or "rules"."""

    kind: ClassVar[str] = "commanded"
    at: int
    by: str
    command: str
    target: str
    reason: str = ""


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
    | CallTransferred
    | CallPrioritised
    | CallEnded
    | CallArchived
    | CallRated
    | LinkLost
    | LinkBack
    | AgentMoved
    | AgentReskilled
    | QueuePaused
    | QueueResumed
    | RulesReloaded
    | Commanded
    | DeadlinesShifted
)
KINDS: dict[str, type[Fact]] = {f.kind: f for f in Fact.__args__}
