"""The scene: what records look like on a board, row by row, without a store and without time passing."""

import json
from typing import Any

import pytest
from attrs import evolve

from engine.actors.board_notices import EstimateError, Gone
from engine.actors.scene import ASSIGNED, NEW_MS, Scene
from engine.domain.estimates import Estimate
from engine.domain.lifecycle import AgentState, CallState, EndReason
from engine.domain.model import Agent, Call, QueueGate, Record, Ref, Term
from engine.domain.rules import Policy, Queue

POLICY = Policy(
    queues={"general": Queue(name="general", wrap_up_ms=0), "night": Queue(name="night", open=False)}
)
NOW = 60_000_000_000


def call(name: str = "c1", state: CallState = CallState.WAITING, **fields: Any) -> Call:
    given: dict[str, Any] = {
        "queue": "general",
        "customer": f"k{name}",
        "live": state is not CallState.ENDED,
        "since_at": NOW - 9_000,
        "enqueued_at": NOW - 10_000,
        "due_at": NOW - 15_000,
        "terms": (Term("vip", 5_000),),
        "rules": "r1",
        "version": 1,
    }
    return Call(id=name, state=state, **(given | fields))


def agent(sub: str = "a1", state: AgentState = AgentState.READY, **fields: Any) -> Agent:
    given: dict[str, Any] = {"since_at": NOW - 500, "queues": ("general",), "node": "n1", "version": 1}
    return Agent(id=sub, state=state, **(given | fields))


def scene(*records: Record) -> Scene:
    made = Scene(POLICY)
    put(made, *records)
    made.delta(NOW)
    return made


def put(on: Scene, *records: Record, now: int = NOW) -> None:
    on.put({record.ref: record for record in records}, now)


def newer(record: Any, **fields: Any) -> Any:
    return evolve(record, version=record.version + 1, **fields)


def offered(on: Call, offer: str = "o1", at: int = NOW, agent: str = "a1") -> Call:
    why = json.dumps({"due_at": on.due_at, "considered": {}})
    given = {"offer": offer, "agent": agent, "offered_at": at, "offer_until": at + 15_000, "why": why}
    return newer(on, state=CallState.OFFERED, since_at=at, **given)  # type: ignore[no-any-return]


def test_a_waiting_call_tells_its_place_and_how_it_came_by_it() -> None:
    [row] = scene(call(give_up_at=NOW + 5, skills={"loan": 2}, tier="gold")).snapshot(NOW).calls
    assert (row.call_id, row.tier, row.skills, row.state) == ("c1", "gold", {"loan": 2}, CallState.WAITING)
    assert (row.agent_id, row.link, row.limit_at, row.deadline_at) == (None, "up", NOW + 5, None)
    assert row.why == {
        "enqueued_at": NOW - 10_000,
        "due_at": NOW - 15_000,
        "band": 0,
        "terms": {"vip": 5_000},
        "rules": "r1",
    }


def test_an_offered_call_tells_how_it_came_to_its_agent() -> None:
    board = scene(call(give_up_at=NOW + 5))
    put(board, offered(call(give_up_at=NOW + 5)))
    delta = board.delta(NOW)
    assert delta is not None
    [row], [assigned] = delta.calls, delta.assigned
    assert (row.agent_id, row.deadline_at, row.limit_at) == ("a1", NOW + 15_000, None)
    assert row.why == assigned.why == {"due_at": NOW - 15_000, "considered": {}}
    assert (assigned.at, assigned.call_id, assigned.agent_id) == (NOW, "c1", "a1")


def test_a_customer_whose_link_is_lost_is_marked() -> None:
    [row] = scene(call(customer_until=NOW + 5)).snapshot(NOW).calls
    assert row.link == "lost"


def test_an_agent_tells_what_he_does_and_can() -> None:
    busy = agent(
        state=AgentState.ON_CALL,
        name="Ayu",
        call="c1",
        next_state=AgentState.NOT_READY,
        skills={"loan": 2},
        handled=3,
        no_answers=1,
    )
    [row] = scene(busy).snapshot(NOW).agents
    assert (row.id, row.name, row.state, row.reason, row.call_id) == ("a1", "Ayu", "on_call", None, "c1")
    assert (row.next_state, row.queues, row.skills) == ("not_ready", ["general"], {"loan": 2})
    assert (row.handled, row.no_answers) == (3, 1)


GATES: list[tuple[dict[str, bool] | None, str, str]] = [
    (None, "open", "closed"),
    ({"paused": True}, "paused", "paused"),
    ({"opened": True}, "open", "open"),
]


@pytest.mark.parametrize(("gate", "general", "night"), GATES)
def test_a_queue_is_open_paused_or_closed(gate: dict[str, bool] | None, general: str, night: str) -> None:
    gates = [] if gate is None else [QueueGate(id=n, since_at=1, by="b", **gate) for n in POLICY.queues]
    board = scene(*(evolve(gate, version=1) for gate in gates)).snapshot(NOW)
    assert {row.id: row.state for row in board.queues} == {"general": general, "night": night}


def test_the_longest_wait_is_of_who_came_first_whatever_he_is_due() -> None:
    board = scene(call("c1", due_at=1), call("c2", enqueued_at=NOW - 20_000), call("c3", CallState.ENDED))
    row = board.snapshot(NOW).queues[0]
    assert (row.waiting, row.longest_at) == (2, NOW - 20_000)


def test_rows_come_in_the_order_of_the_news_and_only_if_they_differ() -> None:
    board = scene(call("c1"), agent())
    put(board, newer(agent()), call("c3"), call("c2"), newer(call("c1"), node="n2"))
    delta = board.delta(NOW)
    assert delta is not None
    assert ([row.call_id for row in delta.calls], delta.agents) == (["c3", "c2"], [])
    assert board.delta(NOW) is None


def test_what_is_over_is_taken_off_once() -> None:
    board = scene(call("c1"), agent("a1"), agent("a2"))
    ended = newer(call("c1"), state=CallState.ENDED, live=False, ended_at=NOW, end_reason=EndReason.FAILED)
    board.put({"call:c1": ended, "agent:a1": newer(agent("a1"), state=AgentState.OFFLINE)}, NOW)
    board.put({"agent:a2": None, "call:never": None}, NOW)
    delta = board.delta(NOW)
    assert delta is not None
    assert delta.gone == Gone(calls=["c1"], agents=["a1", "a2"])
    put(board, newer(ended, rating=5))
    assert board.delta(NOW) is None


def test_old_news_changes_nothing() -> None:
    board = scene(newer(call(), band=3))
    put(board, call())
    assert board.delta(NOW) is None


# assignments


def test_an_assignment_is_told_once_even_if_it_was_answered_before_it_was_heard_of() -> None:
    board = scene(call())
    talks = newer(offered(call()), state=CallState.CONNECTED, connected_at=NOW + 50)
    put(board, talks)
    delta = board.delta(NOW)
    assert delta is not None
    assert [a.call_id for a in delta.assigned] == ["c1"]
    put(board, newer(talks, state=CallState.ENDED, live=False, ended_at=NOW, end_reason=EndReason.COMPLETED))
    delta = board.delta(NOW)
    assert delta is not None
    assert (delta.assigned, delta.gone.calls) == ([], ["c1"])
    again = newer(talks, state=CallState.WAITING, offer="", agent="", why="", requeues=1)
    other = scene(again)
    put(other, offered(again, "o2", NOW + 9, "a2"))
    delta = other.delta(NOW)
    assert delta is not None
    assert [(a.agent_id, a.at) for a in delta.assigned] == [("a2", NOW + 9)]


def test_everything_read_anew_tells_no_assignment_twice_and_keeps_the_latest() -> None:
    many: list[Call] = [offered(call(f"c{n:02}"), f"o{n}", NOW + n) for n in range(ASSIGNED + 20)]
    board = scene(*reversed(many))
    expected = [f"c{n:02}" for n in range(20, ASSIGNED + 20)]
    for _ in range(2):
        assert [a.call_id for a in board.snapshot(NOW).assigned] == expected
        board.begin_anew(POLICY, many, NOW)
        board.delta(NOW)


# estimates


def in_turn(*records: Record, ends: bool = True) -> Scene:
    """A board on which one call was served in 30 s, so that something is known of the queue's pace."""
    board = scene(agent())
    talks = newer(offered(call("c0")), state=CallState.CONNECTED, connected_at=NOW - 40_000)
    put(board, call("c0"), talks)
    over = {"state": CallState.ENDED, "live": False, "since_at": NOW - 10_000, "ended_at": NOW - 10_000}
    if ends:
        put(board, newer(talks, end_reason=EndReason.COMPLETED, **over))
    put(board, *records)
    return board


def test_an_estimate_needs_a_pace_and_an_agent() -> None:
    assert in_turn(ends=False).snapshot(NOW).queues[0].ewt_ms is None
    row = in_turn().snapshot(NOW).queues[0]
    assert row.ewt_ms is not None
    assert 20_000 < row.ewt_ms.p50 < row.ewt_ms.p90 < 71_000
    alone = in_turn()
    put(alone, newer(agent(), state=AgentState.OFFLINE))
    assert alone.snapshot(NOW).queues[0].ewt_ms is None


def answered(board: Scene, newcomer: Call, after_ms: int) -> EstimateError | None:
    at = newcomer.enqueued_at + after_ms
    put(board, newer(newcomer, state=CallState.CONNECTED, connected_at=at), now=at)
    return board.snapshot(at).queues[0].ewt_error


def test_what_a_newcomer_was_told_is_judged_when_he_is_answered() -> None:
    told = in_turn().snapshot(NOW).queues[0].ewt_ms
    assert isinstance(told, Estimate)
    newcomer = call("c1", enqueued_at=NOW, since_at=NOW)
    error = answered(in_turn(newcomer), newcomer, told.p50 + 700)
    assert error == EstimateError(calls=1, median_ms=700, within_p90=1.0)
    error = answered(in_turn(newcomer), newcomer, told.p90 + 1)
    assert error is not None
    assert (error.calls, error.within_p90) == (1, 0.0)


def test_what_was_told_of_calls_that_are_gone_unheard_is_forgotten() -> None:
    newcomers = [call(f"c{n}", enqueued_at=NOW, since_at=NOW) for n in range(1, 4)]
    board = in_turn(*newcomers)
    board.begin_anew(POLICY, [agent(), newcomers[0]], NOW)
    for newcomer in newcomers:
        error = answered(board, newcomer, 30_000)
    assert error is not None
    assert error.calls == 1


@pytest.mark.parametrize(
    "fields", [{"enqueued_at": NOW - NEW_MS}, {"enqueued_at": NOW, "requeues": 1}], ids=["old", "again"]
)
def test_who_is_no_newcomer_was_told_something_else(fields: dict[str, Any]) -> None:
    known = call("c1", **fields)
    assert answered(in_turn(known), known, 50_000) is None


def test_refs_of_unknown_kinds_are_nobodys() -> None:
    board = scene()
    gone: dict[Ref, Record | None] = {"customer:k1": None, "queue:general": None}
    board.put(gone, NOW)
    assert board.delta(NOW) is None
