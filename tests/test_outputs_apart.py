"""What a command writes is none of the files that it reads, and no two of them are one."""

import os
from pathlib import Path

import pytest

from tests.planner import DAY, at_a_desk, run

CALLS = "call_id,arrive_s,queue,tier,skills,handle_s,patience_s\nc1,0,q,,,60,\n"
AGENTS = "agent_id,login_s,logout_s,queues,skills\nani,0,,q,\n"
BESIDE = DAY.split("[[agents]]")[0]


@pytest.fixture(autouse=True)
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at_a_desk(tmp_path, monkeypatch)
    Path("calls.csv").write_text(CALLS)
    Path("agents.csv").write_text(AGENTS)
    Path("beside.toml").write_text(f'calls_csv = "calls.csv"\nagents_csv = "agents.csv"\n{BESIDE}')
    Path("day.jsonl").write_text("{}\n")
    Path("day.csv.part").write_text("{}\n")
    Path("giliran.toml").write_text("")
    Path("soft.toml").symlink_to("day.toml")
    os.link("b.toml", "hard.toml")


def wrong(option: str, path: str, other: str) -> str:
    return f"giliran: {option} {path}: expected another file than {other}\n"


IMPORT = "import --calls calls.csv --agents agents.csv --out"
CLASHES = [
    (f"{IMPORT} calls.csv", wrong("--out", "calls.csv", "--calls")),
    (f"{IMPORT} ./agents.csv", wrong("--out", "agents.csv", "--agents")),
    ("replay day.toml --json day.toml", wrong("--json", "day.toml", "SCENARIO")),
    ("replay day.toml --html soft.toml", wrong("--html", "soft.toml", "SCENARIO")),
    ("replay soft.toml --html day.toml", wrong("--html", "day.toml", "SCENARIO")),
    ("replay day.toml --rules b.toml --html hard.toml", wrong("--html", "hard.toml", "--rules")),
    ("replay beside.toml --json calls.csv", wrong("--json", "calls.csv", "calls_csv of SCENARIO")),
    ("replay beside.toml --html agents.csv", wrong("--html", "agents.csv", "agents_csv of SCENARIO")),
    ("replay day.toml --json new --html ./new", wrong("--json", "new", "--html")),
    ("compare day.toml --rules b.toml --html day.toml", wrong("--html", "day.toml", "SCENARIO")),
    ("compare day.toml --rules b.toml,c.toml --html c.toml", wrong("--html", "c.toml", "--rules")),
    ("compare day.toml --rules b.toml --rules c.toml --json c.toml", wrong("--json", "c.toml", "--rules")),
    (
        "compare beside.toml --rules b.toml --json calls.csv",
        wrong("--json", "calls.csv", "calls_csv of SCENARIO"),
    ),
    ("compare day.toml --dispatch priority --json x --html x", wrong("--json", "x", "--html")),
    ("report --json day.jsonl --out day.jsonl", wrong("--out", "day.jsonl", "--json")),
    ("report --json day.csv.part --out day.csv", wrong("--out", "day.csv.part", "--json")),
    ("report --json day.jsonl --config b.toml --out hard.toml", wrong("--out", "hard.toml", "--config")),
    ("journal export --json day.jsonl --out day.jsonl", wrong("--out", "day.jsonl", "--json")),
    ("journal export --out giliran.toml", wrong("--out", "giliran.toml", "the settings")),
    ("journal record --json day.jsonl --out day.jsonl", wrong("--out", "day.jsonl", "--json")),
]


@pytest.mark.parametrize(("line", "said"), CLASHES, ids=[line for line, _ in CLASHES])
def test_nothing_is_written_over_what_is_read(
    line: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path: path.read_bytes() for path in Path().iterdir()}
    assert run(*line.split()) == 2
    assert capsys.readouterr().err == said
    assert {path: path.read_bytes() for path in Path().iterdir()} == before


def test_other_files_are_written_again_and_what_is_no_file_takes_both() -> None:
    for _ in range(2):
        assert run("replay", "beside.toml", "--json", "r.json", "--html", "r.html") == 0
    assert run("replay", "day.toml", "--json", "/dev/null", "--html", "/dev/null") == 0
    assert run(*IMPORT.split(), "day.toml") == 0
