"""Who gets which call, the slow and plain way: look at every call and every agent, one offer at a time.

Written from the rules, not from the code: it shares nothing with the board but the records and the policy.
"""

from collections.abc import Iterable, Sequence

from engine.domain.lifecycle import AgentState, CallState
from engine.domain.model import BAND, Agent, Call
from engine.domain.rules import Policy, Select

Offers = list[tuple[str, str]]


def propose(
    calls: Sequence[Call], agents: Sequence[Agent], policy: Policy, now: int, held: Iterable[str] = ()
) -> Offers:
    """The offers to make now, in order, as (call id, agent id); `held` refs are not to be had."""
    free_calls = [c for c in calls if offerable(c, now) and c.ref not in held]
    free_agents = [a for a in agents if a.state is AgentState.READY and a.node and a.ref not in held]
    offers: Offers = []
    while (found := _next(free_calls, free_agents, agents, policy, now)) is not None:
        call, agent = found
        offers.append((call.id, agent.id))
        free_calls.remove(call)
        free_agents.remove(agent)
    return offers


def offerable(call: Call, now: int) -> bool:
    over = call.give_up_at is not None and call.give_up_at <= now
    return call.state is CallState.WAITING and call.customer_until is None and not over


def _next(
    calls: list[Call], free: list[Agent], everybody: Sequence[Agent], policy: Policy, now: int
) -> tuple[Call, Agent] | None:
    for call in sorted(calls, key=lambda c: (-c.band * BAND + c.due_at, c.id)):
        candidates = [a for a in free if may_take(a, call, everybody, policy, now)]
        if candidates:
            return call, min(candidates, key=lambda a: _merit(a, call, policy, now))
    return None


def may_take(agent: Agent, call: Call, everybody: Sequence[Agent], policy: Policy, now: int) -> bool:
    """The preferred one while he is at work; else able, and not avoided unless nobody else able is there."""
    avoided = {a for a, until in call.avoid.items() if until > now}
    at_work = {a.id for a in everybody if a.state not in (AgentState.OFFLINE, AgentState.NOT_READY)}
    prefers = call.preferred_until is not None and call.preferred_until > now
    if prefers and call.preferred in at_work - avoided:
        return agent.id == call.preferred
    if not is_able(agent, call, policy, now):
        return False
    if agent.id not in avoided:
        return True
    logged_in = [a for a in everybody if a.state is not AgentState.OFFLINE]
    return all(a.id in avoided for a in logged_in if is_able(a, call, policy, now))


def needs(call: Call, policy: Policy, now: int) -> tuple[dict[str, int], set[str]]:
    """Skills needed and queues whose agents may serve, after as many steps as the wait has reached."""
    needed, serving = dict(call.skills), {call.queue}
    queue = policy.queues.get(call.queue)
    steps = () if queue is None else sorted(queue.steps, key=lambda s: s.after_ms)
    for step in steps:
        if now - call.enqueued_at < step.after_ms:
            break
        serving |= set(step.queues)
        needed = {
            n: v for n, v in needed.items() if n not in step.drop_skills and "*" not in step.drop_skills
        }
        if step.max_level is not None:
            needed = {n: min(v, step.max_level) for n, v in needed.items()}
    return needed, serving


def is_able(agent: Agent, call: Call, policy: Policy, now: int) -> bool:
    needed, serving = needs(call, policy, now)
    skilled = all(agent.skills.get(name, 0) >= level for name, level in needed.items())
    return skilled and bool(serving & set(agent.queues))


def _merit(agent: Agent, call: Call, policy: Policy, now: int) -> tuple[float, int, str]:
    queue = policy.queues.get(call.queue)
    first = 0.0
    match Select.LONGEST_IDLE if queue is None else queue.select:
        case Select.LEAST_FLEXIBLE:
            first = len(agent.skills)
        case Select.BEST_SKILL:
            first = -sum(agent.skills.get(name, 0) for name in needs(call, policy, now)[0])
        case Select.LEAST_OCCUPIED:
            first = agent.busy_ms / max(1, agent.since_at - agent.login_at)
    return first, agent.since_at - agent.idle_ms, agent.id
