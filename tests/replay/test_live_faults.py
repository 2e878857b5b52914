"""Faults in live replays: processes die, sockets break, the day keeps its promises; nothing is left behind.

Expectations of a story that hang on milliseconds are those of virtual time; all others must hold here too.
"""

import os
import signal
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from stories import SCENARIOS
from test_live import left_behind

from engine.domain.facts import AgentMoved, LinkBack, LinkLost
from engine.domain.lifecycle import AgentState
from engine.domain.rules import Queue
from engine.replay import live
from engine.replay.expectations import Expectation
from engine.replay.fake_clock import REMEDY, library
from engine.replay.faults import Fault, FaultKind
from engine.replay.node_process import NodeFailed, NodeProcess
from engine.replay.result import Dispatch, Result
from engine.replay.rows import AgentRow, Break, CallRow, Drop
from engine.replay.scenario import Scenario, load_scenario

#: Stories, each with a speed at which it is short and yet longer than what no speed shortens.
STORIES = {
    "the_leader_dies_while_an_offer_is_pending": 12,
    "the_store_comes_back_empty_and_everybody_keeps_his_place": 25,
    "the_store_is_away_for_a_while_and_nobody_loses_his_place": 15,
    "the_store_is_restarted_and_nothing_is_lost": 15,
    "an_agent_whose_client_stops_reading_loses_the_call_to_another": 10,
    "the_clock_of_the_store_is_set_and_nobody_notices": 10,
}


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def exact(expectation: Expectation) -> bool:
    """Whether it leaves no room for what a machine takes."""
    timed = expectation.measure is not None and expectation.measure.endswith("_s")
    return timed and (expectation.min == expectation.max or expectation.max == 0)


def patient(scenario: Scenario, speed: int) -> Scenario:
    """With graces as long as they are in service, whatever the speed: a reconnect takes real time."""
    t = scenario.timings
    graces = ("customer_grace_ms", "call_grace_ms", "agent_grace_ms")
    return evolve(scenario, timings=evolve(t, **{name: getattr(t, name) * speed for name in graces}))


@pytest.mark.parametrize("name", STORIES)
def test_a_story_comes_true(name: str, temporary: Path) -> None:
    if name.startswith("the_clock") and library() is None:
        pytest.skip(f"libfaketime is missing: {REMEDY}")
    story = load_scenario(SCENARIOS / f"{name}.toml")
    story = evolve(story, expect=tuple(e for e in story.expect if not exact(e)))
    speed = STORIES[name]
    result = live.replay(patient(story, speed), speed=speed)
    assert result.to_json()["violations"] == []
    assert story.expect
    assert left_behind(temporary) == []


def a_call(name: str, at_s: float, **more: Any) -> CallRow:
    return CallRow(id=name, arrive_s=at_s, handle_s=20, queue="q", **more)


PEOPLE = Scenario(
    name="people",
    queues=(Queue(name="q", ring_ms=300_000, wrap_up_ms=5_000, max_wait_ms=None),),
    agents=(
        AgentRow(id="ani", login_s=0, queues=("q",), breaks=(Break(at_s=30, for_ms=60_000),)),
        AgentRow(id="budi", login_s=1, queues=("q",), drops=(Drop(at_s=100, for_ms=20_000),)),
    ),
    calls=(
        a_call("c1", 20),
        a_call("c2", 25, drops=(Drop(at_s=35, for_ms=5_000),)),
        *(a_call(f"c{n}", 10 * n) for n in range(3, 13)),
    ),
    faults=(Fault(at_s=75, kind=FaultKind.DROP_CUSTOMER, who="c7", for_ms=4_000),),
)


def told(result: Result, kind: type[LinkLost | LinkBack], who: str) -> list[float]:
    """The seconds of the day at which that is told of him."""
    found = [f.at for f in result.facts if isinstance(f, kind) and f.who == who]
    return [(at - result.start_at) / 1000 * result.speed for at in found]


def states(result: Result, agent: str) -> list[tuple[AgentState, str]]:
    return [(f.state, f.reason) for f in result.facts if isinstance(f, AgentMoved) and f.agent == agent]


def test_people_take_breaks_and_lose_their_links(temporary: Path) -> None:
    result = live.replay(PEOPLE, speed=30)
    assert result.violations == ()
    assert {call.outcome for call in result.calls} == {"served"}
    assert (AgentState.NOT_READY, "break") in states(result, "ani")
    [lost], [back] = told(result, LinkLost, "customer:c2"), told(result, LinkBack, "customer:c2")
    assert 34 < lost < back
    assert back - lost > 4
    assert told(result, LinkLost, "customer:c7")
    assert result.extra["reconnects"] == 3
    assert left_behind(temporary) == []


@pytest.mark.parametrize("dispatch", [Dispatch.POLLING, Dispatch.STREAM])
def test_they_do_under_the_systems_before_too(dispatch: Dispatch) -> None:
    result = live.replay(PEOPLE, dispatch=dispatch, speed=30)
    assert result.violations == ()
    assert {call.outcome for call in result.calls} == {"served"}
    assert (AgentState.NOT_READY, "break") in states(result, "ani")


def troubled(*faults: Fault, nodes: int = 2) -> Scenario:
    quiet = tuple(evolve(row, breaks=(), drops=()) for row in PEOPLE.agents)
    calls = tuple(evolve(row, drops=()) for row in PEOPLE.calls)
    return evolve(PEOPLE, nodes=nodes, faults=faults, agents=quiet, calls=calls)


def at(second: float, kind: FaultKind, **keys: Any) -> Fault:
    return Fault(at_s=second, kind=kind, **keys)


def test_everything_at_once_breaks_no_promise(temporary: Path) -> None:
    day = troubled(
        at(30, FaultKind.KILL_NODE, for_ms=20_000),
        at(45, FaultKind.STORE_AWAY, for_ms=20_000),
        at(50, FaultKind.STORE_RESTARTED, for_ms=10_000),
        at(55, FaultKind.KILL_LEADER, for_ms=10_000),
        at(90, FaultKind.STORE_EMPTIED),
        at(92, FaultKind.KILL_LEADER, for_ms=1_000),
        at(110, FaultKind.SLOW_READER, who="ani", for_ms=40_000),
        nodes=3,
    )
    result = live.replay(patient(day, 20), speed=20)
    assert result.violations == ()
    assert {call.outcome for call in result.calls} == {"served"}
    assert result.extra["reconnects"] > 0
    assert left_behind(temporary) == []


def test_where_no_node_is_left_the_day_ends(monkeypatch: pytest.MonkeyPatch, temporary: Path) -> None:
    monkeypatch.setattr("engine.replay.silence.TROUBLED_S", 3.0)
    day = evolve(troubled(at(32, FaultKind.KILL_LEADER), nodes=1), calls=PEOPLE.calls[:5])
    day = evolve(day, queues=(evolve(day.queues[0], ring_ms=10_000),))
    result = live.replay(day, speed=30)
    assert [call.outcome for call in result.calls] == ["served"] * 2 + ["unserved"] * 3
    assert left_behind(temporary) == []


def test_a_node_that_does_not_come_up_again_is_told_of(
    monkeypatch: pytest.MonkeyPatch, temporary: Path
) -> None:
    async def fails(_: NodeProcess) -> None:
        raise NodeFailed("out of order")

    monkeypatch.setattr(NodeProcess, "becomes_ready", fails)
    with pytest.raises(NodeFailed, match="out of order"):
        live.replay(troubled(at(5, FaultKind.KILL_NODE, for_ms=1_000)), speed=30)
    assert left_behind(temporary) == []


@pytest.mark.parametrize(
    "kind", [FaultKind.STORE_AWAY, FaultKind.STORE_RESTARTED, FaultKind.KILL_LEADER, FaultKind.SLOW_READER]
)
def test_ctrl_c_in_the_middle_of_a_fault_leaves_nothing(
    kind: FaultKind, monkeypatch: pytest.MonkeyPatch, temporary: Path
) -> None:
    suffer = live.Harm.suffer

    async def interrupted(harm: live.Harm, fault: Fault) -> None:
        if fault.kind is kind:
            await suffer(harm, fault)
        else:
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(live.Harm, "suffer", interrupted)
    who = "ani" if kind is FaultKind.SLOW_READER else None
    day = troubled(at(5, kind, who=who, for_ms=3_600_000), at(15, FaultKind.DROP_AGENT, who="ani"))
    with pytest.raises(KeyboardInterrupt):
        live.replay(day, speed=30)
    assert left_behind(temporary) == []
