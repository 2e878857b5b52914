"""What the agent does: log in, set his state, accept, decline, hang up, finish wrap-up, lose the link."""

from engine.domain.change import Change, Guard, Write
from engine.domain.errors import Code, Refused
from engine.domain.evolving import evolve
from engine.domain.facts import CallConnected, CallTransferred, Fact, LinkBack, LinkLost, OfferEnded
from engine.domain.lifecycle import (
    ASKABLE,
    WORKING,
    AgentState,
    CallState,
    EndReason,
    OfferEnd,
    Party,
    RequeueReason,
)
from engine.domain.limits import NOTES_CHARS
from engine.domain.model import Agent, Call, Record, Skills
from engine.domain.moves.parts import (
    COOL_DOWN,
    ask_for,
    came,
    end,
    end_offer,
    go_offline,
    holds,
    move_agent,
    moved,
    requeue,
    requeued,
    settle,
    wrap_up,
)
from engine.domain.moves.repeats import hung_up, passed_on, wrapped_up
from engine.domain.rules import Policy, Timings

#: Reasons the engine itself gives; an agent cannot claim them.
SYSTEM_REASONS = frozenset({"login", "lost", COOL_DOWN, "no_answer"})


def log_in(
    agent: Agent | None,
    call: Call | None,
    *,
    sub: str,
    name: str,
    queues: tuple[str, ...],
    skills: Skills,
    session: str,
    node: str,
    day_at: int,
    timings: Timings,
    now: int,
) -> Change:
    """A socket of his says hello. Back within grace he is what he was; otherwise not ready (login, lost).

    If he was busy with a call that is no longer there, his work is over. `day_at` is when the bank's day
    began: his figures begin anew with his first log-in of a day. What a supervisor gave him to serve
    outlives a reconnect, not a log-in. A newer token may have him serve something else from now on.
    """
    before = agent or Agent(id=sub, state=AgentState.NOT_READY, since_at=now, reason="login", login_at=now)
    here = evolve(before, name=name, session=session, node=node, forget_at=None)
    if before.state is AgentState.OFFLINE:
        here = _back(here, timings, now)
    if agent is None or here.login_at != before.login_at:
        here = evolve(_new_day(here, day_at, now), reskilled=False)
    if not here.reskilled:
        here = evolve(here, queues=queues, skills=skills)
    writes: list[Write] = [Write(agent, here)]
    guards: tuple[Guard, ...] = ()
    facts: list[Fact] = [*came(agent, here, now)]
    if call is not None and holds(here, call):
        writes.append(Write(call, evolve(call, agent_node=node, agent_name=name, agent_until=None)))
        if call.agent_until is not None:
            facts.append(LinkBack(at=now, who=here.ref, call=call.id))
    elif here.state in (AgentState.OFFERED, AgentState.ON_CALL):
        here = settle(here, now, timings)
        writes, guards = [Write(agent, here), *_as_read(call)], _not_there(before, call)
        facts.append(moved(agent, here))
    return Change(writes=tuple(writes), guards=guards, facts=tuple(facts))


def _as_read(call: Call | None) -> tuple[Write, ...]:
    """The call unchanged: if what was read of it is stale, the store refuses."""
    return () if call is None else (Write(call, call),)


def _not_there(agent: Agent, call: Call | None) -> tuple[Guard, ...]:
    """His call is over, as its absence says; if it is not, the store refuses."""
    return () if call is not None else (Guard(f"call:{agent.call}", "live", None),)


def _new_day(agent: Agent, day_at: int, now: int) -> Agent:
    if agent.figures_at >= day_at and agent.figures_at:
        return agent
    return evolve(agent, figures_at=now, handled=0, handle_ms=0, no_answers=0)


def _back(agent: Agent, timings: Timings, now: int) -> Agent:
    in_grace = agent.lost_at is not None and now - agent.lost_at <= timings.agent_grace_ms
    if in_grace and agent.back_state is not None:
        after = ask_for(agent, agent.back_state, now, reason=agent.back_reason)
    else:
        after = move_agent(
            agent, AgentState.NOT_READY, now, reason="login" if agent.lost_at is None else "lost"
        )
        after = evolve(after, idle_ms=0, busy_ms=0, login_at=now)
    return evolve(after, lost_at=None, back_state=None, back_reason="")


def set_state(agent: Agent, state: AgentState, reason: str, policy: Policy, now: int) -> Change:
    """Ask for a state. While busy it is remembered and takes effect after call and wrap-up."""
    if state not in ASKABLE:
        raise Refused(Code.BAD_FIELD, "expected ready, not_ready or offline", field="state")
    if reason and (reason in SYSTEM_REASONS or (policy.reasons and reason not in policy.reasons)):
        raise Refused(Code.BAD_FIELD, "there is no such reason", field="reason")
    reason = reason if state is AgentState.NOT_READY else ""
    if agent.state in WORKING:
        return Change(writes=(Write(agent, evolve(agent, next_state=state, next_reason=reason)),))
    if agent.state is state and agent.reason == reason:
        return Change()
    if state is AgentState.READY and agent.reason == COOL_DOWN:
        return Change()  # he will be when it ends
    if state is AgentState.OFFLINE:
        after = go_offline(agent, now, policy.timings, lost=False)
    else:
        after = ask_for(agent, state, now, reason=reason)
    return Change(writes=(Write(agent, after),), facts=(moved(agent, after),))


def accept(agent: Agent, call: Call | None, offer_id: str, now: int) -> Change:
    """Take the offered call. Saying it again is harmless; anything else is `offer_gone`."""
    taken = agent.last_offer == offer_id and agent.last_offer_end is OfferEnd.ACCEPTED
    if taken or (agent.state is AgentState.ON_CALL and agent.offer == offer_id):
        return Change()
    offered = _offered(agent, call, offer_id)
    busy = evolve(
        move_agent(agent, AgentState.ON_CALL, now),
        call=offered.id,
        offer=offer_id,
        last_offer=offer_id,
        last_offer_end=OfferEnd.ACCEPTED,
    )
    connected = evolve(
        offered,
        state=CallState.CONNECTED,
        since_at=now,
        connected_at=now,
        offer_until=None,
        agent_node=agent.node,
        agent_name=agent.name,
    )
    return Change(
        writes=(Write(agent, busy), Write(offered, connected)),
        facts=(
            OfferEnded(at=now, call=offered.id, agent=agent.id, offer=offer_id, how=OfferEnd.ACCEPTED),
            CallConnected(at=now, call=offered.id, agent=agent.id, waited_ms=now - offered.enqueued_at),
            moved(agent, busy),
        ),
    )


def decline(agent: Agent, call: Call | None, offer_id: str, policy: Policy, now: int) -> Change:
    if agent.last_offer == offer_id and agent.last_offer_end is OfferEnd.DECLINED:
        return Change()
    writes, facts = end_offer(_offered(agent, call, offer_id), agent, OfferEnd.DECLINED, policy, now)
    return Change(writes=writes, facts=facts)


def _offered(agent: Agent, call: Call | None, offer_id: str) -> Call:
    """The offered call, or the same refusal whether the offer is another's, over, or never was."""
    pending = agent.state is AgentState.OFFERED and agent.offer == offer_id
    if not pending or call is None or not holds(agent, call):
        raise Refused(Code.OFFER_GONE, "this offer is not pending for you")
    return call


def hang_up(
    agent: Agent, call: Call | None, policy: Policy, now: int, *, call_id: str | None = None
) -> Change:
    """End the call he is on. With `call_id` (and `call` is that one) saying it again is harmless."""
    if call_id and call is not None and hung_up(agent, call):
        return Change()
    if agent.state is not AgentState.ON_CALL or call is None or not holds(agent, call):
        raise Refused(Code.WRONG_STATE, "you are not on a call", state=agent.state.value)
    writes, facts = end(call, agent, EndReason.COMPLETED, Party.AGENT, policy, now)
    return Change(writes=writes, facts=facts)


def transfer(
    agent: Agent,
    call: Call | None,
    *,
    queue: str | None,
    colleague: Agent | None,
    note: str,
    policy: Policy,
    now: int,
    call_id: str | None = None,
) -> Change:
    """Pass the call on, blind: it waits again at its old due, and the agent goes to wrap-up.

    To a queue (which may be the same: then the others there), or to a colleague who is ready: he is tried
    first, whatever he serves, because a person chose him. Who passed it on is avoided for a while. With
    `call_id` (and `call` is that one) saying it again is harmless.
    """
    to = None if colleague is None else colleague.id
    if call_id and call is not None and passed_on(agent, call, queue=queue, colleague=to):
        return Change()
    if agent.state is not AgentState.ON_CALL or call is None or not holds(agent, call):
        raise Refused(Code.WRONG_STATE, "you are not on a call", state=agent.state.value)
    if colleague is not None and colleague.state is not AgentState.READY:
        raise Refused(
            Code.WRONG_STATE, "that agent is not ready", field="agent_id", state=colleague.state.value
        )
    after = evolve(
        requeue(call, RequeueReason.TRANSFERRED, now),
        queue=call.queue if queue is None else policy.queue(queue).name,
        from_agent=agent.id,
        from_agent_name=agent.name,
        note=note,
        avoid={agent.id: now + policy.timings.avoid_ms},
        preferred=to or "",
        preferred_until=None if to is None else now + policy.timings.prefer_ms,
    )
    rests = wrap_up(agent, call, now, policy)
    passed = CallTransferred(
        at=now, call=call.id, agent=agent.id, queue=after.queue, to_agent=after.preferred
    )
    return Change(
        writes=(Write(call, after), Write(agent, rests)),
        facts=(passed, requeued(after, now), moved(agent, rests)),
    )


def finish_wrap_up(
    agent: Agent,
    call: Call | None,
    disposition: str,
    notes: str,
    policy: Policy,
    now: int,
    *,
    call_id: str | None = None,
) -> Change:
    """End wrap-up, keep what he wrote. With `call_id` (of which `call` is) saying it again is harmless."""
    if call_id and call is not None and wrapped_up(agent, call, disposition=disposition, notes=notes):
        return Change()
    if agent.state is not AgentState.WRAP_UP or call_id not in (None, agent.call):
        raise Refused(Code.WRONG_STATE, "you are not in wrap-up", state=agent.state.value)
    if disposition and policy.dispositions and disposition not in policy.dispositions:
        raise Refused(Code.BAD_FIELD, "there is no such disposition", field="disposition")
    after = settle(agent, now, policy.timings)
    writes = [Write(agent, after)]
    if call is not None and (disposition or notes):
        both = "\n".join(filter(None, (call.notes, notes)))  # of a call that was passed on, each agent's
        if notes and len(both) > NOTES_CHARS:
            raise Refused(Code.BAD_FIELD, "this call has all the notes it can hold", field="notes")
        writes.append(Write(call, evolve(call, disposition=disposition or call.disposition, notes=both)))
    return Change(writes=tuple(writes), facts=(moved(agent, after),))


def drop(agent: Agent, call: Call | None, policy: Policy, now: int) -> Change:
    """His socket is gone. Ready or offered he is offline at once; in a call he has grace; wrap-up runs on."""
    unlinked = evolve(agent, session="", node="")
    fact = LinkLost(at=now, who=agent.ref, call=agent.call)
    match agent.state:
        case AgentState.WRAP_UP:
            return Change(writes=(Write(agent, unlinked),), facts=(fact,))
        case AgentState.OFFLINE:
            forgotten = evolve(unlinked, forget_at=now + policy.timings.keep_offline_ms)
            return Change(writes=(Write(agent, forgotten),), facts=(fact,))
        case AgentState.OFFERED if call is not None and holds(agent, call):
            writes, facts = end_offer(call, agent, OfferEnd.AGENT_LOST, policy, now)
            return Change(writes=tuple(_unlink(w) for w in writes), facts=(fact, *facts))
        case AgentState.ON_CALL if call is not None and holds(agent, call):
            until = now + policy.timings.call_grace_ms
            away = evolve(call, agent_node="", agent_until=until)
            return Change(
                writes=(Write(agent, unlinked), Write(call, away)), facts=(evolve(fact, until=until),)
            )
        case _:
            gone = evolve(go_offline(agent, now, policy.timings, lost=True), session="", node="")
            facts = (fact, moved(agent, gone))
            if agent.state not in (AgentState.OFFERED, AgentState.ON_CALL):
                return Change(writes=(Write(agent, gone),), facts=facts)
            writes, guards = (Write(agent, gone), *_as_read(call)), _not_there(agent, call)
            return Change(writes=writes, guards=guards, facts=facts)


def _unlink(write: Write) -> Write:
    after: Record | None = write.after
    return Write(write.before, evolve(after, session="", node="")) if isinstance(after, Agent) else write
