"""A call that an agent passes on: to a queue or a colleague, at its old due, and never back to him first."""

import json
from typing import Any

import pytest
from attrs import evolve

from engine.domain.board import Board
from engine.domain.change import Change
from engine.domain.errors import Code, Refused
from engine.domain.facts import AgentMoved, CallRequeued, CallTransferred
from engine.domain.lifecycle import AgentState, CallState, RequeueReason
from engine.domain.limits import NOTES_CHARS
from engine.domain.matching import match
from engine.domain.model import Agent, Call
from engine.domain.moves import agent as moves
from engine.domain.moves import time

from .builders import BEFORE, NOW, POLICY, TIMINGS, agent, agent_after, call, call_after

_A, _C = AgentState, CallState
TALKS, ON_CALL = call(_C.CONNECTED), agent(_A.ON_CALL)


def passed(
    on: Call | None = TALKS,
    by: Agent = ON_CALL,
    *,
    queue: str | None = None,
    to: Agent | None = None,
    note: str = "",
    now: int = NOW,
) -> Change:
    return moves.transfer(by, on, queue=queue, colleague=to, note=note, policy=POLICY, now=now)


def ready(name: str, idle_s: int = 0, **fields: Any) -> Agent:
    return agent(id=name, since_at=NOW - 1_000 * idle_s, idle_ms=0, offer="", call="", **fields)


def offered(*records: Call | Agent, now: int = NOW) -> list[tuple[str, dict[str, Any]]]:
    """Who gets an offer now, and why."""
    board = Board(POLICY)
    for record in records:
        board.put(record.ref, record, now)
    return [(p.agent.id, json.loads(p.why)) for p in match(board, now).proposals]


# what becomes of both


@pytest.mark.parametrize("queue", ["general", "instant"])
def test_the_call_waits_again_at_its_old_due_and_nothing_is_left_of_the_agent(queue: str) -> None:
    c = call_after(passed(queue=queue, note="wants a loan"))
    assert (c.state, c.live, c.queue, c.since_at) == (_C.WAITING, True, queue, NOW)
    assert (c.due_at, c.band, c.enqueued_at, c.terms) == (TALKS.due_at, TALKS.band, BEFORE, TALKS.terms)
    assert (c.offer, c.agent, c.agent_name, c.agent_node, c.agent_until, c.why) == ("", "", "", "", None, "")
    assert (c.offered_at, c.offer_until, c.connected_at) == (None, None, None)
    assert (c.from_agent, c.note) == ("a1", "wants a loan")
    assert (c.requeues, c.requeue_reason) == (1, RequeueReason.TRANSFERRED)
    assert (c.preferred, c.preferred_until) == ("", None)


def test_what_he_talked_does_not_count_against_his_longest_wait() -> None:
    talked_ms = NOW - BEFORE
    assert call_after(passed(queue="general")).give_up_at == BEFORE + 3_600_000 + talked_ms
    assert call_after(passed(evolve(TALKS, give_up_at=None), queue="general")).give_up_at is None


def test_the_agent_wraps_up_and_then_is_what_he_wished() -> None:
    after = agent_after(passed(queue="instant"))
    assert (after.state, after.until, after.call, after.offer) == (_A.WRAP_UP, NOW + 30_000, "c1", "")
    assert (after.handled, after.handle_ms) == (1, NOW - BEFORE)
    over = time.due(after, None, POLICY, NOW + 30_000)
    assert over is not None
    assert (agent_after(over).state, agent_after(over).handle_ms) == (_A.READY, NOW - BEFORE + 30_000)
    hungry = evolve(ON_CALL, next_state=_A.NOT_READY, next_reason="lunch")
    rests = agent_after(passed(by=hungry, queue="general"))
    assert (rests.state, rests.next_state) == (_A.WRAP_UP, _A.NOT_READY)
    at_lunch = agent_after(moves.finish_wrap_up(rests, None, "", "", POLICY, NOW + 5))
    assert (at_lunch.state, at_lunch.reason) == (_A.NOT_READY, "lunch")


@pytest.mark.parametrize(
    ("wish", "expected"), [(None, _A.READY), (_A.NOT_READY, _A.NOT_READY), (_A.OFFLINE, _A.OFFLINE)]
)
def test_from_a_queue_that_gives_no_wrap_up_he_goes_straight_on(
    wish: AgentState | None, expected: AgentState
) -> None:
    change = passed(evolve(TALKS, queue="instant"), evolve(ON_CALL, next_state=wish), queue="general")
    after = agent_after(change)
    assert (after.state, after.call, after.next_state) == (expected, "", None)
    assert after.handled == 1


def test_the_journal_tells_who_passed_it_on_and_never_the_note() -> None:
    change = passed(queue="instant", note="saw his passport")
    assert change.facts == (
        CallTransferred(at=NOW, call="c1", agent="a1", queue="instant"),
        CallRequeued(at=NOW, call="c1", due_at=TALKS.due_at, reason=RequeueReason.TRANSFERRED),
        AgentMoved(at=NOW, agent="a1", state=_A.WRAP_UP, call="c1"),
    )
    assert "passport" not in repr(change.facts)
    [told, *_] = passed(to=ready("a2")).facts
    assert told == CallTransferred(at=NOW, call="c1", agent="a1", queue="general", to_agent="a2")


def test_a_customer_who_is_away_keeps_his_grace_and_is_not_offered() -> None:
    away = evolve(TALKS, node="", customer_until=NOW + 9_000)
    c = call_after(passed(away, to=ready("a2")))
    assert (c.customer_until, c.node) == (NOW + 9_000, "")
    assert offered(c, ready("a2"), ready("a3")) == []
    assert [a for a, _ in offered(evolve(c, node="n1", customer_until=None), ready("a2"))] == ["a2"]


# who gets it


def test_he_who_passed_it_on_gets_it_only_if_there_is_nobody_else() -> None:
    c, longest = call_after(passed(queue="general")), ready("a1", idle_s=900)
    assert c.avoid == {"a1": NOW + TIMINGS.avoid_ms}
    [(chosen, why)] = offered(c, longest, ready("a2"))
    assert (chosen, why["considered"]) == ("a2", {"a1": "avoided"})
    assert offered(c, longest, agent(_A.NOT_READY, id="a2")) == [], "another who is able is logged in"
    assert [a for a, _ in offered(c, longest, agent(_A.OFFLINE, id="a2"))] == ["a1"]
    later = NOW + TIMINGS.avoid_ms
    assert [a for a, _ in offered(c, longest, agent(_A.NOT_READY, id="a2"), now=later)] == ["a1"]


def test_whom_the_call_avoided_before_may_be_chosen_now() -> None:
    before = evolve(TALKS, avoid={"a2": NOW + 40_000})
    assert [a for a, _ in offered(call_after(passed(before, to=ready("a2"))), ready("a2"))] == ["a2"]


@pytest.mark.parametrize("queues", [("general",), ("instant",), ()])
def test_the_chosen_colleague_is_tried_first_whatever_he_serves(queues: tuple[str, ...]) -> None:
    to, longest = ready("a2", queues=queues), ready("a3", idle_s=900)
    c = call_after(passed(evolve(TALKS, skills={"loan": 9}), to=to))
    assert (c.queue, c.preferred, c.preferred_until) == ("general", "a2", NOW + TIMINGS.prefer_ms)
    [(chosen, why)] = offered(c, to, evolve(longest, skills={"loan": 9}))
    assert (chosen, why["considered"]) == ("a2", {"a3": "not_preferred"})


def test_while_the_colleague_is_busy_the_call_waits_for_him_and_then_for_anybody() -> None:
    c, busy = call_after(passed(to=ready("a2"))), agent(_A.ON_CALL, id="a2", call="c9", offer="o9")
    assert offered(c, busy, ready("a3"), now=NOW + TIMINGS.prefer_ms - 1) == []
    assert [a for a, _ in offered(c, busy, ready("a3"), now=NOW + TIMINGS.prefer_ms)] == ["a3"]
    board = Board(POLICY)
    for record in (c, busy, ready("a3")):
        board.put(record.ref, record, NOW)
    assert match(board, NOW).wake_at == NOW + TIMINGS.prefer_ms


@pytest.mark.parametrize("state", [_A.OFFLINE, _A.NOT_READY])
def test_for_a_colleague_who_is_not_there_any_more_the_call_does_not_wait(state: AgentState) -> None:
    c, gone = call_after(passed(to=ready("a2", queues=("instant",)))), agent(state, id="a2")
    [(chosen, why)] = offered(c, gone, ready("a3", idle_s=5), ready("a4"))
    assert (chosen, why["considered"], why.get("preferred")) == ("a3", {"a4": "idle_less"}, None)
    assert [a for a, _ in offered(c, ready("a3"))] == ["a3"], "nor for one who was forgotten"
    assert [a for a, _ in offered(c, ready("a2"), ready("a3", idle_s=5))] == ["a2"], (
        "if he is back, he has it"
    )


def alerted(to: Agent) -> tuple[Call, Agent]:
    """The transferred call, offered to the colleague."""
    change = time.offer(call_after(passed(to=to)), to, offer_id="o2", why="", policy=POLICY, now=NOW)
    return call_after(change), agent_after(change)


@pytest.mark.parametrize("how", ["declines", "does not answer", "is lost"])
def test_a_colleague_who_does_not_take_it_is_preferred_no_more(how: str) -> None:
    c, a = alerted(ready("a2"))
    at = NOW + 2_000
    match how:
        case "declines":
            change = moves.decline(a, c, "o2", POLICY, at)
        case "does not answer":
            assert c.offer_until is not None
            at = c.offer_until
            expired = time.due(c, a, POLICY, at)
            assert expired is not None
            change = expired
        case _:
            change = moves.drop(a, c, POLICY, at)
    after = call_after(change)
    assert (after.preferred, after.preferred_until) == ("", None)
    assert (after.due_at, after.from_agent, after.avoid["a1"]) == (TALKS.due_at, "a1", c.avoid["a1"])
    assert [x for x, _ in offered(after, agent_after(change), ready("a3"), now=at)] == ["a3"]


def test_an_offer_that_was_rescinded_was_not_his_doing() -> None:
    c, a = alerted(ready("a2"))
    change = time.after_outage(c, {c.ref: c, a.ref: a}.get, 1_000, POLICY, NOW + 2_000)
    assert change is not None
    assert (call_after(change).preferred, call_after(change).from_agent) == ("a2", "a1")


def test_the_colleague_gets_whoever_of_two_is_due_first() -> None:
    c, to = call_after(passed(to=ready("a2"))), ready("a2")
    earlier = call(id="c0", customer="k2", due_at=TALKS.due_at - 1)
    board = Board(POLICY)
    for record in (c, to, earlier):
        board.put(record.ref, record, NOW)
    assert [p.call.id for p in match(board, NOW).proposals] == ["c0"]


# the second agent


def test_a_call_may_be_passed_on_again_and_then_the_last_one_is_avoided() -> None:
    change = time.offer(
        call_after(passed(queue="general", note="one")),
        ready("a2"),
        offer_id="o2",
        why="",
        policy=POLICY,
        now=NOW,
    )
    taken = moves.accept(agent_after(change), call_after(change), "o2", NOW + 1)
    again = call_after(passed(call_after(taken), agent_after(taken), queue="instant", note="", now=NOW + 2))
    assert (again.from_agent, again.note, again.queue) == ("a2", "", "instant")
    assert again.avoid == {"a2": NOW + 2 + TIMINGS.avoid_ms}
    assert (again.requeues, again.due_at) == (2, TALKS.due_at)


def test_notes_of_both_agents_stand_on_the_call() -> None:
    change = passed(queue="general")
    first = moves.finish_wrap_up(agent_after(change), call_after(change), "partly", "asked", POLICY, NOW + 1)
    c = evolve(call_after(first), state=_C.ENDED, live=False)
    assert (c.notes, c.disposition) == ("asked", "partly")
    second = agent(_A.WRAP_UP, id="a2")
    silent = moves.finish_wrap_up(second, c, "", "", POLICY, NOW + 2)
    assert len(silent.writes) == 1, "nothing of the call changes"
    both = call_after(moves.finish_wrap_up(second, c, "solved", "answered", POLICY, NOW + 2))
    assert (both.notes, both.disposition) == ("asked\nanswered", "solved")
    only = call_after(moves.finish_wrap_up(second, c, "", "answered", POLICY, NOW + 2))
    assert (only.notes, only.disposition) == ("asked\nanswered", "partly")


def test_the_notes_of_a_call_that_is_passed_on_for_ever_have_an_end() -> None:
    full = evolve(TALKS, notes="n" * (NOTES_CHARS - 5))
    writer = agent(_A.WRAP_UP, id="a2")
    last = call_after(moves.finish_wrap_up(writer, full, "", "four", POLICY, NOW))
    assert len(last.notes) == NOTES_CHARS
    with pytest.raises(Refused) as refused:
        moves.finish_wrap_up(writer, last, "", "more", POLICY, NOW)
    assert (refused.value.code, refused.value.field) == (Code.BAD_FIELD, "notes")
    assert call_after(moves.finish_wrap_up(writer, last, "solved", "", POLICY, NOW)).disposition == "solved"


# refusals


def refusal(**given: Any) -> tuple[Code, str | None, str | None]:
    with pytest.raises(Refused) as refused:
        passed(**given)
    return refused.value.code, refused.value.field, refused.value.state


@pytest.mark.parametrize("state", [_A.NOT_READY, _A.READY, _A.OFFERED, _A.WRAP_UP, _A.OFFLINE])
def test_only_who_is_on_a_call_can_pass_it_on(state: AgentState) -> None:
    on = call(_C.OFFERED) if state is _A.OFFERED else TALKS
    assert refusal(on=on, by=agent(state), queue="general") == (Code.WRONG_STATE, None, state.value)


@pytest.mark.parametrize("on", [None, call(_C.CONNECTED, agent="a2"), call(_C.CONNECTED, offer="o2")])
def test_nor_can_he_pass_on_what_is_not_his(on: Call | None) -> None:
    assert refusal(on=on, queue="general") == (Code.WRONG_STATE, None, "on_call")


@pytest.mark.parametrize("state", [s for s in _A if s is not _A.READY])
def test_a_colleague_must_be_ready(state: AgentState) -> None:
    to = agent(state, id="a2")
    assert refusal(to=to) == (Code.WRONG_STATE, "agent_id", state.value)


def test_he_cannot_pass_it_to_himself() -> None:
    assert refusal(to=ON_CALL) == (Code.WRONG_STATE, "agent_id", "on_call")


def test_there_must_be_such_a_queue() -> None:
    assert refusal(queue="nowhere") == (Code.NO_SUCH_QUEUE, "queue", None)
