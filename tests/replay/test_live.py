"""The live replay, with real processes: it tells what virtual time tells, and leaves nothing behind."""

import os
import signal
from pathlib import Path

import pytest

from engine.config import load
from engine.domain.facts import AgentMoved, CallOffered, CallQueued
from engine.domain.rules import Queue, Rule, Step
from engine.policy_file import SAMPLE
from engine.replay import live, virtual
from engine.replay.node_process import NodeFailed, NodeProcess, config
from engine.replay.result import Dispatch
from engine.replay.rows import AgentRow, CallRow
from engine.replay.scenario import Scenario

#: The day takes three seconds. Whatever decides an outcome is apart by so much, and an offer rings for so
#: long, that a machine as busy as it may be changes none.
SPEED = 100.0


def a_call(name: str, at_s: float, handle_s: float, **more: object) -> CallRow:
    return CallRow(id=name, arrive_s=at_s, handle_s=handle_s, queue="q", **more)  # type: ignore[arg-type]


DAY = Scenario(
    name="day",
    queues=(Queue(name="q", ring_ms=300_000, wrap_up_ms=10_000, max_wait_ms=None),),
    rules=(Rule(when={"tier": ("vip",)}, head_start_ms=90_000),),
    agents=(
        AgentRow(id="ani", login_s=0, queues=("q",), skills={"loan": 1}),
        AgentRow(id="budi", login_s=60, logout_s=250, queues=("q",)),
    ),
    calls=(
        a_call("served-at-once", 20, 120),
        a_call("overtaken", 30, 50, skills={"loan": 1}),
        a_call("gives-up", 40, 50, skills={"loan": 1}, patience_s=60),
        a_call("overtakes", 60, 50, skills={"loan": 1}, tier="vip"),
        a_call("to-the-newcomer", 80, 60),
        a_call("nobody-can", 200, 10, skills={"tax": 1}),
    ),
)


def left_behind(directory: Path) -> list[str]:
    """What is there, and which processes have it open as their working directory."""
    there = [path.name for path in directory.iterdir()]
    for process in Path("/proc").glob("[0-9]*/cwd"):
        try:
            there += [process.parent.name] if directory in process.resolve().parents else []
        except OSError:
            continue
    return there


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def test_a_day_comes_out_as_in_virtual_time(temporary: Path) -> None:
    left: list[int] = []
    result = live.replay(DAY, speed=SPEED, progress=lambda gone, _: left.append(gone))
    plain, exact = result.to_json(), virtual.replay(DAY).to_json()
    told = [(c["call_id"], c["outcome"], c["agent_id"], c["offers"]) for c in plain["calls"]]
    assert told == [(c["call_id"], c["outcome"], c["agent_id"], c["offers"]) for c in exact["calls"]]
    assert [c["outcome"] for c in plain["calls"]].count("abandoned") == 1
    assert plain["calls"][-1]["outcome"] == "unserved"
    assert (plain["mode"], plain["violations"]) == ("live", [])
    assert (plain["summary"]["reconnects"], plain["summary"]["errors"]) == (0, {})
    assert left == [1, 2, 3, 4, 5]
    assert left_behind(temporary) == []


def a_busy_half_hour() -> Scenario:
    """Thirty callers, who come too fast; agents who come late, leave early, answer slowly, or do not."""
    agents = [
        *(AgentRow(id=f"a{n}", login_s=0, queues=("q",), skills={"loan": n % 2 + 1}) for n in range(3)),
        AgentRow(id="late", login_s=120, queues=("q",), answer_ms=4_000),
        AgentRow(id="leaves", login_s=0, logout_s=150, queues=("q",)),
        AgentRow(id="deaf", login_s=0, queues=("q",), accept=0.3, answer_ms=2_000),
    ]
    calls = [
        a_call(
            f"c{n:02}",
            5 + n * 9,
            30 + 20 * (n % 3),
            tier="vip" if n % 4 == 0 else "regular",
            skills={"loan": n % 2 + 1} if n % 3 == 0 else {},
            patience_s=60 if n % 5 == 0 else None,
        )
        for n in range(30)
    ]
    queue = Queue(name="q", ring_ms=60_000, wrap_up_ms=8_000, max_wait_ms=None)
    return Scenario(name="busy", queues=(queue,), rules=DAY.rules, agents=tuple(agents), calls=tuple(calls))


@pytest.mark.parametrize("dispatch", Dispatch)
def test_every_dispatch_serves_the_same_people(dispatch: Dispatch, temporary: Path) -> None:
    day = a_busy_half_hour()
    result = live.replay(day, dispatch=dispatch, speed=60)
    plain, cost = result.to_json(), result.cost
    assert (plain["dispatch"], plain["violations"]) == (dispatch, [])
    assert plain["summary"]["served"] + plain["summary"]["abandoned"] == len(day.calls)
    assert plain["summary"]["reconnects"] == 0
    assert {row["tier"] for row in plain["calls"] if row["outcome"] == "served"} == {"vip", "regular"}
    logged_in = {f.agent: f.queues for f in result.facts if isinstance(f, AgentMoved) and f.queues}
    assert logged_in == {agent.id: agent.queues for agent in day.agents}
    assert cost is not None
    assert (cost.http_requests > 0) == (dispatch is Dispatch.POLLING)
    assert ("polled_every_s" in plain["summary"]) == (dispatch is Dispatch.POLLING)
    assert min(cost.store_commands, cost.cpu_s, cost.bytes_in, cost.bytes_out) > 0
    assert left_behind(temporary) == []


def test_without_priority_calls_are_offered_as_they_came() -> None:
    """What an agent may take, he gets in the order of arrival; only offers that failed come again."""
    calls = tuple(a_call(f"c{n:02}", 10 + n, 20, tier="vip" if n % 2 else "regular") for n in range(8))
    agents = (AgentRow(id="ani", login_s=0, queues=("q",)),)
    day = Scenario(name="line", queues=DAY.queues, rules=DAY.rules, agents=agents, calls=calls)
    for dispatch in (Dispatch.POLLING, Dispatch.STREAM):
        facts = live.replay(day, dispatch=dispatch, speed=SPEED).facts
        came = [f.call for f in facts if isinstance(f, CallQueued)]
        assert len(came) == len(calls)
        assert [f.call for f in facts if isinstance(f, CallOffered)] == came


def test_ctrl_c_ends_it_and_leaves_nothing(temporary: Path) -> None:
    def stop(_gone: int, _all: int) -> None:
        os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        live.replay(DAY, speed=SPEED, progress=stop)
    assert left_behind(temporary) == []


def test_a_node_that_dies_is_told_of(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nodes: list[NodeProcess] = []
    monkeypatch.setattr(NodeProcess, "__enter__", entering(nodes))

    def kill(_gone: int, _all: int) -> None:
        os.kill(nodes[0].pid, signal.SIGKILL)

    with pytest.raises(NodeFailed, match="the node ended with status -9"):
        live.replay(DAY, speed=SPEED, progress=kill)
    assert left_behind(temporary) == []


def entering(nodes: list[NodeProcess]):  # type: ignore[no-untyped-def]
    enter = NodeProcess.__enter__

    def remembered(node: NodeProcess) -> NodeProcess:
        nodes.append(node)
        return enter(node)

    return remembered


def test_a_node_that_cannot_start_says_why(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    node = NodeProcess(DAY, 1.0)
    monkeypatch.setattr(node, "_text", "pool = 3\n")
    with pytest.raises(NodeFailed, match=r"ended with status 2.*pool = 3"), node:
        pytest.fail("it started")
    assert left_behind(temporary) == []


SCALED = {
    "the sample": SAMPLE,
    "everything": Scenario(
        name="x",
        queues=(Queue(name="q", steps=(Step(after_ms=60_000, drop_skills=("*",)),), head_start_ms=1),),
        rules=(Rule(when={"queue": ("q",)}, head_start_ms=1), Rule(band=3)),
    ),
}


@pytest.mark.parametrize("tables", SCALED.values(), ids=SCALED)
def test_a_node_gets_the_rules_at_speed(tables: Scenario, tmp_path: Path) -> None:
    path = tmp_path / "giliran.toml"
    scaled = tables.policy.scaled(60)
    path.write_text(config(tables, scaled))
    loaded = load(path)
    assert loaded.policy.queues == scaled.queues
    assert loaded.policy.timings == scaled.timings
    assert loaded.policy.rules == tuple(r for r in scaled.rules if r.head_start_ms or r.band)
    assert (loaded.ws_port, loaded.http_port) == (0, 0)
