"""Why a call went to that agent, in words: one table of recorded whys and sentences."""

import json
from typing import Any

import pytest

from engine.demo.words import duration, why
from engine.domain.board import Board
from engine.domain.lifecycle import AgentState, CallState
from engine.domain.matching import match
from engine.domain.model import Agent, Call, Term
from engine.domain.rules import Policy, Queue, Select

PLAIN: dict[str, Any] = {
    "enqueued_at": 0,
    "due_at": 0,
    "band": 0,
    "terms": {},
    "waited_ms": 12_000,
    "passed_over": 0,
    "step": 0,
    "select": "longest_idle",
    "idle_ms": 5_000,
    "considered": {},
    "rules": "x",
}

SENTENCES = {
    "alone": ({}, "waited 12 s; nobody else was free"),
    "long": ({"waited_ms": 95_400}, "waited 1:35; nobody else was free"),
    "one term": (
        {"terms": {"tier priority": 90_000}},
        "waited 12 s; counts as 1:30 earlier (tier priority); nobody else was free",
    ),
    "two terms": (
        {"terms": {"queue premium": 60_000, "tier priority": 90_000, "none": 0}},
        "waited 12 s; counts as 2:30 earlier (1:00 queue premium + 1:30 tier priority); nobody else was free",
    ),
    "a band": ({"band": 9}, "waited 12 s; band 9; nobody else was free"),
    "a step": ({"step": 1}, "waited 12 s; waited so long that it asks less; nobody else was free"),
    "chosen": (
        {"considered": {"b": "idle_less", "c": "not_able", "d": "idle_less"}},
        "waited 12 s; free the longest (B, D less long; C unable)",
    ),
    "the only one able": (
        {"considered": {"b": "not_able"}},
        "waited 12 s; nobody else who can was free (B unable)",
    ),
    "one passed over": (
        {"passed_over": 1},
        "waited 12 s; nobody else was free; 1 due before it needs somebody else",
    ),
    "several passed over": (
        {"passed_over": 3},
        "waited 12 s; nobody else was free; 3 due before it need somebody else",
    ),
}


def a_call(told: dict[str, Any]) -> Call:
    return Call(
        id="c",
        queue="q",
        customer="k",
        state=CallState.OFFERED,
        since_at=0,
        enqueued_at=0,
        due_at=0,
        why=json.dumps(told),
    )


@pytest.mark.parametrize(("more", "sentence"), SENTENCES.values(), ids=SENTENCES)
def test_a_why_is_a_sentence(more: dict[str, Any], sentence: str) -> None:
    assert why(a_call(PLAIN | more), str.upper) == sentence


@pytest.mark.parametrize(
    ("ms", "text"), [(0, "0 s"), (59_400, "59 s"), (60_000, "1:00"), (3_605_000, "60:05"), (-3, "0 s")]
)
def test_a_duration_is_short(ms: int, text: str) -> None:
    assert duration(ms) == text


@pytest.mark.parametrize("select", Select)
def test_every_why_of_the_matchmaker_can_be_said(select: Select) -> None:
    board = Board(Policy(queues={"q": Queue(name="q", select=select)}))
    for n, skills in enumerate(({"loan": 2}, {"loan": 1, "card": 1}, {"loan": 1}, {})):
        agent = Agent(
            id=f"a{n}",
            state=AgentState.READY,
            since_at=n * 1000,
            queues=("q",),
            skills=skills,
            node="n",
            busy_ms=n,
            version=1,
        )
        board.put(agent.ref, agent, 9_000)
    for n, skills in enumerate(({"loan": 1}, {"tax": 1}, {})):
        call = Call(
            id=f"c{n}",
            queue="q",
            customer=f"k{n}",
            state=CallState.WAITING,
            since_at=0,
            enqueued_at=0,
            due_at=n - 60_000,
            terms=(Term("tier vip", 60_000),),
            skills=skills,
            live=True,
            node="n",
            version=1,
        )
        board.put(call.ref, call, 9_000)
    proposals = match(board, 9_000).proposals
    assert len(proposals) == 2
    for proposal in proposals:
        said = why(a_call(json.loads(proposal.why)), str.upper)
        assert said.startswith("waited 9 s; counts as 1:00 earlier (tier vip); ")
