"""The commands that read what happened: why a call went so, what a day came to, and the day itself.

They read the pool's journal (of the configured store, of the embedded one whether its node runs or not), a
replay's result, or an exported journal. They change nothing.
"""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from engine import options
from engine.journal_input import between, midnight, opened, opened_runs
from engine.journal_output import (
    apart,
    missing_text,
    noted_if_empty,
    print_stories,
    told_likeness,
    write_lines,
)
from engine.options import Usage
from engine.tables import ConfigError

JsonFile = Annotated[Path | None, Parameter(name="--json", allow_leading_hyphen=True)]
Flag = Annotated[bool, Parameter(negative="")]
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
        Read a replay's result (replay --json), a comparison (compare --json: the call's story under each run)
        or a journal exported as jsonl, instead of the pool's journal.
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

    with opened_runs(json_, redis, embedded, config) as runs:
        told = []
        for title, read in runs:
            try:
                told.append((title, Words.of(tell(read, call_id), language.value, read)))
            except NoSuchCall as missing:
                raise Usage(missing_text(missing, read)) from None
        print_stories(told)


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
        2025-03-31, 2025-03-31T09:00, today's 09:00, or a duration ago such as 8h; default today. Of a
        replay: 09:00 by its scenario's clock, or 1h from its beginning.
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
    apart(out, json_, config)
    with opened(json_, redis, embedded, config) as (read, rules):
        now = read.now()
        begin = read.zero_at if read.zero_at is not None else midnight(read, now)
        from_at, to_at = between(read, from_, to, now)
        from_at = begin if from_at is None else from_at
        to_at = max(now, from_at + 1) if to_at is None else to_at
        rows = lines(read, rules.policy, each, from_at, to_at, ms, now=now)
        write_lines(out, noted_if_empty(rows, read, from_at, to_at))


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
        2025-03-31, 2025-03-31T09:00, today's 09:00, or a duration ago such as 8h; default its beginning. Of
        a replay: 09:00 by its scenario's clock, or 1h from its beginning.
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
    apart(out, json_, config)
    with opened(json_, redis, embedded, config) as (read, _):
        from_at, to_at = between(read, from_, to, read.now())
        write_lines(out, export(read, form, from_at, to_at))


@journal.command(name="record")
def record_(
    *,
    out: Path,
    from_: Annotated[str | None, Parameter(name="--from")] = None,
    to: str | None = None,
    check: Flag = False,
    json_: JsonFile = None,
    redis: str | None = None,
    embedded: Path | None = None,
    config: Path | None = None,
) -> int:
    """Turn a served day into a scenario whose replay serves it again, under the configured queues and rules.

    Parameters
    ----------
    out
        The scenario to write.
    from_
        2025-03-31, 2025-03-31T09:00, today's 09:00, or a duration ago such as 8h; default its beginning. Of
        a replay: 09:00 by its scenario's clock, or 1h from its beginning.
    to
        The same; default its end. Callers who asked before that are followed until they leave.
    check
        Also replay it in virtual time, and tell where its assignments differ from those of the day and why.
        Status 1 if a difference is not explained.
    json_
        Read a replay's result or a journal exported as jsonl, instead of the pool's journal.
    redis
        URL of the pool's store; default as configured.
    embedded
        Directory of an embedded store, whether its node runs or not.
    config
        Settings; default giliran.toml if there is one.
    """
    from engine.replay.journal.recording import NothingToRecord, record
    from engine.replay.scenario import as_name, dump_scenario

    apart(out, json_, config)
    with opened(json_, redis, embedded, config) as (read, rules):
        from_at, to_at = between(read, from_, to, read.now())
        edges = {"from_at": from_at, "to_at": to_at}
        try:
            made = record(read, rules.policy, name=as_name(out.stem), labels=rules.labels, **edges)
        except NothingToRecord as nothing:
            raise Usage(f"there is nothing to record: {nothing}") from None
    mistakes = list(made.scenario.mistakes())
    if mistakes:
        raise ConfigError("the recorded day does not fit the configured rules", mistakes)
    options.writing("--out", out, lambda: out.write_text(dump_scenario(made.scenario), encoding="utf-8"))
    for note in made.notes:
        print(f"giliran: note: {note}", file=sys.stderr)
    print(f"{out}: {len(made.scenario.calls)} calls, {len(made.scenario.agents)} log-ins of agents")
    return told_likeness(made, read.latency_ms) if check else 0
