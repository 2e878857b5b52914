"""The live replay, with real processes: it tells what virtual time tells, and leaves nothing behind."""

import os
import signal
from pathlib import Path

import pytest

from engine.config import load
from engine.domain.rules import Queue, Rule, Step
from engine.policy_file import SAMPLE
from engine.replay import live, virtual
from engine.replay.node_process import NodeFailed, NodeProcess, config
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
