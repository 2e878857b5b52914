"""Choice and explanation, case by case: each `select`, avoidance, preference, and what `why` says."""

import json
from typing import Any

import pytest
from attrs import evolve

from engine.domain.board import Board
from engine.domain.lifecycle import AgentState
from engine.domain.matching import CONSIDERED, able_agents, match
from engine.domain.model import Agent, Call, Term
from engine.domain.rules import Policy, Queue, Select, Step

from .builders import NOW, agent, call


def bank(select: Select = Select.LONGEST_IDLE, steps: tuple[Step, ...] = ()) -> Policy:
    return Policy(queues={"general": Queue(name="general", select=select, steps=steps)})


def made(policy: Policy, *records: Call | Agent, now: int = NOW) -> list[tuple[str, str, dict[str, Any]]]:
    board = Board(policy)
    for record in records:
        board.put(record.ref, record, now)
    return [(p.call.id, p.agent.id, json.loads(p.why)) for p in match(board, now).proposals]


def idle(name: str, since_at: int, **fields: Any) -> Agent:
    return agent(id=name, since_at=since_at, idle_ms=0, login_at=0, **fields)


SELECTS: list[tuple[Select, list[Agent], str]] = [
    (Select.LONGEST_IDLE, [idle("a1", 30), idle("a2", 10), idle("a3", 20)], "a2"),
    (Select.LONGEST_IDLE, [idle("a1", 30), idle("a2", 10), evolve(idle("a3", 40), idle_ms=35)], "a3"),
    (Select.LONGEST_IDLE, [idle("a10", 10), idle("a2", 10)], "a10"),
    (
        Select.LEAST_FLEXIBLE,
        [idle("a1", 10, skills={"id": 2, "x": 1}), idle("a2", 20, skills={"id": 2})],
        "a2",
    ),
    (Select.LEAST_FLEXIBLE, [idle("a1", 20, skills={"id": 2}), idle("a2", 10, skills={"id": 3})], "a2"),
    (Select.BEST_SKILL, [idle("a1", 10, skills={"id": 2}), idle("a2", 20, skills={"id": 3})], "a2"),
    (Select.BEST_SKILL, [idle("a1", 10, skills={"id": 2}), idle("a2", 5, skills={"id": 2, "x": 9})], "a2"),
    (Select.LEAST_OCCUPIED, [idle("a1", 1_000, busy_ms=500), idle("a2", 2_000, busy_ms=500)], "a2"),
    (Select.LEAST_OCCUPIED, [idle("a1", 2_000, busy_ms=500), idle("a2", 1_000, busy_ms=250)], "a2"),
]


@pytest.mark.parametrize(("select", "agents", "chosen"), SELECTS)
def test_which_of_the_able_agents(select: Select, agents: list[Agent], chosen: str) -> None:
    skills = {"id": 2} if agents[0].skills else {}
    assert [a for _, a, _ in made(bank(select), call(skills=skills), *agents)] == [chosen]


def test_calls_go_by_band_then_due_then_id_and_each_takes_one_agent() -> None:
    calls = [
        call(id="c4", due_at=10),
        call(id="c1", due_at=20),
        call(id="c2", due_at=10),
        call(id="c3", due_at=99, band=1),
    ]
    agents = [idle(f"a{i}", i) for i in range(3)]
    assert [(c, a) for c, a, _ in made(bank(), *calls, *agents)] == [("c3", "a0"), ("c2", "a1"), ("c4", "a2")]


def test_an_agent_who_can_nothing_for_the_first_serves_the_next() -> None:
    hard, easy = call(id="c1", due_at=1, skills={"loan": 2}), call(id="c2", due_at=2)
    [(name, _, why)] = made(bank(), hard, easy, idle("a1", 1, skills={"loan": 1}))
    assert (name, why["passed_over"]) == ("c2", 1)


def test_whom_a_call_avoids_gets_it_only_if_no_other_able_agent_is_logged_in() -> None:
    shy = call(avoid={"a1": NOW + 60_000})
    tired = idle("a2", 1, state=AgentState.NOT_READY)
    assert made(bank(), shy, idle("a1", 1), tired) == []
    assert [a for _, a, _ in made(bank(), shy, idle("a1", 1), idle("a2", 2))] == ["a2"]
    assert [a for _, a, _ in made(bank(), shy, idle("a1", 1))] == ["a1"]
    gone, unable = evolve(tired, state=AgentState.OFFLINE), evolve(tired, queues=("other",))
    assert [a for _, a, _ in made(bank(), shy, idle("a1", 1), gone)] == ["a1"]
    assert [a for _, a, _ in made(bank(), shy, idle("a1", 1), unable)] == ["a1"]
    over = call(avoid={"a1": NOW})
    assert [a for _, a, _ in made(bank(), over, idle("a1", 1), tired)] == ["a1"]


def test_a_preferred_agent_is_the_only_one_for_a_limited_time() -> None:
    fond = call(preferred="a2", preferred_until=NOW + 1)
    busy = idle("a2", 2, state=AgentState.ON_CALL)
    assert [a for _, a, _ in made(bank(), fond, idle("a1", 1), idle("a2", 2))] == ["a2"]
    assert made(bank(), fond, idle("a1", 1), busy) == []
    assert [a for _, a, _ in made(bank(), fond, idle("a1", 1), busy, now=NOW + 1)] == ["a1"]
    declined = evolve(fond, avoid={"a2": NOW + 60_000})
    assert [a for _, a, _ in made(bank(), declined, idle("a1", 9), idle("a2", 2))] == ["a1"]


def test_a_call_past_its_maximum_wait_is_not_offered_and_holds_up_nobody() -> None:
    over, next_one = call(id="c1", due_at=1, give_up_at=NOW), call(id="c2", due_at=2)
    assert [c for c, _, _ in made(bank(), over, next_one, idle("a1", 1), idle("a2", 2))] == ["c2"]


def test_the_first_to_be_matched_is_not_passed_over_by_the_second() -> None:
    calls = [call(id=f"c{i}", due_at=i) for i in range(3)]
    proposals = made(bank(), *calls, *[idle(f"a{i}", i) for i in range(3)])
    assert [why["passed_over"] for _, _, why in proposals] == [0, 0, 0]


def test_why_explains_due_rank_choice_and_rivals() -> None:
    policy = bank(Select.LEAST_FLEXIBLE, steps=(Step(after_ms=1, max_level=1),))
    wanted = call(
        due_at=NOW - 100_000,
        enqueued_at=NOW - 10_000,
        terms=(Term("tier priority", 90_000),),
        skills={"id": 2},
        avoid={"a6": NOW + 1},
    )
    agents = [
        idle("a1", NOW - 500, skills={"id": 1}),
        idle("a2", NOW - 900, skills={"id": 1, "x": 1}),
        idle("a3", NOW - 400, skills={"id": 1}),
        idle("a4", NOW - 500, skills={"id": 1}),
        idle("a5", NOW - 999, skills={}),
        idle("a6", NOW - 999, skills={"id": 1}),
    ]
    [(_, chosen, why)] = made(policy, wanted, *agents)
    assert chosen == "a1"
    assert why == {
        "enqueued_at": NOW - 10_000,
        "due_at": NOW - 100_000,
        "band": 0,
        "terms": {"tier priority": 90_000},
        "waited_ms": 10_000,
        "passed_over": 0,
        "step": 1,
        "select": "least_flexible",
        "idle_ms": 500,
        "considered": {"a6": "avoided", "a2": "least_flexible", "a4": "id", "a3": "idle_less"},
        "rules": policy.version,
    }
    assert len(why["considered"]) == CONSIDERED
    [(_, _, alone)] = made(policy, wanted, agents[0], agents[4])
    assert alone["considered"] == {"a5": "not_able"}
    fond = evolve(wanted, preferred="a3", preferred_until=NOW + 1)
    [(_, _, preferred)] = made(policy, fond, agents[0], agents[2])
    assert preferred["considered"] == {"a1": "not_preferred"}


def test_able_agents_are_those_logged_in_to_the_queue() -> None:
    board = Board(bank())
    for record in (idle("a1", 1), idle("a2", 1, state=AgentState.ON_CALL), idle("a3", 1, queues=("other",))):
        board.put(record.ref, record, NOW)
    board.put("agent:a4", idle("a4", 1, state=AgentState.OFFLINE), NOW)
    assert able_agents(board, bank().queues["general"]) == 2
