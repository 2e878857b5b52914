"""The board: whatever way it came to know the records, it stands as if it had been told them just now."""

import random
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.domain.board import Board
from engine.domain.lanes import LaneKey, ProfileKey
from engine.domain.lifecycle import AgentState, CallState
from engine.domain.matching import match
from engine.domain.model import Agent, Call, QueueGate, Record
from engine.domain.rules import Policy, Queue, Step, able

from .builders import NOW, POLICY, agent, call, customer
from .worlds import NOW as WORLD_NOW
from .worlds import World, worlds

Standing = tuple[
    dict[LaneKey, list[tuple[int, str]]],
    dict[ProfileKey, tuple[frozenset[str], list[tuple[int, str]], list[tuple[float, int, str]]]],
    dict[str, list[tuple[int, str]]],
]


def standing(board: Board) -> Standing:
    """Everything a decision can depend on."""
    return (
        {key: list(lane.calls) for key, lane in board.lanes.items()},
        {key: (frozenset(p.members), list(p.idle), list(p.occupied)) for key, p in board.profiles.items()},
        {queue: list(order) for queue, order in board.order.items() if order},
    )


def told(policy: Policy, records: list[Call | Agent], now: int) -> Board:
    board = Board(policy)
    for record in records:
        board.put(record.ref, record, now)
    return board


@settings(max_examples=300, deadline=None)
@given(worlds, worlds, st.integers(0, 2**32))
def test_put_hold_and_release_in_any_order_end_where_a_fresh_board_begins(
    before: World, after: World, seed: int
) -> None:
    dice = random.Random(seed)
    board = Board(after.policy)
    now = WORLD_NOW - 3_000
    known: dict[str, Call | Agent] = {}
    held: set[str] = set()
    latest = [evolve(r, version=2) for r in after.records]
    todo: list[Call | Agent] = [*before.records, *latest, *dice.sample(before.records, len(before.records))]
    for record in todo:
        now = min(WORLD_NOW, now + dice.choice([0, 250]))
        board.settle(now)
        if dice.random() < 0.3 and known:
            ref = dice.choice(sorted(known))
            board.hold([ref], until=dice.choice([None, now + 200]))
            held.add(ref)
        board.put(record.ref, record, now)
        if record.ref not in known or record.version > known[record.ref].version:
            known[record.ref] = record
        if dice.random() < 0.3 and held:
            board.release([dice.choice(sorted(held))], now)
        if dice.random() < 0.1:
            gone = dice.choice(sorted(known))
            board.put(gone, None, now)
            del known[gone]
    board.release(sorted(held), WORLD_NOW)
    board.settle(WORLD_NOW)
    assert {r.ref: r for r in board.everything()} == known
    assert standing(board) == standing(told(after.policy, list(known.values()), WORLD_NOW))


@settings(max_examples=200, deadline=None)
@given(worlds, worlds, st.integers(0, 2**32))
def test_under_other_rules_it_is_as_if_it_had_been_told_under_them_and_reservations_stay(
    world: World, rules: World, seed: int
) -> None:
    dice = random.Random(seed)
    board = told(world.policy, world.records, WORLD_NOW - 500)
    board.settle(WORLD_NOW)
    held = {r.ref: dice.choice([None, WORLD_NOW + 200]) for r in world.records if dice.random() < 0.4}
    for ref, until in held.items():
        board.hold([ref], until)
    again, expected = board.under(rules.policy, WORLD_NOW), told(rules.policy, world.records, WORLD_NOW)
    for ref, until in held.items():
        expected.hold([ref], until)
    assert again.policy is rules.policy
    assert again.next_deadline() == expected.next_deadline()
    for now in (WORLD_NOW, WORLD_NOW + 200):
        assert again.settle(now) == expected.settle(now)
        assert standing(again) == standing(expected)
    assert match(again, WORLD_NOW + 200) == match(expected, WORLD_NOW + 200)
    for both in (again, expected):
        both.release(list(held), WORLD_NOW + 200)
    assert standing(again) == standing(expected)


def test_old_news_changes_nothing() -> None:
    board = Board(POLICY)
    newest = agent(AgentState.NOT_READY, version=7)
    board.put(newest.ref, newest, NOW)
    before = standing(board)
    for version in (1, 6, 7):
        board.put(newest.ref, agent(AgentState.READY, version=version), NOW)
    assert (board.agents["a1"], standing(board)) == (newest, before)


def test_what_the_store_says_it_holds_corrects_whatever_was_known() -> None:
    """After a lossy failover the store may hold less than was heard."""
    board = told(POLICY, [call(CallState.OFFERED, version=9), agent(AgentState.OFFERED, version=9)], NOW)
    board.correct("call:c1", call(version=8), NOW)
    board.correct("agent:a1", agent(version=8), NOW)
    assert standing(board) == standing(told(POLICY, [call(version=8), agent(version=8)], NOW))
    board.correct("agent:a1", None, NOW)
    assert not board.anyone_idle


def test_who_may_not_be_offered_stands_in_no_lane_but_keeps_his_place_in_line() -> None:
    board = told(POLICY, [call(), call(id="c0", customer="k0", customer_until=NOW + 1)], NOW)
    [lane] = board.lanes.values()
    assert [name for _, name in lane.calls] == ["c1"]
    assert [name for _, name in board.order["general"]] == ["c0", "c1"]
    assert board.rank(call()) == 1


def test_steps_avoidance_and_preference_move_a_call_from_lane_to_lane() -> None:
    policy = Policy(queues={"general": Queue(name="general", steps=(Step(after_ms=1_000),))})
    waiting = call(
        since_at=0,
        enqueued_at=0,
        avoid={"a2": 300, "a9": 2_000},
        preferred="a3",
        preferred_until=600,
        give_up_at=None,
    )
    board = told(policy, [waiting], 0)
    seen = []
    wake_at: int | None = 0
    while wake_at is not None:
        at, wake_at = wake_at, board.settle(wake_at)
        [key] = board.lanes
        seen.append((at, key.step, key.avoid, key.preferred))
    assert seen == [
        (0, 0, ("a2", "a9"), "a3"),
        (300, 0, ("a9",), "a3"),
        (600, 0, ("a9",), ""),
        (1_000, 1, ("a9",), ""),
        (2_000, 1, (), ""),
    ]


def test_deadlines_come_in_order_and_follow_their_records() -> None:
    k = customer(forget_at=500)
    board = Board(POLICY)
    waiting = call(give_up_at=300)
    for record in (k, waiting, agent(AgentState.WRAP_UP, until=400)):
        board.put(record.ref, record, NOW)
    assert board.next_deadline() == (300, "call:c1")
    board.put("call:c1", evolve(waiting, give_up_at=450, version=4), NOW)
    assert board.next_deadline() == (400, "agent:a1")
    board.put("agent:a1", None, NOW)
    assert board.next_deadline() == (450, "call:c1")
    board.put("call:c1", evolve(waiting, give_up_at=None, version=5), NOW)
    assert board.next_deadline() == (500, "customer:k1")
    board.put("customer:k1", None, NOW)
    assert board.next_deadline() is None


def test_a_deadline_whose_change_was_refused_is_looked_at_again_later_or_when_there_is_news() -> None:
    board = Board(POLICY)
    waiting = call(give_up_at=300)
    board.put(waiting.ref, waiting, NOW)
    board.postpone(waiting.ref, 550)
    assert board.next_deadline() == (550, "call:c1")
    board.put(waiting.ref, evolve(waiting, version=4), NOW)
    assert board.next_deadline() == (300, "call:c1")


def test_everything_is_everybody_and_nodes_are_those_that_hold_a_socket() -> None:
    gate = QueueGate(id="general", since_at=NOW, by="boss", paused=True)
    records: list[Record] = [call(), agent(), customer(node=""), gate]
    board = Board(POLICY)
    for record in records:
        board.put(record.ref, record, NOW)
    assert {r.ref for r in board.everything()} == {"call:c1", "agent:a1", "customer:k1", "queue:general"}
    assert board.nodes() == {"n2"}
    assert board.get("queue:general") == gate
    board.put("queue:general", None, NOW)
    assert board.get("queue:general") is None


def test_a_decision_costs_lanes_times_profiles_never_calls_times_agents(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Counted, not timed: how often it is asked whether somebody is able."""
    asked = 0

    def counting(*given: Any) -> bool:
        nonlocal asked
        asked += 1
        return able(*given)

    monkeypatch.setattr("engine.domain.board.able", counting)
    queues = [f"q{i}" for i in range(20)]
    board = Board(Policy(queues={name: Queue(name=name) for name in queues}))
    for i in range(2_000):
        waiting = call(id=f"c{i}", queue=queues[i % 20], due_at=i, give_up_at=None)
        board.put(waiting.ref, waiting, NOW)
    for i in range(300):
        ready = agent(id=f"a{i}", queues=(queues[i % 20],), skills={f"s{i % 3}": 1})
        board.put(ready.ref, ready, NOW)
    lanes, profiles = len(board.lanes), len(board.profiles)
    assert (lanes, profiles) == (20, 60)
    made = match(board, NOW).proposals
    assert len(made) == 300
    assert asked == lanes * profiles
    board.release([ref for p in made for ref in (p.call.ref, p.agent.ref)], NOW)
    match(board, NOW)
    assert asked == lanes * profiles, "and remembered until somebody new logs in"
