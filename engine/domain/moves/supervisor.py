"""What a supervisor commands. Each change tells, beside its facts, who commanded what (`Commanded`).

A command changes what is; it leaves no standing order. Only two of them last: a queue's gate, until it is
resumed, and an agent's queues and skills, until his next log-in. What an agent is busy with is his own: a
state that is set for him then takes effect after call and wrap-up, as if he had asked for it himself.
"""

from engine.domain.change import Change, Write
from engine.domain.errors import Code, Refused
from engine.domain.evolving import evolve
from engine.domain.facts import (
    AgentReskilled,
    CallPrioritised,
    Commanded,
    QueuePaused,
    QueueResumed,
    RulesReloaded,
)
from engine.domain.lifecycle import AgentState, CallState, EndReason, Party
from engine.domain.matching import as_json, explain_due
from engine.domain.model import Agent, Call, QueueGate, Skills, Term
from engine.domain.moves import agent as agents
from engine.domain.moves import time
from engine.domain.moves.parts import end, holds
from engine.domain.rules import Policy

#: The name of the term by which a supervisor moves a call.
TERM = "supervisor"


def prioritise(
    call: Call, *, head_start_ms: int | None, band: int | None, reason: str, by: str, now: int
) -> Change:
    """Give a call another place: a head start that replaces the supervisors' earlier one, a band, or both."""
    if head_start_ms is None and band is None:
        raise Refused(Code.BAD_FIELD, "expected a head start or a band", field="head_start_ms")
    if call.state not in (CallState.WAITING, CallState.OFFERED):
        raise Refused(Code.WRONG_STATE, "the call does not wait", state=call.state.value)
    terms = call.terms
    if head_start_ms is not None:
        terms = tuple(term for term in terms if term.rule != TERM)
        terms += (Term(TERM, head_start_ms),) if head_start_ms else ()
    moved_ms = sum(t.head_start_ms for t in terms) - sum(t.head_start_ms for t in call.terms)
    after = evolve(call, terms=terms, due_at=call.due_at - moved_ms, band=call.band if band is None else band)
    fact = CallPrioritised(
        at=now,
        call=call.id,
        due_at=after.due_at,
        band=after.band,
        terms={t.rule: t.head_start_ms for t in terms},
    )
    said = Commanded(at=now, by=by, command="call.prioritise", target=call.ref, reason=reason)
    return Change(writes=(Write(call, after),), facts=(said, fact))


def assign(call: Call, agent: Agent, *, offer_id: str, why: str, policy: Policy, by: str, now: int) -> Change:
    """Offer a waiting call to a ready agent, whatever he serves and whoever waits before it.

    Saying it again while he has the call changes nothing.
    """
    if holds(agent, call):
        return Change()
    if call.state is not CallState.WAITING:
        raise Refused(Code.WRONG_STATE, "the call does not wait", field="call_id", state=call.state.value)
    if call.customer_until is not None:
        raise Refused(Code.WRONG_STATE, "the customer is away", field="call_id", state="link_lost")
    if agent.state is not AgentState.READY:
        raise Refused(Code.WRONG_STATE, "the agent is not ready", field="agent_id", state=agent.state.value)
    change = time.offer(call, agent, offer_id=offer_id, why=why, policy=policy, now=now)
    said = Commanded(at=now, by=by, command="call.assign", target=call.ref)
    return evolve(change, facts=(said, *change.facts))


def end_call(call: Call, agent: Agent | None, *, policy: Policy, by: str, now: int) -> Change:
    """End a live call. Saying it again changes nothing."""
    if call.ended_by is Party.SUPERVISOR:
        return Change()
    if not call.live:
        raise Refused(Code.WRONG_STATE, "the call has ended", state=call.state.value)
    writes, facts = end(call, agent, EndReason.CANCELLED, Party.SUPERVISOR, policy, now)
    said = Commanded(at=now, by=by, command="call.end", target=call.ref)
    return Change(writes=writes, facts=(said, *facts))


def set_state(agent: Agent, state: AgentState, reason: str, *, policy: Policy, by: str, now: int) -> Change:
    """Ask for a state in an agent's stead. One whose link is lost cannot be made to work."""
    if agent.state is AgentState.OFFLINE and not agent.node:
        raise Refused(Code.WRONG_STATE, "the agent is not connected", state=agent.state.value)
    change = agents.set_state(agent, state, reason, policy, now)
    said = Commanded(at=now, by=by, command="agent.set_state", target=agent.ref, reason=reason)
    return evolve(change, facts=(said, *change.facts))


def reskill(
    agent: Agent, queues: tuple[str, ...], skills: Skills, *, policy: Policy, by: str, now: int
) -> Change:
    """Let an agent serve these queues with these skills until his next log-in."""
    for name in queues:
        if name not in policy.queues:
            raise Refused(Code.NO_SUCH_QUEUE, "there is no such queue", field="queues")
    for name in skills:
        if policy.skills and name not in policy.skills:
            raise Refused(Code.BAD_FIELD, "there is no such skill", field="skills")
    after = evolve(agent, queues=queues, skills=dict(skills), reskilled=True)
    fact = AgentReskilled(at=now, agent=agent.id, queues=queues, skills=dict(skills))
    said = Commanded(at=now, by=by, command="agent.set_skills", target=agent.ref)
    return Change(writes=(Write(agent, after),), facts=(said, fact))


def gate(queue: str, before: QueueGate | None, *, paused: bool, policy: Policy, by: str, now: int) -> Change:
    """Pause a queue, or resume it; also one that is configured closed. Saying it again changes nothing.

    A queue that is configured open is resumed by taking the pause away, so that it is as configured: closed,
    if the configuration says so later. Only what is configured closed is opened against the configuration.
    """
    opened = not policy.queue(queue).open and not paused
    if (paused, opened) == ((before.paused, before.opened) if before is not None else (False, False)):
        return Change()
    after = QueueGate(id=queue, since_at=now, by=by, paused=paused, opened=opened)
    if before is not None:
        after = evolve(after, version=before.version, stamp=before.stamp)
    command = "queue.pause" if paused else "queue.resume"
    said = Commanded(at=now, by=by, command=command, target=after.ref)
    fact = QueuePaused(at=now, queue=queue) if paused else QueueResumed(at=now, queue=queue)
    return Change(writes=(Write(before, after),), facts=(said, fact))


def rules_reloaded(policy: Policy, *, by: str, now: int) -> Change:
    """For the journal alone: rules are not state, each node reads its own."""
    said = Commanded(at=now, by=by, command="rules.reload", target="rules")
    return Change(facts=(said, RulesReloaded(at=now, rules=policy.version)))


def why(call: Call, agent: Agent, *, passed_over: int, policy: Policy, now: int) -> str:
    """The why of an assignment that a supervisor made, as JSON; see `matching.explain`."""
    return as_json(
        {
            **explain_due(call),
            "by": "supervisor",
            "waited_ms": now - call.enqueued_at,
            "passed_over": passed_over,
            "idle_ms": now - agent.idle_since,
            "rules": policy.version,
        }
    )
