"""A small day and its rules, on disk, and the command line to try them with."""

import os
from pathlib import Path

import pytest

from engine.__main__ import main

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


#: What each file holds.
FILES = {
    "day.toml": DAY,
    "b.toml": RULES,
    "c.toml": RULES.replace("60s", "5s"),
    "bad.toml": '[[rules]]\nwhen = { queue = "nope" }\nhead_start = "1s"\n',
}


def at_a_desk(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In that directory with those files, with nothing of ours in the environment."""
    monkeypatch.chdir(directory)
    for name in [n for n in os.environ if n.startswith("GILIRAN_")]:
        monkeypatch.delenv(name)
    for name, text in FILES.items():
        Path(name).write_text(text)


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    assert isinstance(ended.value.code, int)
    return ended.value.code
