"""What the journal's commands print: a story, lines that may be many, and how like a replay is to its day."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from engine import options
from engine.replay_output import configure_log

if TYPE_CHECKING:
    from engine.replay.journal.recording import Recorded
    from engine.replay.journal.sources import Journal
    from engine.replay.journal.telling import NoSuchCall
    from engine.replay.journal.words import Words

#: How a replay of a recorded day differs from it, and why; by `likeness.Kind` and `likeness.Cause`.
DIFFERENCES = {
    "only_first": "assigned on the day alone",
    "only_second": "assigned in the replay alone",
    "agent": "assigned to another agent",
    "moved": "assigned before or after others",
}
CAUSES = {
    "ends": "as the journal ends before",
    "commanded": "as a supervisor had a hand in it",
    "tie": "as it was a matter of the machine's milliseconds",
    "late": "as the store or the leader was away on the day",
    "follows": "as an earlier difference led to it",
    "unexplained": "for no known reason",
}


def told_likeness(made: "Recorded", tie_ms: int) -> int:
    """Replay what was recorded, and tell how like it is."""
    from engine.replay.journal.likeness import Cause, Run, compare
    from engine.replay.virtual import replay

    configure_log(live=False)
    again = replay(made.scenario)
    day = Run(made.facts, made.zero_at, end_at=made.end_at)
    like = compare(day, Run(again.facts, again.start_at, by_request=True), tie_ms=tie_ms)
    print(f"replayed: {like.same} of {like.first} assignments stand alike, {like.second} in all")
    print(f"replayed: the instants of the same assignments differ by {like.off_ms / 1000:g} s at most")
    for kind, cause in sorted({(d.kind, d.cause) for d in like.differences}):
        found = [d for d in like.differences if (d.kind, d.cause) == (kind, cause)]
        first = f"{found[0].call} at {found[0].at / 1000:.3f} s"
        print(f"replayed: {len(found)} {DIFFERENCES[kind]}, {CAUSES[cause]}; the first is {first}")
    return 1 if any(d.cause is Cause.UNEXPLAINED for d in like.differences) else 0


def print_stories(told: "Sequence[tuple[str, Words]]") -> None:
    """One after the other, each under the title of its run if it has one."""
    people = Console(highlight=False, soft_wrap=True, markup=False)
    for n, (title, words) in enumerate(told):
        if n:
            people.print()
        if title:
            people.rule(title, align="left")
        _print_story(people, words)


def _print_story(people: Console, words: "Words") -> None:
    people.print(words.title(), style="bold")
    for at, lines in words.course():
        people.print(f"  {at}  {lines[0]}")
        for line in lines[1:]:
            people.print(f"  {'':{len(at)}}    {line}", style="dim")
    for heading, *lines in filter(None, (words.passed(), words.ahead(), words.passed_by())):
        people.print(heading, style="bold" if lines else None)
        for line in lines:
            people.print(f"  {line}")
    if words.ending():
        people.print(words.ending())


def missing_text(missing: "NoSuchCall", read: "Journal") -> str:
    name, span = missing.args[0], read.span()
    if missing.several:
        return f"CALL_ID {name}: is the request of several calls: {', '.join(missing.several)}"
    near = f"; did you mean {' or '.join(missing.nearest)}?" if missing.nearest else ""
    if span is None or read.zero_at is not None:
        return f"CALL_ID {name}: expected a call of this journal{near}"
    since, until = (_instant(at, read) for at in span)
    return f"CALL_ID {name}: expected a call of this journal, {since} to {until}{near}"


def noted_if_empty(lines: Iterator[str], read: "Journal", from_at: int, to_at: int) -> Iterator[str]:
    """`lines`, and if there is a header alone, a note that the journal is of another time."""
    only_header = True
    for n, line in enumerate(lines):
        only_header = n == 0
        yield line
    span = read.span()
    if only_header and span is not None:
        asked, there = (" to ".join(_instant(at, read) for at in ends) for ends in ((from_at, to_at), span))
        print(f"giliran: note: nothing happened from {asked}; the journal is of {there}", file=sys.stderr)


def _instant(at: int, read: "Journal") -> str:
    """An instant to the minute; of a replay what its scenario's clock shows."""
    if read.midnight_at is not None:
        minutes = (at - read.midnight_at) // 60_000
        return f"{minutes // 60:02}:{minutes % 60:02}"
    return f"{datetime.fromtimestamp(at / 1000, read.zone):%Y-%m-%d %H:%M}"


def apart(out: Path | None, json_: Path | None, config: Path | None) -> None:
    """What is written is none of the files that are read."""
    if out is not None:
        inputs = [("--json", json_), options.settings_file(config)]
        for path in (out, _part(out)):
            options.apart({"--out": path}, inputs)


def _part(out: Path) -> Path:
    """Where lines stand until they are whole."""
    return out.with_name(out.name + ".part")


def write_lines(out: Path | None, lines: Iterator[str]) -> None:
    """Lines to standard output, or to a file that is there only once it is whole."""
    if out is None:
        with _unbroken():
            for line in lines:
                sys.stdout.write(line + "\n")
            sys.stdout.flush()
        return
    part = _part(out)

    def whole() -> None:
        with part.open("w", encoding="utf-8") as file:
            for line in lines:
                file.write(line + "\n")
        os.replace(part, out)

    try:
        options.writing("--out", out, whole)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _unbroken() -> Iterator[None]:
    """Whoever reads our output may stop reading (`| head`): then there is nothing more to do."""
    try:
        yield
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
