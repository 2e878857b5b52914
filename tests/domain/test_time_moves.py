"""What time and rules do: maximum wait, graces that end, both sides gone, archiving; nobody is stuck."""

import pytest
from attrs import evolve

from engine.domain.facts import AgentMoved, CallArchived, CallConnected, CallOffered, CallRequeued
from engine.domain.lifecycle import (
    AgentState,
    CallState,
    EndReason,
    IllegalMove,
    Party,
    RequeueReason,
)
from engine.domain.model import Call, deadline
from engine.domain.moves import agent as agents
from engine.domain.moves import time
from engine.domain.moves.parts import end, end_offer

from .builders import (
    BEFORE,
    LATER,
    NOW,
    POLICY,
    TIMINGS,
    agent,
    agent_after,
    call,
    call_after,
)

_C, _A = CallState, AgentState


def passed(c: Call, held: object = None, now: int = LATER) -> Call:
    change = time.due(c, held, POLICY, now)  # type: ignore[arg-type]
    assert change is not None
    return call_after(change)


def test_an_offer_rings_for_as_long_as_the_queue_says() -> None:
    change = time.offer(call(), agent(), offer_id="o1", why='{"due_at":1}', policy=POLICY, now=NOW)
    c, a = call_after(change), agent_after(change)
    assert (c.offer, c.agent, c.agent_node, c.offered_at, c.offer_until) == (
        "o1",
        "a1",
        "n2",
        NOW,
        NOW + 15_000,
    )
    assert (a.state, a.offer, a.call) == (_A.OFFERED, "o1", "c1")
    assert change.facts == (
        CallOffered(at=NOW, call="c1", agent="a1", offer="o1", until=NOW + 15_000, why='{"due_at":1}'),
        AgentMoved(at=NOW, agent="a1", state=_A.OFFERED, call="c1"),
    )


def test_until_an_expiry_is_committed_a_late_accept_is_valid() -> None:
    ringing, c = agent(_A.OFFERED), call(_C.OFFERED)
    late = BEFORE + 999_000
    accepted = agents.accept(ringing, c, "o1", late)
    expired = time.due(c, ringing, POLICY, late)
    assert expired is not None
    assert {(w.ref, w.version) for w in accepted.writes} == {(w.ref, w.version) for w in expired.writes}
    assert next(f for f in accepted.facts if isinstance(f, CallConnected)).waited_ms == late - BEFORE


def test_who_waited_as_long_as_the_queue_allows_is_given_up() -> None:
    c = call(give_up_at=NOW)
    assert time.due(c, None, POLICY, NOW - 1) is None
    over = passed(c, now=NOW)
    assert (over.state, over.end_reason, over.ended_by) == (_C.ENDED, EndReason.EXPIRED, Party.SYSTEM)


def test_a_maximum_wait_that_passes_while_he_is_offered_ends_him_only_if_the_offer_fails() -> None:
    ringing = call(_C.OFFERED, give_up_at=BEFORE + 1_000)
    assert deadline(ringing) == BEFORE + 15_000
    connected = call_after(agents.accept(agent(_A.OFFERED), ringing, "o1", NOW))
    assert (connected.state, deadline(connected)) == (_C.CONNECTED, None)
    waiting = passed(ringing, agent(_A.OFFERED), BEFORE + 15_000)
    assert (waiting.state, deadline(waiting)) == (_C.WAITING, BEFORE + 1_000)
    assert passed(waiting, now=BEFORE + 15_000).end_reason is EndReason.EXPIRED


def test_time_spent_talking_is_not_waiting() -> None:
    talked_ms = 2 * 3_600_000
    until = BEFORE + talked_ms
    lost = call(_C.CONNECTED, agent_until=until)
    again = passed(lost, agent(_A.ON_CALL, node=""), until)
    assert (again.state, again.due_at, again.requeue_reason) == (
        _C.WAITING,
        lost.due_at,
        RequeueReason.AGENT_LOST,
    )
    assert lost.give_up_at is not None
    assert again.give_up_at == lost.give_up_at + talked_ms


def test_an_agent_who_is_not_back_in_time_loses_the_call_and_his_readiness() -> None:
    until = NOW + TIMINGS.call_grace_ms
    c, a = call(_C.CONNECTED, agent_until=until, agent_node=""), agent(_A.ON_CALL, node="", session="")
    change = time.due(c, a, POLICY, until)
    assert change is not None
    assert (agent_after(change).state, agent_after(change).call) == (_A.OFFLINE, "")
    assert [type(f) for f in change.facts] == [CallRequeued, AgentMoved]
    back = agents.log_in(
        agent_after(change),
        None,
        sub="a1",
        name="Ayu",
        queues=a.queues,
        skills={},
        session="s9",
        node="n9",
        day_at=0,
        timings=TIMINGS,
        now=until + 1,
    )
    assert (agent_after(back).state, agent_after(back).reason) == (_A.NOT_READY, "lost")


@pytest.mark.parametrize(
    ("customer_until", "agent_until", "now", "state", "reason"),
    [
        (NOW, None, NOW, _C.ENDED, EndReason.CUSTOMER_LOST),
        (None, NOW, NOW, _C.WAITING, None),
        (NOW, NOW, NOW, _C.ENDED, EndReason.AGENT_LOST),
        (NOW, NOW + 9, NOW, _C.ENDED, EndReason.AGENT_LOST),
        (NOW + 9, NOW, NOW, _C.ENDED, EndReason.AGENT_LOST),
    ],
)
def test_a_call_that_lost_one_side_or_both(
    customer_until: int | None, agent_until: int | None, now: int, state: CallState, reason: EndReason | None
) -> None:
    c = call(_C.CONNECTED, customer_until=customer_until, agent_until=agent_until)
    after = passed(c, agent(_A.ON_CALL, node="n2" if agent_until is None else ""), now)
    assert (after.state, after.end_reason) == (state, reason)


def test_an_ended_call_is_archived() -> None:
    change = time.due(call(_C.ENDED), None, POLICY, BEFORE + TIMINGS.keep_ended_ms)
    assert change is not None
    assert [(w.ref, w.after) for w in change.writes] == [("call:c1", None)]
    assert change.facts == (CallArchived(at=BEFORE + TIMINGS.keep_ended_ms, call="c1"),)


def test_a_call_goes_with_its_agent_and_an_agent_with_his_call() -> None:
    assert time.partner_ref(call(_C.OFFERED)) == "agent:a1"
    assert time.partner_ref(agent(_A.ON_CALL)) == "call:c1"
    assert time.partner_ref(call()) is None
    assert time.partner_ref(agent()) is None


@pytest.mark.parametrize("state", [_C.WAITING, _C.CONNECTED, _C.ENDED])
def test_only_a_pending_offer_ends_and_a_call_ends_once(state: CallState) -> None:
    with pytest.raises(IllegalMove):
        end_offer(call(state), agent(_A.OFFERED), "expired", POLICY, NOW)  # type: ignore[arg-type]
    ended = call(_C.ENDED)
    with pytest.raises(IllegalMove):
        end(ended, None, EndReason.COMPLETED, Party.SYSTEM, POLICY, NOW)


def test_a_queue_the_rules_no_longer_know_still_serves_who_waits_in_it() -> None:
    orphan = call(queue="gone")
    rung = time.offer(orphan, agent(queues=("gone",)), offer_id="o1", why="", policy=POLICY, now=NOW)
    assert call_after(rung).offer_until == NOW + 15_000
    talking = agents.accept(agent_after(rung), call_after(rung), "o1", NOW)
    over = agents.hang_up(agent_after(talking), call_after(talking), POLICY, NOW)
    assert agent_after(over).state is _A.READY


def test_a_deadline_not_reached_changes_nothing() -> None:
    for record in (call(), agent(_A.WRAP_UP), evolve(call(_C.ENDED), archive_at=NOW + 1)):
        assert time.due(record, None, POLICY, NOW) is None
