"""What the README shows a planner is what the engine takes."""

import os
import re
from pathlib import Path

import pytest

from engine.__main__ import main

ROOT = Path(__file__).parent.parent
TRY_A_RULE = (ROOT / "README.md").read_text().partition("## Try a rule\n")[2].partition("\n## ")[0]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a directory with the scenarios, with nothing of ours in the environment."""
    monkeypatch.chdir(tmp_path)
    for name in [n for n in os.environ if n.startswith("GILIRAN_")]:
        monkeypatch.delenv(name)
    (tmp_path / "scenarios").symlink_to(ROOT / "scenarios")


def run(command: str) -> int:
    program, *arguments = command.split()
    assert program == "giliran"
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_the_rules_file_is_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    [rules] = re.findall(r"```toml\n(.*?)```", TRY_A_RULE, re.DOTALL)
    [compare] = re.findall(r"^giliran compare .*$", TRY_A_RULE, re.MULTILINE)
    (tmp_path / "trial.toml").write_text(rules)
    assert run(f"{compare} --window 11:30..11:45") == 0
    told = capsys.readouterr().out
    assert "queue general: wrap_up 20s → 15s\n" in told
    assert "rule tier=priority: head start 90s → 45s\n" in told
    assert (tmp_path / "report.html").exists()


def test_the_lines_of_the_call_log_are_imported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tables = re.findall(r"^\| (calls|agents) \| `(.*?)` \| `(.*?)` \|$", TRY_A_RULE, re.MULTILINE)
    assert [name for name, *_ in tables] == ["calls", "agents"]
    for name, columns, line in tables:
        (tmp_path / f"{name}.csv").write_text(f"{columns}\n{line}\n")
    [import_] = re.findall(r"`(giliran import .*?)`", TRY_A_RULE)
    assert run(import_) == 0
    assert capsys.readouterr() == ("day.toml: 1 calls, 1 agents\n", "")
    assert run("giliran replay day.toml") == 0


def test_rules_may_be_none(tmp_path: Path) -> None:
    [none] = re.findall(r'"(rules = \[\])" means no rule', TRY_A_RULE)
    (tmp_path / "none.toml").write_text(none)
    assert run("giliran compare scenarios/payday_rush.toml --rules none.toml --window 11:30..11:45") == 0
