"""What must hold of all records at every moment, and of all facts ever told. Each check names what it guards.

One state (a call is in exactly the index of its state), one thing per agent, no half link, one deadline per
offer and one end, assigned once, nothing lost, nobody stuck, and an audit that replays to the present.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable

from engine.domain.facts import (
    AgentMoved,
    AgentReskilled,
    CallArchived,
    CallConnected,
    CallEnded,
    CallOffered,
    CallPrioritised,
    CallQueued,
    CallRequeued,
    CallTransferred,
    Fact,
    OfferEnded,
    QueuePaused,
    QueueResumed,
)
from engine.domain.lifecycle import TOGETHER, AgentState, CallState, OfferEnd
from engine.domain.model import Agent, Call, Customer, QueueGate, deadline, indexes

from .ledger import Records

CALL_INDEXES = {"offered", "connected", "ended"}


def check(records: Records, facts: Iterable[Fact]) -> None:
    calls = {r.id: r for r in records.values() if isinstance(r, Call)}
    agents = {r.id: r for r in records.values() if isinstance(r, Agent)}
    customers = {r.id: r for r in records.values() if isinstance(r, Customer)}
    for call in calls.values():
        _one_state(call)
        _linked(call, agents)
        _call_not_stuck(call, customers[call.customer] if call.live else None)
    for agent in agents.values():
        _one_thing(agent, calls)
        _agent_not_stuck(agent)
    for customer in customers.values():
        assert customer.node or customer.forget_at is not None, f"{customer.ref} is never forgotten"
    live = Counter(c.customer for c in calls.values() if c.live)
    assert all(n == 1 for n in live.values()), f"one live call each: {live}"
    told = tuple(facts)
    _replays(told, calls, agents)
    _places(told, calls)
    _commands(told, agents, {r.id: r.paused for r in records.values() if isinstance(r, QueueGate)})


def _one_state(call: Call) -> None:
    found = {i for i in indexes(call) if i in CALL_INDEXES or i.startswith("waiting:")}
    waiting = call.state is CallState.WAITING
    assert found == {f"waiting:{call.queue}" if waiting else call.state.value}
    assert call.live is (call.state is not CallState.ENDED)


def _linked(call: Call, agents: dict[str, Agent]) -> None:
    busy = dict(TOGETHER)
    if call.state in busy:
        agent = agents[call.agent]
        assert (agent.state, agent.call, agent.offer) == (busy[call.state], call.id, call.offer)
    elif call.live:
        assert (call.agent, call.offer, call.agent_node) == ("", "", "")


def _one_thing(agent: Agent, calls: dict[str, Call]) -> None:
    busy = {a: c for c, a in TOGETHER}
    if agent.state in busy:
        call = calls[agent.call]
        assert (call.state, call.agent) == (busy[agent.state], agent.id)
    else:
        assert agent.offer == ""
        assert agent.state is AgentState.WRAP_UP or agent.call == ""
    assert ("ready" in indexes(agent)) is (agent.state is AgentState.READY)


def _call_not_stuck(call: Call, customer: Customer | None) -> None:
    """Whatever is not held by a live socket on each side it needs has a deadline."""
    if call.state is CallState.OFFERED:
        assert call.offered_at is not None
        assert call.offer_until is not None
        assert call.offer_until > call.offered_at
        assert call.customer_until is None
    if call.state is CallState.ENDED:
        assert call.archive_at is not None
    if customer is not None:
        assert customer.call == call.id
        assert (call.customer_until is None) is bool(customer.node), "away exactly while in grace"
        assert call.node == customer.node
    if call.state is CallState.CONNECTED:
        assert (call.agent_until is None) is bool(call.agent_node)


def _agent_not_stuck(agent: Agent) -> None:
    rests = agent.state is AgentState.WRAP_UP or agent.reason == "declined"
    assert (agent.until is not None) is rests
    if agent.state is AgentState.OFFLINE:
        assert agent.node or deadline(agent) is not None, "offline for ever"
    elif agent.state not in (AgentState.ON_CALL, AgentState.WRAP_UP):
        assert agent.node, f"{agent.state} without a link"
    if agent.state not in (AgentState.OFFERED, AgentState.ON_CALL, AgentState.WRAP_UP):
        assert agent.next_state is None


def _replays(facts: Iterable[Fact], calls: dict[str, Call], agents: dict[str, Agent]) -> None:
    """The facts alone lead to the present; every offer ends once and connects at most one agent."""
    where: dict[str, CallState] = {}
    ends: dict[str, list[OfferEnd]] = defaultdict(list)
    people: dict[str, tuple[AgentState, str]] = {}
    for fact in facts:
        match fact:
            case CallQueued(call=call):
                assert call not in where
                where[call] = CallState.WAITING
            case CallOffered(call=call, offer=offer):
                assert where[call] is CallState.WAITING
                assert offer not in ends
                where[call] = CallState.OFFERED
            case OfferEnded(call=call, offer=offer, how=how):
                assert where[call] is CallState.OFFERED
                ends[offer].append(how)
            case CallConnected(call=call):
                assert where[call] is CallState.OFFERED
                where[call] = CallState.CONNECTED
            case CallRequeued(call=call):
                assert where[call] in (CallState.OFFERED, CallState.CONNECTED)
                where[call] = CallState.WAITING
            case CallEnded(call=call):
                assert where[call] is not CallState.ENDED
                where[call] = CallState.ENDED
            case CallArchived(call=call):
                assert where.pop(call) is CallState.ENDED
            case AgentMoved(agent=agent, state=state, reason=reason):
                people[agent] = (state, reason)
    assert where == {c.id: c.state for c in calls.values()}, "conservation: what was created is there"
    assert {a.id: (a.state, a.reason) for a in agents.values()}.items() <= people.items()
    assert all(len(how) == 1 for how in ends.values())


def _places(facts: tuple[Fact, ...], calls: dict[str, Call]) -> None:
    """A call keeps due, band and queue, unless it was given others; and only who has it passes it on."""
    place: dict[str, tuple[int, int]] = {}
    queue: dict[str, str] = {}
    talks: dict[str, str] = {}
    for fact in facts:
        match fact:
            case CallQueued(call=call):
                place[call], queue[call] = (fact.due_at, fact.band), fact.queue
            case CallPrioritised(call=call):
                assert (
                    sum(fact.terms.values()) == calls[call].enqueued_at - fact.due_at
                    if call in calls
                    else True
                )
                place[call] = (fact.due_at, fact.band)
            case CallConnected(call=call, agent=agent):
                talks[call] = agent
            case CallTransferred(call=call, agent=agent):
                assert talks[call] == agent
                queue[call] = fact.queue
            case CallRequeued(call=call):
                assert fact.due_at == place[call][0]
                talks.pop(call, None)
    for call in calls.values():
        assert (call.due_at, call.band) == place[call.id]
        assert call.queue == queue[call.id]
        assert call.due_at == call.enqueued_at - sum(t.head_start_ms for t in call.terms)
        assert not call.from_agent or call.requeues


def _commands(facts: tuple[Fact, ...], agents: dict[str, Agent], paused: dict[str, bool]) -> None:
    """Whom agents serve and which queues are paused is what was told last; nobody enters a paused one."""
    serves: dict[str, tuple[str, ...]] = {}
    shut: dict[str, bool] = {}
    for fact in facts:
        match fact:
            case AgentMoved(agent=agent, queues=queues) if queues:
                serves[agent] = queues
            case AgentReskilled(agent=agent, queues=queues):
                serves[agent] = queues
            case QueuePaused(queue=queue):
                shut[queue] = True
            case QueueResumed(queue=queue):
                shut[queue] = False
            case CallQueued(queue=queue):
                assert not shut.get(queue), "nobody enters a paused queue"
    assert paused == shut
    assert all(agent.queues == serves[agent.id] for agent in agents.values())
