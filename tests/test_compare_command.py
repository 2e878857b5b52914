"""`giliran compare` and the report of `giliran replay`: what they write, and a message for each mistake."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from engine import compare_command
from engine.interrupts import Stopped
from engine.replay.comparison import Run
from engine.replay.sample import Day
from tests.planner import DAY, at_a_desk, run


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at_a_desk(tmp_path, monkeypatch)


MISTAKES = [
    ([], "compare: expected either --dispatch"),
    (["--dispatch", "priority", "--rules", "b.toml"], "compare: expected either --dispatch"),
    (["--dispatch", "polling,pulling"], "--dispatch pulling: expected one of polling, stream, priority"),
    (["--dispatch", "polling,polling"], "--dispatch polling,polling: expected each once"),
    (["--rules", "none.toml"], "--rules none.toml: expected a file that exists"),
    (["--rules", "b.toml,./b.toml"], "--rules b.toml,./b.toml: expected up to 6 files, each once"),
    (["--rules", "b.toml,b"], "--rules b: expected a file that exists"),
    (["--rules", "b.toml", "c.toml"], "expected one scenario; several rules files are written --rules A,B"),
    (["--rules", "a,b,c"], "--rules a: expected a file that exists"),
    (["--rules", "bad.toml"], "bad.toml with day: rules[0].when.queue = 'nope': expected one that is listed"),
    (["--rules", "b.toml", "--speed", "2"], "--speed 2: expected with --live"),
    (["--rules", "b.toml", "--window", "3"], "--window 3: expected START..END"),
    (
        ["--rules", "b.toml", "--window", "1h..2h"],
        "--window 1h..2h: expected a part of the day in which calls come; they come from 00:00 to 00:00:20",
    ),
    (["--rules", "b.toml", "--json", "none/x"], "--json none/x: cannot be written: No such file"),
    (["--rules", "b.toml", "--json", "."], "--json .: cannot be written: Is a directory"),
    (["--rules", "b.toml", "--html", "none/x.html"], "--html none/x.html: cannot be written"),
]


@pytest.mark.parametrize(("options", "said"), MISTAKES, ids=lambda value: " ".join(value)[:40])
def test_a_mistake_is_told_in_one_line(
    options: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("compare", "day.toml", *options) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("giliran: ")
    assert said in line


REPLAY_MISTAKES = [
    (["--dispatch", "stream", "--virtual"], "--dispatch stream: expected without --virtual"),
    (["--dispatch", "fifo"], "--dispatch fifo: expected one of polling, stream, priority"),
    (["--html", "none/x.html"], "--html none/x.html: cannot be written"),
    (["--rules", "none.toml"], "--rules none.toml: expected a file that exists"),
    (["--rules", "bad.toml"], "bad.toml with day: rules[0].when.queue = 'nope': expected one that is listed"),
]


@pytest.mark.parametrize(("options", "said"), REPLAY_MISTAKES, ids=lambda value: " ".join(value)[:40])
def test_a_replay_says_what_it_cannot_do(
    options: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("replay", "day.toml", *options) == 2
    assert said in capsys.readouterr().err


def test_a_file_that_cannot_be_written_is_told_before_anything_is_replayed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("engine.compare_command.replayed", lambda *_: pytest.fail("it replays"))
    assert run("compare", "day.toml", "--rules", "b.toml", "--html", "none/x.html", "--json", "r.json") == 2
    assert not Path("r.json").exists()
    Path("kept.json").write_text("{}")
    assert run("compare", "day.toml", "--rules", "bad.toml", "--json", "kept.json") == 2
    assert Path("kept.json").read_text() == "{}"


def test_arrivals_by_rates_are_drawn_by_the_seed(capsys: pytest.CaptureFixture[str]) -> None:
    rates = """
[[arrivals]]
to_s = 600
per_hour = 600
mix = [{ queue = "q" }]
handle = { distribution = "constant", value_s = 5 }
"""
    Path("rates.toml").write_text(DAY + rates)
    found = []
    for seed in ("1", "1", "2"):
        assert run("compare", "rates.toml", "--rules", "b.toml", "--json", "-", "--seed", seed) == 0
        out, err = capsys.readouterr()
        found.append(json.loads(out))
        assert f"rates: {found[-1]['runs'][0]['measures']['calls']:.0f} calls, seed {seed}" in err
    assert found[0] == found[1]
    assert found[0]["runs"] != found[2]["runs"]
    assert found[0]["runs"][0]["measures"]["calls"] > 50


def test_the_engine_alone_runs_in_virtual_time(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("compare", "day.toml", "--dispatch", "priority", "--json", "-") == 0
    [only] = json.loads(capsys.readouterr().out)["runs"]
    assert (only["mode"], only["dispatch"]) == ("virtual", "priority")


def test_a_replay_has_a_report() -> None:
    assert run("replay", "day.toml", "--html", "r.html") == 0
    assert "<h1>day</h1>" in Path("r.html").read_text()


def test_ctrl_c_ends_a_comparison_cleanly() -> None:
    """A day of a million seconds and many calls, stopped once it runs."""
    calls = "".join(
        f'[[calls]]\nid = "x{n}"\narrive_s = {n}\nqueue = "q"\nhandle_s = 1\n' for n in range(20_000)
    )
    Path("long.toml").write_text(DAY + calls)
    command = [sys.executable, "-c", STARTED, "compare", "long.toml", "--rules", "b.toml", "--json", "r.json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "replaying\n"
        process.send_signal(signal.SIGINT)
        _, err = process.communicate()
    assert process.returncode == 130, err[-3000:]
    assert err == "giliran: stopped\n"
    assert not Path("r.json").exists()


@pytest.mark.parametrize(("finished", "titles"), [(1, ["own rules"]), (2, ["own rules", "b"])])
def test_what_was_over_when_a_comparison_was_stopped_is_told(
    finished: int, titles: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    replayed = compare_command.replayed

    def until_stopped(runs: list[Run], speed: float, seed: int) -> list[Day]:
        raise Stopped(replayed(runs[:finished], speed, seed))

    monkeypatch.setattr(compare_command, "replayed", until_stopped)
    assert run("compare", "day.toml", "--rules", "b.toml", "--json", "r.json", "--html", "r.html") == 130
    out, err = capsys.readouterr()
    assert "Wait, mean" in out
    note = f"giliran: note: stopped; told is what was over: {', '.join(titles)}"
    assert err.splitlines() == [note, "giliran: stopped"]
    assert [run["title"] for run in json.loads(Path("r.json").read_text())["runs"]] == titles
    assert Path("r.html").exists()


#: The command line, which says when the first call has come.
STARTED = """
import sys
from engine.__main__ import main
from engine.replay import virtual
replay = virtual.replay

def told(scenario, seed, progress):
    def first(come, total):
        if come == 1:
            print("replaying", flush=True)
        progress(come, total)
    return replay(scenario, seed, first)

virtual.replay = told
main(sys.argv[1:])
"""
