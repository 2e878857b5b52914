"""What the commands of planners write: JSON and pages into files, the rest where people read.

A day may take an hour to replay, so whether a file can be written is known before.
"""

import json
import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console

from engine import options

STANDARD = "-"


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
    return Console(stderr=str(json_) == STANDARD, highlight=False, soft_wrap=True, markup=False)


def print_differences(people: Console, title: str, first: str, said: Sequence[str]) -> None:
    """In what the rules of a run differ from the first's."""
    people.print(f"{title}, unlike {first}:" if said else f"{title}: the rules of {first}")
    for line in said:
        people.print(f"  {line}")


def say(text: str) -> None:
    print(f"giliran: {text}", file=sys.stderr)
