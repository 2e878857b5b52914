"""`giliran compare` and the report of `giliran replay`: what they write, and a message for each mistake."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from engine import compare_command
from engine.__main__ import main
from engine.interrupts import Stopped
from engine.replay.comparison import Run
from engine.replay.sample import Day

DAY = """
[[queues]]
name = "q"
wrap_up = "0s"

[[agents]]
id = "ani"
login_s = 0
queues = ["q"]

[[calls]]
id = "first"
arrive_s = 0
queue = "q"
handle_s = 50
[[calls]]
id = "early"
arrive_s = 10
queue = "q"
handle_s = 50
[[calls]]
id = "vip"
arrive_s = 20
queue = "q"
tier = "vip"
handle_s = 50
"""
RULES = '[[rules]]\nwhen = { tier = "vip" }\nhead_start = "60s"\n'


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a directory with a day and some rules, with nothing of ours in the environment."""
    monkeypatch.chdir(tmp_path)
    for name in [n for n in os.environ if n.startswith("GILIRAN_")]:
        monkeypatch.delenv(name)
    Path("day.toml").write_text(DAY)
    Path("b.toml").write_text(RULES)
    Path("c.toml").write_text(RULES.replace("60s", "5s"))
    Path("bad.toml").write_text('[[rules]]\nwhen = { queue = "nope" }\nhead_start = "1s"\n')


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    assert isinstance(ended.value.code, int)
    return ended.value.code


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


def test_rules_are_compared_with_those_of_the_scenario(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("compare", "day.toml", "--rules", "b.toml", "--json", "r.json", "--html", "r.html") == 0
    told = capsys.readouterr().out
    assert "2 of 3 calls went otherwise under b than under as it is" in told
    assert "Now goes before early" in told or "now goes before early" in told
    plain = json.loads(Path("r.json").read_text())
    assert [run["title"] for run in plain["runs"]] == ["as it is", "b"]
    assert {change["call_id"] for change in plain["runs"][1]["changed"]} == {"early", "vip"}
    assert "<h1>day: as it is · b</h1>" in Path("r.html").read_text()


def test_what_differs_is_told_before_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    Path("q.toml").write_text('[[queues]]\nname = "q"\nwrap_up = "5s"\n')
    assert (
        run("compare", "day.toml", "--rules", "b.toml,c.toml", "--rules", "q.toml", "--json", "r.json") == 0
    )
    told = capsys.readouterr().out
    table = told.index("Wait, mean")
    assert told.index("c, unlike b:\n  rule tier=vip: head start 1m → 5s\n") < table
    gone = "q, unlike b:\n  queue q: wrap_up 0s → 5s\n  rule tier=vip is gone (head start 1m)\n"
    assert told.index(gone) < table
    assert "of 3 calls went otherwise under c than under b" in told
    assert "of 3 calls went otherwise under q than under b" in told
    runs = json.loads(Path("r.json").read_text())["runs"]
    assert [run["title"] for run in runs] == ["b", "c", "q"]
    assert [run["differences"] for run in runs][:2] == [[], ["rule tier=vip: head start 1m → 5s"]]
    assert [run["changed"] is None for run in runs] == [True, False, False]


def test_why_tells_a_call_of_a_comparison_under_each_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("compare", "day.toml", "--rules", "b.toml", "--json", "r.json") == 0
    capsys.readouterr()
    assert run("why", "vip", "--json", "r.json") == 0
    as_it_is, b = capsys.readouterr().out.split("\n\n")
    assert as_it_is.startswith("as it is ─")
    assert "connected, having waited 1 min 20 s" in as_it_is
    assert b.startswith("b ─")
    assert "connected, having waited 30 s" in b
    assert run("why", "vop", "--json", "r.json") == 2
    assert "CALL_ID vop: expected a call of this journal; did you mean" in capsys.readouterr().err


def test_seven_rules_files_are_too_many(capsys: pytest.CaptureFixture[str]) -> None:
    names = [f"r{n}.toml" for n in range(7)]
    for name in names:
        Path(name).write_text(RULES)
    assert run("compare", "day.toml", "--rules", ",".join(names)) == 2
    assert "expected up to 6 files, each once" in capsys.readouterr().err


def test_a_file_that_changes_nothing_is_the_day_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    Path("empty.toml").write_text("# nothing\n")
    assert run("compare", "day.toml", "--rules", "empty.toml,b.toml", "--json", "r.json") == 0
    note = "empty changes none of the scenario's rules: that run is the day as it is"
    assert f"giliran: note: {note}" in capsys.readouterr().err.splitlines()
    assert json.loads(Path("r.json").read_text())["notes"] == [note]


def test_a_rule_that_matches_nobody_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    Path("teir.toml").write_text(RULES.replace("tier", "teir"))
    note = 'rules[0] (teir=vip) matches none of 3 calls; did you mean "tier"?'
    assert run("compare", "day.toml", "--rules", "b.toml,teir.toml") == 0
    assert f"giliran: note: teir: {note}" in capsys.readouterr().err.splitlines()
    assert run("replay", "day.toml", "--rules", "teir.toml") == 0
    assert f"giliran: note: {note}" in capsys.readouterr().err.splitlines()


def test_each_run_tells_which_expectations_it_keeps(capsys: pytest.CaptureFixture[str]) -> None:
    wait = '[[expect]]\nmeasure = "max_wait_s"\ntier = "vip"\nmax = {}\n'
    Path("day.toml").write_text(DAY + wait.format(20) + wait.format(60))
    assert run("compare", "day.toml", "--rules", "b.toml", "--json", "r.json") == 0
    told = capsys.readouterr().out
    vip = "max_wait_s of tier vip: expected at most"
    assert f"as it is: kept 0 of 2 expectations; violated: {vip} 20, found 80; {vip} 60, found 80\n" in told
    assert f"b: kept 1 of 2 expectations; violated: {vip} 20, found 30\n" in told
    runs = json.loads(Path("r.json").read_text())["runs"]
    assert [(run["expectations"], len(run["unkept"])) for run in runs] == [(2, 2), (2, 1)]


def test_a_day_is_replayed_under_other_rules(capsys: pytest.CaptureFixture[str]) -> None:
    waits = []
    for options in ([], ["--rules", "b.toml"]):
        assert run("replay", "day.toml", *options, "--json", "r.json") == 0
        calls = json.loads(Path("r.json").read_text())["calls"]
        waits.append({call["call_id"]: call["wait_s"] for call in calls})
    assert waits == [{"first": 0, "early": 40, "vip": 80}, {"first": 0, "early": 90, "vip": 30}]
    assert "b, unlike the scenario:\n  rule tier=vip is new (head start 1m)\n" in capsys.readouterr().out


def test_a_file_that_cannot_be_written_is_told_before_anything_is_replayed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("engine.compare_command.replayed", lambda *_: pytest.fail("it replays"))
    assert run("compare", "day.toml", "--rules", "b.toml", "--html", "none/x.html", "--json", "r.json") == 2
    assert not Path("r.json").exists()
    Path("kept.json").write_text("{}")
    assert run("compare", "day.toml", "--rules", "bad.toml", "--json", "kept.json") == 2
    assert Path("kept.json").read_text() == "{}"


def test_two_files_are_compared_with_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("compare", "day.toml", "--rules", "b.toml,c.toml", "--json", "-") == 0
    out, err = capsys.readouterr()
    plain = json.loads(out)
    assert [run["title"] for run in plain["runs"]] == ["b", "c"]
    assert [run["mode"] for run in plain["runs"]] == ["virtual", "virtual"]
    assert "Wait, mean" in err


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


@pytest.mark.parametrize(("finished", "titles"), [(1, ["as it is"]), (2, ["as it is", "b"])])
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
