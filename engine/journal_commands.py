"""The commands that read what happened: why a call went so, what a day came to, and the day itself.

They read the pool's journal (of the configured store, of the embedded one whether its node runs or not), a
replay's result, or an exported journal. They change nothing.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter
from rich.console import Console

from engine import options
from engine.journal_input import between, opened
from engine.options import Usage

if TYPE_CHECKING:
    from engine.replay.journal.sources import Journal

JsonFile = Annotated[Path | None, Parameter(name="--json", allow_leading_hyphen=True)]
DAY_MS, MINUTE_MS = 86_400_000, 60_000

journal = App(name="journal", help="Export the journal, or turn a served day into a scenario.")


class Language(StrEnum):
    EN = "en"
    ID = "id"


def why(
    call_id: str,
    /,
    *,
    json_: JsonFile = None,
    redis: str | None = None,
    embedded: Path | None = None,
    lang: str = Language.EN.value,
    config: Path | None = None,
) -> None:
    """Tell why a call went as it did: its turn, each offer, whom it passed and by whom it was passed.

    Parameters
    ----------
    call_id
        The call's id, or its request's: in a replay the scenario's own.
    json_
        Read a replay's result (replay --json) or a journal exported as jsonl, instead of the pool's journal.
    redis
        URL of the pool's store; default as configured.
    embedded
        Directory of an embedded store, whether its node runs or not.
    lang
        en or id.
    config
        Settings; default giliran.toml if there is one.
    """
    language = options.choice("--lang", lang, Language)
    from engine.replay.journal.telling import NoSuchCall, tell
    from engine.replay.journal.words import Words

    with opened(json_, redis, embedded, config) as (read, _):
        try:
            told = tell(read, call_id)
        except NoSuchCall as missing:
            raise Usage(_missing(missing, read)) from None
        _print(Words.of(told, language.value, read.zone, read.zero_at))


def report(
    *,
    from_: Annotated[str | None, Parameter(name="--from")] = None,
    to: str | None = None,
    interval: str = "30m",
    by: str = "queue",
    out: Path | None = None,
    json_: JsonFile = None,
    redis: str | None = None,
    embedded: Path | None = None,
    config: Path | None = None,
) -> None:
    """Write what each queue or agent came to, interval by interval, as CSV.

    Parameters
    ----------
    from_
        2025-03-31, 2025-03-31T09:00, or a duration ago such as 8h; default today. Of a replay: 9h.
    to
        The same; default now.
    interval
        Part of a day, such as 15m, 1h or 1d; counted from midnight in the configured time zone.
    by
        queue or agent.
    out
        The file to write; default standard output.
    json_
        Read a replay's result or a journal exported as jsonl, instead of the pool's journal.
    redis
        URL of the pool's store; default as configured.
    embedded
        Directory of an embedded store, whether its node runs or not.
    config
        Settings; default giliran.toml if there is one.
    """
    from engine.replay.journal.report import By
    from engine.replay.journal.report import report as lines

    each = options.choice("--by", by, By)
    ms = options.duration("--interval", interval)
    if ms < MINUTE_MS or DAY_MS % ms:
        options.wrong("--interval", interval, 'a part of a day of 1m or more, such as "15m" or "1h"')
    with opened(json_, redis, embedded, config) as (read, settings):
        now = read.now()
        today = datetime.fromtimestamp(now / 1000, read.zone).replace(
            hour=0, minute=0, second=0, microsecond=0
        )
        begin = read.zero_at if read.zero_at is not None else round(today.timestamp() * 1000)
        from_at, to_at = between(read, from_, to, now)
        from_at = begin if from_at is None else from_at
        to_at = max(now, from_at + 1) if to_at is None else to_at
        _write(out, lines(read, settings.policy, each, from_at, to_at, ms, now=now))


@journal.command(name="export")
def export_(
    *,
    format_: Annotated[str, Parameter(name="--format")] = "jsonl",
    from_: Annotated[str | None, Parameter(name="--from")] = None,
    to: str | None = None,
    out: Path | None = None,
    json_: JsonFile = None,
    redis: str | None = None,
    embedded: Path | None = None,
    config: Path | None = None,
) -> None:
    """Write the journal as text. docs/journal.md describes the formats.

    Parameters
    ----------
    format_
        jsonl (a fact a line), csv (a call a line) or queue_log (Asterisk's).
    from_
        2025-03-31, 2025-03-31T09:00, or a duration ago such as 8h; default its beginning. Of a replay: 9h.
    to
        The same; default its end.
    out
        The file to write; default standard output.
    json_
        Read a replay's result or a journal exported as jsonl, instead of the pool's journal.
    redis
        URL of the pool's store; default as configured.
    embedded
        Directory of an embedded store, whether its node runs or not.
    config
        Settings; default giliran.toml if there is one.
    """
    from engine.replay.journal.exports import Format, export

    form = options.choice("--format", format_, Format)
    with opened(json_, redis, embedded, config) as (read, _):
        from_at, to_at = between(read, from_, to, read.now())
        _write(out, export(read, form, from_at, to_at))


# what is written


def _print(words: Any) -> None:
    people = Console(highlight=False, soft_wrap=True, markup=False)
    people.print(words.title(), style="bold")
    for at, lines in words.course():
        people.print(f"  {at}  {lines[0]}")
        for line in lines[1:]:
            people.print(f"  {'':{len(at)}}    {line}", style="dim")
    for heading, *lines in (words.passed(), words.passed_by()):
        people.print(heading, style="bold" if lines else None)
        for line in lines:
            people.print(f"  {line}")
    if words.ending():
        people.print(words.ending())


def _missing(missing: Any, read: "Journal") -> str:
    name, span = missing.args[0], read.span()
    if missing.several:
        return f"CALL_ID {name}: is the request of several calls: {', '.join(missing.several)}"
    near = f"; did you mean {' or '.join(missing.nearest)}?" if missing.nearest else ""
    if span is None or read.zero_at is not None:
        return f"CALL_ID {name}: expected a call of this journal{near}"
    since, until = (f"{datetime.fromtimestamp(at / 1000, read.zone):%Y-%m-%d %H:%M}" for at in span)
    return f"CALL_ID {name}: expected a call of this journal, {since} to {until}{near}"


def _write(out: Path | None, lines: Iterator[str]) -> None:
    """Lines to standard output, or to a file that is there only once it is whole."""
    if out is None:
        with _unbroken():
            for line in lines:
                sys.stdout.write(line + "\n")
            sys.stdout.flush()
        return
    part = out.with_name(out.name + ".part")

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
