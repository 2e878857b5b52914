"""The pieces all moves are made of: freeing an agent, putting a call back, ending it, ending an offer.

Idle time accrues while ready and only a connected call resets it, so toggling gains nothing; a rescinded
offer counts as if it had never been. A call that goes back to waiting keeps its due, and what it spent
connected does not count against its maximum wait.

A move that finds a call's agent busy with something else (a stale read, or a damaged record) leaves him as
he is but writes him unchanged, so the store compares what was read and refuses if it was stale.
"""

from engine.domain.change import Write
from engine.domain.evolving import evolve
from engine.domain.facts import AgentMoved, AgentReskilled, CallEnded, CallRequeued, Fact, OfferEnded
from engine.domain.lifecycle import (
    OFFER_ENDS,
    TOGETHER,
    WORKING,
    AgentState,
    CallState,
    EndReason,
    IllegalMove,
    OfferEnd,
    Party,
    RequeueReason,
)
from engine.domain.model import Agent, Call
from engine.domain.rules import Policy, Timings

#: The reason of an agent who declined, until he may be ready again.
COOL_DOWN = OFFER_ENDS[OfferEnd.DECLINED].agent_reason

Outcome = tuple[tuple[Write, ...], tuple[Fact, ...]]


def holds(agent: Agent, call: Call) -> bool:
    """Whether the two name each other: he is offered, or is on, this very call."""
    named = call.agent == agent.id and agent.call == call.id and agent.offer == call.offer
    return named and (call.state, agent.state) in TOGETHER


def move_agent(
    agent: Agent, state: AgentState, now: int, *, reason: str = "", until: int | None = None
) -> Agent:
    """The agent in another state, his idle and busy time accounted for."""
    spent = now - agent.since_at
    rescinded = agent.state is AgentState.OFFERED and state is AgentState.READY
    idle = agent.idle_ms + (spent if agent.state is AgentState.READY or rescinded else 0)
    busy = agent.busy_ms + (spent if agent.state in (AgentState.ON_CALL, AgentState.WRAP_UP) else 0)
    return evolve(
        agent,
        state=state,
        since_at=now,
        reason=reason,
        until=until,
        idle_ms=0 if state is AgentState.ON_CALL else idle,
        busy_ms=busy,
        next_state=agent.next_state if state in WORKING else None,
        next_reason=agent.next_reason if state in WORKING else "",
        forget_at=None,
    )


def ask_for(agent: Agent, state: AgentState, now: int, *, reason: str = "") -> Agent:
    """The state he asked for; ready not before his cool-down has ended, whatever he did meanwhile."""
    if state is AgentState.READY and agent.rest_until is not None and agent.rest_until > now:
        return move_agent(agent, AgentState.NOT_READY, now, reason=COOL_DOWN, until=agent.rest_until)
    return move_agent(agent, state, now, reason=reason)


def moved(before: Agent | None, after: Agent) -> AgentMoved:
    """The fact of an agent's new state."""
    first = before is None or before.state is AgentState.OFFLINE
    return AgentMoved(
        at=after.since_at,
        agent=after.id,
        state=after.state,
        reason=after.reason,
        call=after.call,
        queues=after.queues if first else (),
        skills=dict(after.skills) if first else {},
    )


def came(before: Agent | None, here: Agent, now: int) -> tuple[Fact, ...]:
    """The fact of an agent's hello: that he is here; or if he was, what else he serves from now on."""
    if before is None or before.state is AgentState.OFFLINE:
        return (moved(before, here),)
    if (before.queues, before.skills) == (here.queues, here.skills):
        return ()
    return (AgentReskilled(at=now, agent=here.id, queues=here.queues, skills=dict(here.skills)),)


def go_offline(agent: Agent, now: int, timings: Timings, *, lost: bool) -> Agent:
    """Offline: lost (he may be back within grace, in the state he had) or by his own wish.

    By his own wish his socket stays, and he is forgotten only a while after that is gone.
    """
    back, reason = agent.state, agent.reason
    if back is not AgentState.NOT_READY or reason == COOL_DOWN:
        back, reason = AgentState.READY, ""
    if agent.state in WORKING and agent.next_state is not None:
        back, reason = agent.next_state, agent.next_reason
    gone = move_agent(agent, AgentState.OFFLINE, now, reason="lost" if lost else "")
    return evolve(
        gone,
        offer="",
        call="",
        lost_at=now if lost else None,
        back_state=back if lost and back is not AgentState.OFFLINE else None,
        back_reason=reason if lost else "",
        forget_at=now + timings.keep_offline_ms if lost or not agent.node else None,
    )


def settle(agent: Agent, now: int, timings: Timings) -> Agent:
    """What follows work: the state he asked for while busy, by default ready; offline if his link is gone."""
    wish = agent.next_state or AgentState.READY
    if agent.state is AgentState.WRAP_UP:
        agent = evolve(agent, handle_ms=agent.handle_ms + now - agent.since_at)
    if not agent.node:
        return go_offline(agent, now, timings, lost=True)
    if wish is AgentState.OFFLINE:
        return go_offline(agent, now, timings, lost=False)
    after = move_agent(agent, wish, now, reason=agent.next_reason)
    return evolve(after, offer="", call="")


def wrap_up(agent: Agent, call: Call, now: int, policy: Policy) -> Agent:
    """After a call: wrap-up for as long as the queue gives, or straight on if it gives none."""
    spent = now - agent.since_at
    agent = evolve(agent, handled=agent.handled + 1, handle_ms=agent.handle_ms + spent)
    queue = policy.queues.get(call.queue)
    wrap_up_ms = queue.wrap_up_ms if queue is not None else 0
    if not wrap_up_ms:
        return settle(agent, now, policy.timings)
    after = move_agent(agent, AgentState.WRAP_UP, now, until=now + wrap_up_ms)
    return evolve(after, offer="", call=call.id)


def requeue(call: Call, reason: RequeueReason, now: int) -> Call:
    """Waiting again, with the old due, and nothing left of the agent who had it."""
    talked_ms = 0 if call.connected_at is None else now - call.connected_at
    return evolve(
        call,
        state=CallState.WAITING,
        since_at=now,
        offer="",
        agent="",
        agent_name="",
        agent_node="",
        agent_until=None,
        offered_at=None,
        offer_until=None,
        why="",
        connected_at=None,
        give_up_at=None if call.give_up_at is None else call.give_up_at + talked_ms,
        requeues=call.requeues + 1,
        requeue_reason=reason,
    )


def end_offer(
    call: Call, agent: Agent | None, how: OfferEnd, policy: Policy, now: int, *, after: Call | None = None
) -> Outcome:
    """End a pending offer as `OFFER_ENDS` says, except accepted.

    `after` is the call as it is then, where it does not simply wait again: the customer hung up or
    dropped. `agent` is None only if his record was lost. Raises `IllegalMove` if no offer is pending.
    """
    if call.state is not CallState.OFFERED:
        raise IllegalMove(f"a call that is {call.state} has no pending offer to end")
    ending = OFFER_ENDS[how]
    timings = policy.timings
    lost = how is OfferEnd.AGENT_LOST
    after = after or requeue(call, RequeueReason.AGENT_LOST if lost else RequeueReason.NO_AGENT, now)
    if ending.avoid:
        avoid = {a: until for a, until in after.avoid.items() if until > now}
        after = evolve(after, avoid={**avoid, call.agent: now + timings.avoid_ms})
    if after.preferred == call.agent and how is not OfferEnd.RESCINDED:
        after = evolve(after, preferred="", preferred_until=None)
    facts: list[Fact] = [OfferEnded(at=now, call=call.id, agent=call.agent, offer=call.offer, how=how)]
    writes = [Write(call, after)]
    if after.state is CallState.WAITING:
        facts.append(requeued(after, now))
    if agent is not None and not holds(agent, call):
        writes.append(Write(agent, agent))
    elif agent is not None:
        idle = _after_offer(agent, how, timings, now)
        idle = evolve(idle, offer="", call="", last_offer=call.offer, last_offer_end=how)
        if how is OfferEnd.EXPIRED:
            idle = evolve(idle, no_answers=idle.no_answers + 1)
        writes.append(Write(agent, idle))
        facts.append(moved(agent, idle))
    return tuple(writes), tuple(facts)


def _after_offer(agent: Agent, how: OfferEnd, timings: Timings, now: int) -> Agent:
    ending = OFFER_ENDS[how]
    if ending.agent is AgentState.OFFLINE:
        return go_offline(agent, now, timings, lost=True)
    if agent.next_state not in (None, AgentState.READY):
        return settle(agent, now, timings)
    if how is OfferEnd.DECLINED:
        rests = evolve(agent, rest_until=now + timings.decline_rest_ms)
        return ask_for(rests, AgentState.READY, now)
    return move_agent(agent, ending.agent, now, reason=ending.agent_reason)


def requeued(call: Call, now: int) -> CallRequeued:
    """The fact that a call waits again."""
    assert call.requeue_reason is not None
    return CallRequeued(at=now, call=call.id, due_at=call.due_at, reason=call.requeue_reason)


def put_back(call: Call, agent: Agent | None, reason: RequeueReason, policy: Policy, now: int) -> Outcome:
    """A connected call whose agent is lost waits again; he is offline, his grace used up."""
    after = requeue(call, reason, now)
    write, fact = Write(call, after), requeued(after, now)
    if agent is None:
        return (write,), (fact,)
    if not holds(agent, call):
        return (write, Write(agent, agent)), (fact,)
    gone = evolve(go_offline(agent, now, policy.timings, lost=True), back_state=None, back_reason="")
    return (write, Write(agent, gone)), (fact, moved(agent, gone))


def end(call: Call, agent: Agent | None, reason: EndReason, by: Party, policy: Policy, now: int) -> Outcome:
    """End a live call: a pending offer is rescinded, a connected agent goes to wrap-up."""
    if call.state is CallState.ENDED:
        raise IllegalMove("a call ends once")
    after = evolve(
        call,
        state=CallState.ENDED,
        live=False,
        since_at=now,
        ended_at=now,
        end_reason=reason,
        ended_by=by,
        customer_until=None,
        agent_until=None,
        offer_until=None,
        archive_at=now + policy.timings.keep_ended_ms,
    )
    served_by = call.agent if call.state is CallState.CONNECTED else ""
    fact = CallEnded(at=now, call=call.id, reason=reason, by=by, agent=served_by)
    if call.state is CallState.OFFERED:
        after = evolve(after, agent="", agent_name="", agent_node="", offer="")
        writes, facts = end_offer(call, agent, OfferEnd.RESCINDED, policy, now, after=after)
        return writes, (*facts, fact)
    if call.state is not CallState.CONNECTED or agent is None:
        return (Write(call, after),), (fact,)
    if holds(agent, call):
        rest = wrap_up(agent, call, now, policy)
        return (Write(call, after), Write(agent, rest)), (fact, moved(agent, rest))
    return (Write(call, after), Write(agent, agent)), (fact,)
