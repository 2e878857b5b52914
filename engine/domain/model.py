"""The records: what the store keeps of calls, agents, customers and queues, and where each stands.

A record is frozen; a move makes a new one. `version` and `stamp` (the op that wrote it) are set by the
store and say what was read. Instants (`_at`, `_until`) are pool time, durations (`_ms`) too, both integer
milliseconds. Indexes are derived from the record alone, so a hash and its sorted sets cannot disagree.
"""

from collections.abc import Mapping
from typing import ClassVar

from attrs import field, frozen

from engine.domain.lifecycle import AgentState, CallState, EndReason, OfferEnd, Party, RequeueReason

#: The score of one band: scores are `due - band * BAND`, exact in a double until the year 2255.
BAND = 10**13

Ref = str  #: "call:<id>", "agent:<sub>", "customer:<sub>" or "queue:<name>"
Skills = Mapping[str, int]
Attributes = Mapping[str, str]


@frozen
class Term:
    """One rule's contribution to a call's due: which rule, and how many ms of head start it gave."""

    rule: str
    head_start_ms: int


@frozen(kw_only=True)
class Call:
    """A customer's request for a video call, from queue to end."""

    KIND: ClassVar[str] = "call"

    id: str
    queue: str
    customer: str
    state: CallState
    since_at: int
    enqueued_at: int
    due_at: int
    #: true until it ends; stored only while true, so "absent" also means over (see moves.customer.ask)
    live: bool = False
    tier: str = "regular"
    band: int = 0
    terms: tuple[Term, ...] = ()
    rules: str = ""
    skills: Skills = field(factory=dict)
    attributes: Attributes = field(factory=dict)
    customer_name: str = ""
    request_id: str = ""
    consent: str = ""
    #: the node of the customer's socket; empty while his link is lost
    node: str = ""
    customer_until: int | None = None
    give_up_at: int | None = None
    #: the pending or accepted offer, and the agent who has it
    offer: str = ""
    agent: str = ""
    agent_name: str = ""
    agent_node: str = ""
    agent_until: int | None = None
    offered_at: int | None = None
    offer_until: int | None = None
    #: how the assignment came about, for the journal and the agent (see matching.Why)
    why: str = ""
    avoid: Mapping[str, int] = field(factory=dict)
    preferred: str = ""
    preferred_until: int | None = None
    #: how often the call went back to waiting, and why the last time
    requeues: int = 0
    requeue_reason: RequeueReason | None = None
    from_agent: str = ""
    from_agent_name: str = ""
    note: str = ""
    connected_at: int | None = None
    ended_at: int | None = None
    end_reason: EndReason | None = None
    ended_by: Party | None = None
    disposition: str = ""
    notes: str = ""
    rating: int | None = None
    comment: str = ""
    archive_at: int | None = None

    version: int = 0
    stamp: str = ""

    @property
    def ref(self) -> Ref:
        return f"call:{self.id}"

    @property
    def score(self) -> int:
        """Its priority: smaller is sooner."""
        return self.due_at - self.band * BAND


@frozen(kw_only=True)
class Agent:
    """An agent as the engine knows him while he is logged in, and a while longer."""

    KIND: ClassVar[str] = "agent"

    id: str
    state: AgentState
    since_at: int
    name: str = ""
    reason: str = ""
    queues: tuple[str, ...] = ()
    skills: Skills = field(factory=dict)
    #: a supervisor gave him these queues and skills, until his next log-in
    reskilled: bool = False
    next_state: AgentState | None = None
    next_reason: str = ""
    session: str = ""
    node: str = ""
    offer: str = ""
    call: str = ""
    #: the last offer that ended without a call, and how
    last_offer: str = ""
    last_offer_end: OfferEnd | None = None
    #: end of wrap-up or of a cool-down
    until: int | None = None
    #: not ready before this, because he declined
    rest_until: int | None = None
    #: idle time gathered before the present state; while ready, idle since `since_at - idle_ms`
    idle_ms: int = 0
    #: what he comes back to if he is back within grace
    lost_at: int | None = None
    back_state: AgentState | None = None
    back_reason: str = ""
    login_at: int = 0
    busy_ms: int = 0
    #: his figures since `figures_at`, his first log-in of that day; `handle_ms` is talk and wrap-up
    figures_at: int = 0
    handled: int = 0
    handle_ms: int = 0
    no_answers: int = 0
    forget_at: int | None = None

    version: int = 0
    stamp: str = ""

    @property
    def ref(self) -> Ref:
        return f"agent:{self.id}"

    @property
    def idle_since(self) -> int:
        """Since when he counts as idle, for `longest_idle`; meaningful while ready."""
        return self.since_at - self.idle_ms


@frozen(kw_only=True)
class Customer:
    """A customer's socket and his last request. `call` may have ended: its own record says so."""

    KIND: ClassVar[str] = "customer"

    id: str
    name: str = ""
    session: str = ""
    node: str = ""
    request_id: str = ""
    call: str = ""
    #: until when his requests so far fill the pace he may ask at
    asked_until: int = 0
    forget_at: int | None = None

    version: int = 0
    stamp: str = ""

    @property
    def ref(self) -> Ref:
        return f"customer:{self.id}"


@frozen(kw_only=True)
class QueueGate:
    """What a supervisor decided about a queue's entrance; a queue without one is as configured.

    Two fields, because a guard compares with a value or with absence: who asks for a queue that is configured
    open guards that it is not `paused`, for one that is configured closed that it is `opened`. One that is
    configured open is never `opened`, so that a configuration that closes it later has the last word.
    """

    KIND: ClassVar[str] = "queue"

    id: str
    since_at: int
    by: str
    paused: bool = False
    opened: bool = False

    version: int = 0
    stamp: str = ""

    @property
    def ref(self) -> Ref:
        return f"queue:{self.id}"


Person = Agent | Customer
Record = Call | Person | QueueGate
KINDS: Mapping[str, type[Call] | type[Agent] | type[Customer] | type[QueueGate]] = {
    k.KIND: k for k in (Call, Agent, Customer, QueueGate)
}


def deadline(record: Record) -> int | None:
    """The next instant at which time itself moves this record, if any."""
    match record:
        case Call(state=CallState.WAITING):
            return _sooner(record.customer_until, record.give_up_at)
        case Call(state=CallState.OFFERED):
            return record.offer_until
        case Call(state=CallState.CONNECTED):
            return _sooner(record.customer_until, record.agent_until)
        case Call():
            return record.archive_at
        case Agent():
            return _sooner(record.until, record.forget_at)
        case Customer():
            return record.forget_at
        case QueueGate():
            return None


def _sooner(one: int | None, other: int | None) -> int | None:
    if one is None or other is None:
        return other if one is None else one
    return min(one, other)


def indexes(record: Record) -> dict[str, int]:
    """In which sorted sets a record stands, and at what score."""
    where: dict[str, int] = {}
    match record:
        case Call(state=CallState.WAITING):
            where[f"waiting:{record.queue}"] = record.score
        case Call():
            where[record.state.value] = record.since_at
        case Agent():
            where["agents"] = record.since_at
            if record.state is AgentState.READY:
                where["ready"] = record.idle_since
        case Customer():
            where["customers"] = 0
        case QueueGate():
            where["queues"] = record.since_at
    if isinstance(record, Person) and record.node:
        where[f"sessions:{record.node}"] = 0
    when = deadline(record)
    if when is not None:
        where["deadlines"] = when
    return where


def nodes(record: Record) -> frozenset[str]:
    """The nodes whose sockets this record concerns."""
    match record:
        case Call():
            return frozenset({record.node, record.agent_node}) - {""}
        case QueueGate():
            return frozenset()
        case _:
            return frozenset({record.node}) - {""}
