"""Where a journal is read from, and that a replay's is in scenario time whatever its speed was."""

import json
from datetime import UTC
from pathlib import Path
from typing import Any

import orjson
import pytest
from told import JAKARTA, Told, lived_at_random

from engine.domain import facts as f
from engine.replay.journal.exports import Format, export
from engine.replay.journal.sources import (
    MARGIN_MS,
    PoolJournal,
    ResultJournal,
    UnusableJournal,
    journal_of,
    read_journal,
    read_journals,
)
from engine.store.clock import VIRTUAL_START_MS
from engine.store.keys import Keys
from engine.store.records import encode_fact


def a_day() -> Told:
    day = Told()
    day.logs_in(0, "ani")
    day.asks(10, "x", terms={"tier priority": 90_000})
    day.offered(
        20, "x", "ani", waited_ms=10_000, due_at=day.due["x"], terms={"tier priority": 90_000}, band=0
    )
    return day


def result(day: Told, *, start_at: int, speed: float) -> dict[str, Any]:
    return {"start_at": start_at, "speed": speed, "journal": [encode_fact(fact) for fact in day.facts]}


def test_a_replay_s_facts_are_in_scenario_time() -> None:
    day = a_day()
    read = journal_of(result(day, start_at=day.facts[0].at, speed=100.0))
    assert (read.zone, read.zero_at) == (UTC, VIRTUAL_START_MS)
    moved, _, queued, offered, _ = read.facts()
    assert moved.at == VIRTUAL_START_MS
    assert isinstance(queued, f.CallQueued)
    assert queued.at == VIRTUAL_START_MS + 1_000_000
    assert queued.due_at == queued.at - 9_000_000
    assert queued.terms == {"tier priority": 9_000_000}
    assert isinstance(offered, f.CallOffered)
    assert offered.until - offered.at == 1_500_000
    why = json.loads(offered.why)
    assert why == {"waited_ms": 1_000_000, "due_at": queued.due_at, "terms": queued.terms, "band": 0}


def test_a_replay_in_virtual_time_is_read_as_it_is() -> None:
    facts = lived_at_random(1)
    told = {"start_at": VIRTUAL_START_MS, "speed": 1.0, "journal": [encode_fact(fact) for fact in facts]}
    assert journal_of(told).told == facts


@pytest.mark.parametrize("indent", [None, 2])
def test_a_result_is_read_from_its_file(tmp_path: Path, indent: int | None) -> None:
    day = a_day()
    file = tmp_path / "r.json"
    told = result(day, start_at=day.facts[0].at, speed=2.0)
    file.write_text(json.dumps(told, indent=indent) + "\n")
    assert read_journal(file, JAKARTA) == journal_of(told)


def test_a_comparison_is_read_as_the_journal_of_each_run(tmp_path: Path) -> None:
    day = a_day()
    told = [result(day, start_at=day.facts[0].at, speed=speed) for speed in (1.0, 2.0)]
    file = tmp_path / "c.json"
    file.write_text(json.dumps({"runs": [{"title": f"r{n}", "result": r} for n, r in enumerate(told)]}))
    assert read_journals(file, JAKARTA) == [("r0", journal_of(told[0])), ("r1", journal_of(told[1]))]
    with pytest.raises(UnusableJournal, match=r"c\.json: holds several runs \(r0, r1\); only why tells them"):
        read_journal(file, JAKARTA)


def test_an_export_is_read_back_as_the_journal_it_was(tmp_path: Path) -> None:
    facts = lived_at_random(1)
    lines = list(export(ResultJournal(facts, JAKARTA), Format.JSONL, None, None))
    file = tmp_path / "j.jsonl"
    file.write_text("\n".join(lines) + "\n\n")
    read = read_journal(file, JAKARTA)
    assert tuple(read.facts()) == facts
    assert (read.zone, read.zero_at) == (JAKARTA, None)
    assert read.span() == (facts[0].at, facts[-1].at)
    assert read.now() == facts[-1].at


WRONG = {
    "": "is not JSON",
    "nonsense": "is not JSON",
    "[]": "expected JSON objects",
    "{}": "expected what replay or compare wrote as JSON",
    '{"journal": "left out: more than 50000 calls"}': "left out: more than 50000 calls",
    '{"kind": "call_vanished"}\n': "corrupt in kind",
    '{"journal": [{"kind": "call_archived", "at": 1}]}': "corrupt in call",
    '{"kind": "call_archived", "at": 1, "call": "c"}\n[]\n': "expected JSON objects",
    '{"kind": "call_archived", "at": 1, "call": "c"}\n{\n': "is not JSON",
}


@pytest.mark.parametrize(("text", "expected"), WRONG.items(), ids=range(len(WRONG)))
def test_what_is_no_journal_is_said_to_be_none(tmp_path: Path, text: str, expected: str) -> None:
    file = tmp_path / "j"
    file.write_text(text)
    with pytest.raises(UnusableJournal, match=expected) as caught:
        list(read_journal(file, UTC).facts())
    assert str(file) in str(caught.value)


class Stream:
    """The calls that a journal's reader makes of Redis, on entries of (clock, fact)."""

    def __init__(self, entries: list[tuple[int, f.Fact]], skew_ms: int) -> None:
        told = [orjson.dumps([encode_fact(fact)]).decode() for _, fact in entries]
        rows = zip(entries, told, strict=True)
        self.rows = [(f"{ms}-0", {"rev": "1", "op": "b:1", "facts": text}) for (ms, _), text in rows]
        self.skew_ms = skew_ms
        self.read = 0

    def get(self, key: str) -> str:
        assert key == "giliran:{p}:skew"
        return str(self.skew_ms)

    def time(self) -> tuple[int, int]:
        return 1_000, 500_000

    def xrange(self, key: str, min: str = "-", max: str = "+", count: int = 1) -> list[Any]:
        assert key == "giliran:{p}:journal"

        def stands(name: str) -> bool:
            ms = int(name.partition("-")[0])
            return (min == "-" or ms > int(min[1:].partition("-")[0])) and (max == "+" or ms <= int(max))

        found = [row for row in self.rows if stands(row[0])][:count]
        self.read += len(found)
        return found

    def xrevrange(self, key: str, count: int = 1) -> list[Any]:
        return self.rows[-1:]


def pool_journal(skew_ms: int = 0) -> tuple[PoolJournal, Stream, list[float]]:
    """An entry an hour for ten hours; pool time is the store's clock and the skew."""
    hours = range(1, 11)
    entries = [(h * MARGIN_MS, f.CallArchived(at=h * MARGIN_MS + skew_ms, call=f"c{h}")) for h in hours]
    stream, heard = Stream(entries, skew_ms), []
    return PoolJournal(stream, Keys("p"), JAKARTA, heard.append), stream, heard  # type: ignore[arg-type]


@pytest.mark.parametrize("skew_ms", [0, 7 * MARGIN_MS, -7 * MARGIN_MS])
def test_a_range_of_the_pool_s_journal_is_read_whole_and_little_else(skew_ms: int) -> None:
    journal, stream, heard = pool_journal(skew_ms)
    five, six = (h * MARGIN_MS + skew_ms for h in (5, 6))
    told = [fact.at for fact in journal.facts(five, six)]
    assert set(told) >= {five, six}
    assert told == sorted(told)
    if not skew_ms:
        assert stream.read < 8, "not the whole of it"
        assert set(told) >= {h * MARGIN_MS for h in (4, 5, 6, 7)}, "clocks may have jumped by an hour"
    assert heard[0] == 0.0
    assert heard[-1] <= 1.0
    assert len(list(journal.facts())) == 10


def test_a_pool_s_journal_knows_its_span_and_pool_time() -> None:
    journal, *_ = pool_journal(2_000)
    assert journal.span() == (MARGIN_MS + 2_000, 10 * MARGIN_MS + 2_000)
    assert journal.now() == 1_002_500
    journal.client.rows.clear()  # type: ignore[attr-defined]
    assert journal.span() is None
    assert list(journal.facts()) == []
