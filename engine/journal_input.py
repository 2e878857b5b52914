"""Which journal a command reads, and which part of it: options as a journal and instants."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.progress import Progress

from engine import options
from engine.options import Usage
from engine.settings import Settings
from engine.tables import Expected, duration_ms

if TYPE_CHECKING:
    from engine.policy_file import PolicyTables
    from engine.replay.journal.sources import Journal


@contextmanager
def opened(
    json_: Path | None, redis_url: str | None, embedded: Path | None, config: Path | None
) -> "Iterator[tuple[Journal, PolicyTables | Settings]]":
    """The journal that is asked for, and the rules: a replay's own, or those of the settings.

    What is wrong with it is the user's to put right.
    """
    given = {"--json": json_, "--redis": redis_url, "--embedded": embedded}
    both = [name for name, value in given.items() if value is not None]
    if len(both) > 1:
        raise Usage(f"{both[1]}: expected without {both[0]}: one journal is read")
    settings = options.settings(config)
    zone = ZoneInfo(settings.timezone)
    from engine.replay.journal.sources import PoolJournal, read_journal

    if json_ is not None:
        with _usable():
            read_file = read_journal(options.readable("--json", json_), zone)
            yield read_file, read_file.rules or settings
        return
    import redis

    from engine.store.keys import Keys
    from engine.store.records import Corrupt
    from engine.store.wire import Address

    console = Console(stderr=True)
    with (
        _url(redis_url, embedded, settings) as url,
        Address(url).client() as client,
        Progress(console=console, transient=True, disable=not console.is_terminal) as bar,
    ):
        task = bar.add_task("journal", total=1.0)
        read = PoolJournal(client, Keys(settings.pool), zone, lambda done: bar.update(task, completed=done))
        try:
            if read.span() is None:
                raise Usage(f"the journal of pool {settings.pool} is empty")
            yield read, settings
        except redis.RedisError as error:
            raise Usage(f"the store cannot be read: {error}") from error
        except Corrupt as error:
            raise Usage(f"the journal holds what no node of this version wrote: {error}") from error


@contextmanager
def opened_runs(
    json_: Path | None, redis_url: str | None, embedded: Path | None, config: Path | None
) -> "Iterator[list[tuple[str, Journal]]]":
    """The journals that are asked for, by title: those of a comparison's runs, or one by the title ""."""
    if json_ is None or redis_url is not None or embedded is not None:
        with opened(json_, redis_url, embedded, config) as (read, _):
            yield [("", read)]
        return
    from engine.replay.journal.sources import read_journals

    zone = ZoneInfo(options.settings(config).timezone)
    with _usable():
        yield list(read_journals(options.readable("--json", json_), zone))


@contextmanager
def _usable() -> Iterator[None]:
    from engine.replay.journal.sources import UnusableJournal

    try:
        yield
    except UnusableJournal as error:
        raise Usage(str(error)) from error


@contextmanager
def _url(redis_url: str | None, embedded: Path | None, settings: Settings) -> Iterator[str]:
    """The store's URL. An embedded store that nobody runs is started for as long as it is read."""
    if redis_url is not None:
        yield options.redis_url("--redis", redis_url)
        return
    if embedded is None and settings.redis_url is not None:
        yield settings.redis_url
        return
    directory = settings.data_dir if embedded is None else embedded
    from engine.store.embedded import Embedded, EmbeddedError, running_url

    running = running_url(directory)
    if running is not None:
        yield running
        return
    if not (directory / "appendonlydir").is_dir():
        if embedded is not None:
            raise Usage(f"--embedded {directory}: holds no store")
        raise Usage(f"{directory}: there is no store; name one by --redis, --embedded or --config")
    try:
        with Embedded(directory) as server:
            yield server.url
    except EmbeddedError as error:
        raise Usage(str(error)) from error


def between(read: "Journal", from_: str | None, to: str | None, now: int) -> tuple[int | None, int | None]:
    from_at = None if from_ is None else _instant("--from", from_, read, now)
    to_at = None if to is None else _instant("--to", to, read, now)
    if from_at is not None and to_at is not None and from_at >= to_at:
        options.wrong("--to", str(to), "an instant after --from")
    return from_at, to_at


def _instant(option: str, text: str, read: "Journal", now: int) -> int:
    """A date or time in the journal's zone, or so long ago; of a replay, so long after its beginning.

    A time of day is today's.
    """
    from engine.replay.reading import clock_s

    if (shown_s := clock_s(text)) is not None:
        return midnight(read, now) + 1000 * shown_s
    try:
        ms = duration_ms(text)
    except Expected:
        pass
    else:
        return now - ms if read.zero_at is None else read.zero_at + ms
    try:
        then = datetime.fromisoformat(text)
    except ValueError:
        options.wrong(option, text, '"2025-03-31", "2025-03-31T09:00", "09:00" or a duration such as "8h"')
    return round((then if then.tzinfo else then.replace(tzinfo=read.zone)).timestamp() * 1000)


def midnight(read: "Journal", now: int) -> int:
    """When today began, or a replay's day."""
    if read.midnight_at is not None:
        return read.midnight_at
    today = datetime.fromtimestamp(now / 1000, read.zone)
    return round(today.replace(hour=0, minute=0, second=0, microsecond=0).timestamp() * 1000)
