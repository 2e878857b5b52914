"""Where a day's facts are: the pool's journal, a replay's result, or a journal exported as JSON lines.

Facts come in the order in which they happened. A replay's instants are moved so that its second 0 is
`VIRTUAL_START_MS`, a midnight in UTC, and its durations are those of the scenario, whatever the speed it was
replayed at. The pool's journal is read page by page, from about the range that is asked for: its entries are
named by the store's clock, its facts bear pool time, and the two differ by the pool's skew, so the reader of
`facts` has to look at their `at`.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, tzinfo
from pathlib import Path
from typing import IO, Any, Protocol

import orjson
import redis
from attrs import define, field, frozen

from engine.domain.facts import Fact
from engine.policy_file import PolicyTables, policy_converter
from engine.replay.reading import clock_s
from engine.store.clock import VIRTUAL_START_MS
from engine.store.journal import entries
from engine.store.keys import Keys
from engine.store.records import Corrupt, decode_fact
from engine.tables import ConfigError, structure

#: How long before a range begins an agent who works in it may have logged in: as long as a token is good.
LOOK_BACK_MS = 24 * 3_600_000
#: By how much a fact may come later in the journal than one that happened after it.
SLACK_MS = 60_000
#: What a machine under load may take between two things of which the second follows at once.
LATENCY_MS = 250
#: By how much an entry's name may be off from its facts' instants beside the skew, which was another before
#: the store's clock jumped.
MARGIN_MS = 3_600_000

Progress = Callable[[float], None]  #: how much of the range has been read, 0 to 1


def _unseen(_: float) -> None:
    pass


class UnusableJournal(Exception):
    """There is no journal there, or none that can be read; the message says what is wrong with it."""


class Journal(Protocol):
    """`zone`: in which its instants are told. `zero_at`: second 0 of a replay, `midnight_at`: when its clock
    shows 0:00; None of a pool's journal. `rules`: those it was served by, if they are known.

    `latency_ms`: what the machine may take between two things that follow at once, in its time.
    """

    @property
    def zone(self) -> tzinfo: ...

    @property
    def zero_at(self) -> int | None: ...

    @property
    def midnight_at(self) -> int | None: ...

    @property
    def rules(self) -> PolicyTables | None: ...

    @property
    def latency_ms(self) -> int: ...

    def facts(self, from_at: int | None = None, to_at: int | None = None) -> Iterator[Fact]:
        """The facts from about `from_at` to about `to_at` (pool time, ms), or all."""
        ...

    def span(self) -> tuple[int, int] | None:
        """About when it begins and ends; None if it is empty."""
        ...

    def now(self) -> int:
        """Pool time, or where it is not known the journal's end: nothing is told of what comes after."""
        ...


# the pool's


@define(eq=False)
class PoolJournal:
    """A pool's journal in its store, live or not. `progress` hears how far it has been read."""

    client: "redis.Redis"
    keys: Keys
    zone: tzinfo
    progress: Progress = _unseen
    zero_at: None = None
    midnight_at: None = None
    rules: None = None
    latency_ms: int = LATENCY_MS

    def span(self) -> tuple[int, int] | None:
        ends = self._ends()
        skew = self._skew_ms()
        return None if ends is None else (ends[0] + skew, ends[1] + skew)

    def now(self) -> int:
        seconds, micros = self.client.time()
        return seconds * 1000 + micros // 1000 + self._skew_ms()

    def facts(self, from_at: int | None = None, to_at: int | None = None) -> Iterator[Fact]:
        ends, margin = self._ends(), MARGIN_MS + abs(self._skew_ms())
        if ends is None:
            return
        first = ends[0] if from_at is None else max(ends[0], from_at - margin)
        last = ends[1] if to_at is None else min(ends[1], to_at + margin)
        after = "" if from_at is None else str(first - 1)
        for entry in entries(self.client, self.keys, after=after, until=str(last)):
            self.progress((_ms(entry.id) - first) / max(1, last - first))
            yield from entry.facts

    def _ends(self) -> tuple[int, int] | None:
        """The names of its first and last entry, as ms of the store's clock."""
        key = self.keys.of("journal")
        first: Any = self.client.xrange(key, count=1)
        last: Any = self.client.xrevrange(key, count=1)
        return (_ms(first[0][0]), _ms(last[0][0])) if first and last else None

    def _skew_ms(self) -> int:
        said: Any = self.client.get(self.keys.of("skew"))
        return int(said or 0)


def _ms(name: str) -> int:
    return int(name.partition("-")[0])


# files


@frozen
class ResultJournal:
    """The facts of a replay's result, all at hand, at the instants that its scenario's clock shows."""

    told: tuple[Fact, ...] = field(repr=False)
    zone: tzinfo = UTC
    zero_at: int = VIRTUAL_START_MS
    midnight_at: int = VIRTUAL_START_MS
    rules: PolicyTables | None = None
    latency_ms: int = LATENCY_MS

    def span(self) -> tuple[int, int] | None:
        return (self.told[0].at, self.told[-1].at) if self.told else None

    def now(self) -> int:
        return self.told[-1].at if self.told else self.zero_at

    def facts(self, from_at: int | None = None, to_at: int | None = None) -> Iterator[Fact]:
        yield from self.told


@frozen
class ExportedJournal:
    """A pool's journal as JSON lines, read anew each time, so that it may be longer than memory."""

    path: Path
    zone: tzinfo
    zero_at: None = None
    midnight_at: None = None
    rules: None = None
    latency_ms: int = LATENCY_MS

    def span(self) -> tuple[int, int] | None:
        first = last = None
        for fact in self.facts():
            first, last = first or fact, fact
        return None if first is None or last is None else (first.at, last.at)

    def now(self) -> int:
        span = self.span()
        return 0 if span is None else span[1]

    def facts(self, from_at: int | None = None, to_at: int | None = None) -> Iterator[Fact]:
        with _reading(self.path) as file:
            for line in file:
                if not line.isspace():
                    yield decode_fact(_object(orjson.loads(line)))


def read_journal(path: Path, zone: tzinfo) -> ResultJournal | ExportedJournal:
    """The journal of a replay's JSON, or an export as JSON lines. Raises `UnusableJournal`."""
    (title, found), *others = read_journals(path, zone)
    if others or title:
        titles = ", ".join([title, *(other for other, _ in others)])
        raise UnusableJournal(f"{path}: holds several runs ({titles}); only why tells them, replay one alone")
    return found


def read_journals(path: Path, zone: tzinfo) -> list[tuple[str, ResultJournal | ExportedJournal]]:
    """Those of a comparison's JSON, by the titles of its runs; else the one of `read_journal`, by ""."""
    with _reading(path) as file:
        first = file.readline()
        whole = first.rstrip().endswith(b"}")
        begins = _object(orjson.loads(first)) if whole else {}
        if "kind" in begins:
            return [("", ExportedJournal(path, zone))]
        said = begins if whole else _object(orjson.loads(first + file.read()))
        runs = said.get("runs")
        if not isinstance(runs, list) or not runs:
            return [("", journal_of(said))]
        return [(str(_object(run).get("title")), journal_of(_object(run.get("result")))) for run in runs]


def journal_of(result: Mapping[str, Any]) -> ResultJournal:
    """The journal of a replay's result, as `Result.to_json` has it. Raises `UnusableJournal`."""
    told = result.get("journal")
    if not isinstance(told, list):
        raise UnusableJournal(f"holds no journal: {told or 'expected what replay or compare wrote as JSON'}")
    start_at, speed = result.get("start_at", VIRTUAL_START_MS), result.get("speed", 1.0)
    zero_at = VIRTUAL_START_MS + 1000 * (clock_s(str(result.get("clock"))) or 0)
    facts = tuple(map(decode_fact, _scenario_time(told, start_at, zero_at, speed)))
    return ResultJournal(facts, zero_at=zero_at, rules=_rules(result), latency_ms=round(LATENCY_MS * speed))


def _rules(result: Mapping[str, Any]) -> PolicyTables | None:
    if "rules" not in result:
        return None
    try:
        return structure(policy_converter(), result["rules"], PolicyTables, "rules")
    except ConfigError as error:
        raise UnusableJournal(f"holds no rules that can be read: {error}") from error


@contextmanager
def _reading(path: Path) -> Iterator[IO[bytes]]:
    """The file, and what may be wrong with it as `UnusableJournal`."""
    try:
        with path.open("rb") as file:
            yield file
    except OSError as error:
        raise UnusableJournal(f"{path}: cannot be read: {error.strerror}") from error
    except Corrupt as error:
        raise UnusableJournal(f"{path}: {error}") from error
    except ValueError as error:
        raise UnusableJournal(f"{path}: is not JSON: {error}") from error
    except UnusableJournal as error:
        raise UnusableJournal(f"{path}: {error}") from error


def _object(said: object) -> dict[str, Any]:
    if not isinstance(said, dict):
        raise UnusableJournal("expected JSON objects")
    return said


# time


def _scenario_time(
    told: list[dict[str, Any]], start_at: int, zero_at: int, speed: float
) -> Iterator[Mapping[str, Any]]:
    """Facts as JSON objects, their instants and durations turned into the scenario's."""
    if start_at == zero_at and speed == 1:
        yield from told
        return
    for said in told:
        yield _turned(said, start_at, zero_at, speed)


def _turned(said: Mapping[str, Any], start_at: int, zero_at: int, speed: float) -> dict[str, Any]:
    def value(key: str, found: Any) -> Any:
        if key == "why" and found:
            return json.dumps(_turned(json.loads(found), start_at, zero_at, speed), separators=(",", ":"))
        if key == "terms":
            return {rule: round(ms * speed) for rule, ms in found.items()}
        if not isinstance(found, int):
            return found
        if key in ("at", "until") or key.endswith("_at"):
            return zero_at + round((found - start_at) * speed)
        return round(found * speed) if key.endswith("_ms") else found

    return {key: value(key, found) for key, found in said.items()}
