"""What the commands of planners write: JSON and pages into files, the rest where people read.

A day may take an hour to replay, so whether a file can be written is known before.
"""

import json
import os
import shlex
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from logging import ERROR, WARNING
from pathlib import Path
from typing import Any

from rich.console import Console

from engine import options
from engine.observability import log
from engine.settings import LogFormat
from engine.tables import read_toml

STANDARD = "-"
#: Of tables in files and pipes, whose readers scroll.
WIDE = 240
#: The keys of a scenario that name files beside it.
BESIDE = ("agents_csv", "calls_csv")


def apart(json_: Path | None, html: Path | None, scenario: Path, rules: Iterable[str | Path]) -> None:
    """What a replay writes is none of the files that it reads."""
    outputs = {"--html": html, "--json": None if str(json_) == STANDARD else json_}
    inputs = [("SCENARIO", scenario), *(("--rules", Path(path)) for path in rules)]
    options.apart(outputs, inputs)
    if any(path is not None and path.is_file() for path in outputs.values()) and scenario.is_file():
        options.apart(outputs, _beside(scenario))


def _beside(scenario: Path) -> Iterator[tuple[str, Path]]:
    """The files that a scenario names. One that holds its rows itself may be long, and is not read for it."""
    if not any(key.encode() in scenario.read_bytes() for key in BESIDE):
        return
    raw = read_toml(scenario)
    for key in BESIDE:
        if isinstance(named := raw.get(key), str):
            yield f"{key} of SCENARIO", scenario.parent / named


def configure_log(*, live: bool) -> None:
    """Errors, and in real time warnings. What happens to a virtual node is its scenario's doing."""
    log.configure(LogFormat.CONSOLE, level=WARNING if live else ERROR)


@contextmanager
def writable(option: str, path: Path | None) -> Iterator[None]:
    """The file is there and can be written, or `Usage` says why not. If nothing comes into it, it goes."""
    if path is None or str(path) == STANDARD or (path.exists() and not (path.is_file() or path.is_dir())):
        yield
        return
    new = not path.exists()
    options.writing(option, path, lambda: path.open("a").close())
    try:
        yield
    finally:
        if new and path.is_file() and not path.stat().st_size:
            path.unlink()


def write_json(path: Path | None, plain: dict[str, Any]) -> None:
    if path is None:
        return
    text = json.dumps(plain, allow_nan=False) + "\n"
    if str(path) == STANDARD:
        sys.stdout.write(text)
    else:
        options.writing("--json", path, lambda: path.write_text(text, encoding="utf-8"))


def write_html(path: Path, made: Callable[[], str]) -> None:
    text = made()
    options.writing("--html", path, lambda: path.write_text(text, encoding="utf-8"))


def again(command: str, scenario: Path, **given: str | Path | bool | None) -> str:
    """The command line that makes a page again."""
    parts = ["giliran", command, str(scenario)]
    for option, value in given.items():
        if value:
            parts += [f"--{option}"] if value is True else [f"--{option}", str(value)]
    return shlex.join(parts)


def people_at(json_: Path | None) -> Console:
    """Where people read: not where JSON goes."""
    where = Console(stderr=str(json_) == STANDARD, highlight=False, soft_wrap=True, markup=False)
    if not where.is_terminal and "COLUMNS" not in os.environ:
        where.width = WIDE
    return where


def print_differences(people: Console, title: str, first: str, said: Sequence[str]) -> None:
    """In what the rules of a run differ from the first's."""
    people.print(f"{title}, unlike {first}:" if said else f"{title}: the rules of {first}")
    for line in said:
        people.print(f"  {line}")


def say(text: str) -> None:
    print(f"giliran: {text}", file=sys.stderr)
