"""Rules files on the command line: what compare, replay and why tell of a day under other rules."""

import json
from pathlib import Path

import pytest

from tests.planner import DAY, RULES, at_a_desk, run


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at_a_desk(tmp_path, monkeypatch)


def test_rules_are_compared_with_those_of_the_scenario(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("compare", "day.toml", "--rules", "b.toml", "--json", "r.json", "--html", "r.html") == 0
    told = capsys.readouterr().out
    assert "2 of 3 calls went otherwise under b than under own rules" in told
    assert "Now goes before early" in told or "now goes before early" in told
    plain = json.loads(Path("r.json").read_text())
    assert [run["title"] for run in plain["runs"]] == ["own rules", "b"]
    assert {change["call_id"] for change in plain["runs"][1]["changed"]} == {"early", "vip"}
    assert "<h1>day: own rules · b</h1>" in Path("r.html").read_text()


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
    assert as_it_is.startswith("own rules ─")
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
    note = "empty changes none of the scenario's rules: that run has the day's own"
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
    runs = json.loads(Path("r.json").read_text())["runs"]
    assert [(run["expectations"], len(run["unkept"])) for run in runs] == [(2, 2), (2, 1)]
    first, second = runs[0]["unkept"]
    assert f"own rules: kept 0 of 2 expectations; violated: {first}; {second}\n" in told
    assert f"b: kept 1 of 2 expectations; violated: {runs[1]['unkept'][0]}\n" in told


def test_a_day_is_replayed_under_other_rules(capsys: pytest.CaptureFixture[str]) -> None:
    waits = []
    for options in ([], ["--rules", "b.toml"]):
        assert run("replay", "day.toml", *options, "--json", "r.json") == 0
        calls = json.loads(Path("r.json").read_text())["calls"]
        waits.append({call["call_id"]: call["wait_s"] for call in calls})
    assert waits == [{"first": 0, "early": 40, "vip": 80}, {"first": 0, "early": 90, "vip": 30}]
    assert "b, unlike the scenario:\n  rule tier=vip is new (head start 1m)\n" in capsys.readouterr().out


def test_two_files_are_compared_with_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("compare", "day.toml", "--rules", "b.toml,c.toml", "--json", "-") == 0
    out, err = capsys.readouterr()
    plain = json.loads(out)
    assert [run["title"] for run in plain["runs"]] == ["b", "c"]
    assert [run["mode"] for run in plain["runs"]] == ["virtual", "virtual"]
    assert "Wait, mean" in err


def test_several_seeds_tell_what_is_chance(capsys: pytest.CaptureFixture[str]) -> None:
    lucky = DAY.replace('queues = ["q"]', 'queues = ["q"]\naccept = 0.5\nrefusal = "declined"')
    Path("day.toml").write_text(lucky)
    assert (
        run(
            "compare", "day.toml", "--rules", "b.toml", "--seeds", "3", "--json", "r.json", "--html", "r.html"
        )
        == 0
    )
    out = capsys.readouterr().out
    assert "day: 3 calls, seed 1; means of 3 days, seeds 1 to 3" in out
    assert " ± " in out
    spread = json.loads(Path("r.json").read_text())["spread"]
    assert spread["seeds"] == [1, 2, 3]
    assert spread["differences"][0]["tier vip"]["mean_wait_s"]["mean"] < 0
    assert "means over 3 days" in Path("r.html").read_text()
    assert "--seeds 3" in Path("r.html").read_text()


def test_a_day_without_chance_is_the_same_by_every_seed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("compare", "day.toml", "--rules", "b.toml", "--seeds", "2", "--json", "r.json") == 0
    out, err = capsys.readouterr()
    assert "note: nothing of this day is left to chance: it is the same by every seed, and replayed" in err
    assert "±" not in out
    assert json.loads(Path("r.json").read_text())["spread"] is None


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--rules", "b.toml", "--seeds", "1"), "--seeds 1: expected 2 to 1000"),
        (("--rules", "b.toml", "--seeds", "x"), "--seeds x: expected a whole number, 0 or more"),
        (
            ("--rules", "b.toml", "--live", "--seeds", "3"),
            "--seeds 3: expected with --rules, in virtual time",
        ),
        (("--dispatch", "priority", "--seeds", "3"), "--seeds 3: expected with --rules, in virtual time"),
    ],
)
def test_seeds_that_cannot_be_are_refused(
    options: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("compare", "day.toml", *options) == 2
    assert said in capsys.readouterr().err


def test_a_page_tells_the_command_that_makes_it_again() -> None:
    assert run("compare", "day.toml", "--rules", "b.toml", "--rules", "c.toml", "--html", "r.html") == 0
    again = "giliran compare day.toml --rules b.toml,c.toml --html r.html"
    assert f"<code>{again}</code>" in Path("r.html").read_text()
    more = ["--rules", "b.toml", "--window", "0s..1m", "--seed", "3"]
    assert run("replay", "day.toml", "--html", "my r.html", *more) == 0
    again = "giliran replay day.toml --rules b.toml --seed 3 --window 0s..1m --html &#x27;my r.html&#x27;"
    page = Path("my r.html").read_text()
    assert f"<code>{again}</code>" in page.replace("&#39;", "&#x27;").replace("'", "&#x27;")
