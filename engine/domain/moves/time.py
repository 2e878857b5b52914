"""What time and the rules do: offers, deadlines, lost links given up, outages.

`due` is the whole of "time passed": given a record whose deadline is reached it says what happens. Until an
expiry is committed a late accept is valid: both write the same two records, so exactly one wins.
"""

from collections.abc import Callable

from engine.domain.change import Change, Write
from engine.domain.evolving import evolve
from engine.domain.facts import CallArchived, CallOffered, DeadlinesShifted
from engine.domain.lifecycle import (
    AgentState,
    CallState,
    EndReason,
    IllegalMove,
    OfferEnd,
    Party,
    RequeueReason,
)
from engine.domain.model import Agent, Call, Customer, QueueGate, Record, Ref, deadline
from engine.domain.moves.agent import drop as drop_agent
from engine.domain.moves.customer import drop as drop_customer
from engine.domain.moves.customer import not_live
from engine.domain.moves.parts import Outcome, end, end_offer, move_agent, moved, put_back, settle
from engine.domain.rules import Policy


def partner_ref(record: Record) -> Ref | None:
    """The record that moves with this one: a call's agent, an agent's call."""
    match record:
        case Call(agent=agent) if agent:
            return f"agent:{agent}"
        case Agent(call=call) if call:
            return f"call:{call}"
    return None


def offer(call: Call, agent: Agent, *, offer_id: str, why: str, policy: Policy, now: int) -> Change:
    """Alert `agent` of `call`; until the deadline both are `offered` to each other.

    Raises `IllegalMove` unless the call waits and the agent is ready.
    """
    if call.state is not CallState.WAITING or agent.state is not AgentState.READY:
        raise IllegalMove(f"a call that is {call.state} cannot be offered to an agent who is {agent.state}")
    queue = policy.queues.get(call.queue)
    until = now + (queue.ring_ms if queue is not None else 15_000)
    offered = evolve(
        call,
        state=CallState.OFFERED,
        since_at=now,
        offer=offer_id,
        agent=agent.id,
        agent_name=agent.name,
        agent_node=agent.node,
        offered_at=now,
        offer_until=until,
        why=why,
        customer_until=None,
    )
    alerted = evolve(move_agent(agent, AgentState.OFFERED, now), offer=offer_id, call=call.id)
    return Change(
        writes=(Write(call, offered), Write(agent, alerted)),
        facts=(
            CallOffered(at=now, call=call.id, agent=agent.id, offer=offer_id, until=until, why=why),
            moved(agent, alerted),
        ),
    )


def due(record: Record, partner: Record | None, policy: Policy, now: int) -> Change | None:
    """What becomes of a record whose deadline has been reached; None if it has not."""
    when = deadline(record)
    if when is None or when > now:
        return None
    match record:
        case Call():
            return _call_due(record, partner if isinstance(partner, Agent) else None, policy, now)
        case Agent():
            return _agent_due(record, policy, now)
        case Customer():
            return Change(writes=(Write(record, None),), guards=not_live(record, None))
        case QueueGate():
            return None


def _call_due(call: Call, agent: Agent | None, policy: Policy, now: int) -> Change:
    if call.state is CallState.ENDED:
        return Change(writes=(Write(call, None),), facts=(CallArchived(at=now, call=call.id),))
    writes, facts = _passed(call, agent, policy, now)
    return Change(writes=writes, facts=facts)


def _passed(call: Call, agent: Agent | None, policy: Policy, now: int) -> Outcome:
    def over(reason: EndReason) -> Outcome:
        return end(call, agent, reason, Party.SYSTEM, policy, now)

    if call.state is CallState.OFFERED:
        return end_offer(call, agent, OfferEnd.EXPIRED, policy, now)
    customer_gone = call.customer_until is not None and call.customer_until <= now
    if call.state is CallState.WAITING:
        return over(EndReason.CUSTOMER_LOST if customer_gone else EndReason.EXPIRED)
    if call.customer_until is not None and call.agent_until is not None:
        return over(EndReason.AGENT_LOST)
    if customer_gone:
        return over(EndReason.CUSTOMER_LOST)
    return put_back(call, agent, RequeueReason.AGENT_LOST, policy, now)


def _agent_due(agent: Agent, policy: Policy, now: int) -> Change:
    if agent.state is AgentState.OFFLINE:
        return Change(writes=(Write(agent, None),))
    if agent.state is AgentState.WRAP_UP:
        after = settle(agent, now, policy.timings)
    else:
        after = move_agent(agent, AgentState.READY, now)
    return Change(writes=(Write(agent, after),), facts=(moved(agent, after),))


Look = Callable[[Ref], Record | None]


def lost(record: Record, look: Look, policy: Policy, now: int) -> Change | None:
    """The node that held this person's socket died: as if the socket had been dropped. None for no person."""
    match record:
        case Agent():
            call = look(f"call:{record.call}")
            return drop_agent(record, call if isinstance(call, Call) else None, policy, now)
        case Customer():
            call = look(f"call:{record.call}")
            found = call if isinstance(call, Call) else None
            agent = look(f"agent:{found.agent}") if found is not None else None
            return drop_customer(record, found, agent if isinstance(agent, Agent) else None, policy, now)
    return None


def after_outage(record: Record, look: Look, by_ms: int, policy: Policy, now: int) -> Change | None:
    """The store was away for `by_ms`: a pending offer ends rescinded, other deadlines move by as much."""
    if isinstance(record, Call) and record.state is CallState.OFFERED:
        agent = look(f"agent:{record.agent}")
        found = agent if isinstance(agent, Agent) else None
        writes, facts = end_offer(record, found, OfferEnd.RESCINDED, policy, now)
        return Change(writes=tuple(_shifted(w, by_ms) for w in writes), facts=facts)
    if deadline(record) is None:
        return None
    return Change(
        writes=(_shifted(Write(record, record), by_ms),),
        facts=(DeadlinesShifted(at=now, who=record.ref, by_ms=by_ms),),
    )


def _shifted(write: Write, by_ms: int) -> Write:
    return write if write.after is None else Write(write.before, shift(write.after, by_ms))


def shift(record: Record, by_ms: int) -> Record:
    """The record with every deadline moved by `by_ms`."""

    def later(at: int | None) -> int | None:
        return None if at is None else at + by_ms

    match record:
        case Call():
            return evolve(
                record,
                customer_until=later(record.customer_until),
                agent_until=later(record.agent_until),
                offer_until=later(record.offer_until),
                give_up_at=later(record.give_up_at),
                archive_at=later(record.archive_at),
            )
        case Agent():
            return evolve(
                record,
                until=later(record.until),
                rest_until=later(record.rest_until),
                forget_at=later(record.forget_at),
                lost_at=later(record.lost_at),
            )
        case Customer():
            return evolve(record, forget_at=later(record.forget_at))
        case QueueGate():
            return record
