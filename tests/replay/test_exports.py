"""The journal as a row per call, and ranges of every format."""

import csv
import json
from collections.abc import Iterator

import pytest
from told import JAKARTA, Told, at, lived_at_random

from engine.domain import facts as f
from engine.domain.lifecycle import AgentState, EndReason, OfferEnd, Party
from engine.replay.journal.exports import COLUMNS, Format, export
from engine.replay.journal.sources import ResultJournal
from engine.store.records import encode_fact

Row = dict[str, str]


def rows(day: Told, from_s: float | None = None, to_s: float | None = None) -> list[Row]:
    edges = (None if s is None else at(s) for s in (from_s, to_s))
    return list(csv.DictReader(export(day.journal(JAKARTA), Format.CSV, *edges)))


def test_a_row_tells_a_whole_call() -> None:
    day = Told()
    day.logs_in(0, "ani")
    day.asks(10, "x", tier="priority", skills={"loan": 2, "id": 1}, terms={"tier priority": 90_000})
    day.offered(20, "x", "ani")
    day.ends_offer(22, "x", OfferEnd.DECLINED)
    day.tell(f.LinkLost(at=at(23), who="customer:of-x", call="x", until=at(43)))
    day.tell(f.LinkBack(at=at(24), who="customer:of-x", call="x"))
    terms = {"tier priority": 90_000, "supervisor": -30_500}
    day.tell(f.CallPrioritised(at=at(25), call="x", due_at=at(-49.5), band=2, terms=terms))
    day.offered(30, "x", "budi")
    day.ends_offer(45, "x", OfferEnd.EXPIRED)
    day.served(50, "x", "ani")
    day.passed_on(60, "x", "ani", "cards")
    day.served(61.5, "x", "cici")
    day.hung_up(75, "x", Party.AGENT)
    day.tell(f.CallRated(at=at(80), call="x", score=5))
    day.tell(f.CallArchived(at=at(675), call="x"))
    [row] = rows(day)
    assert row == {
        "call_id": "x",
        "request_id": "r-x",
        "customer_id": "of-x",
        "queue": "general",
        "tier": "priority",
        "skills": "loan:2 id:1",
        "arrived_at": "2025-03-31T00:00:10.000+07:00",
        "due_at": "2025-03-30T23:59:10.500+07:00",
        "band": "2",
        "head_start_s": "59.500",
        "terms": "tier priority=90.000; supervisor=-30.500",
        "rules": "r1",
        "offers": "4",
        "declined": "1",
        "no_answer": "1",
        "rescinded": "0",
        "agent_lost": "0",
        "connected_at": "2025-03-31T00:00:50.000+07:00",
        "wait_s": "40.000",
        "talk_s": "23.500",
        "agent_id": "ani",
        "last_agent_id": "cici",
        "last_queue": "cards",
        "transfers": "1",
        "requeues": "3",
        "links_lost": "1",
        "ended_at": "2025-03-31T00:01:15.000+07:00",
        "end_reason": "completed",
        "ended_by": "agent",
        "rating": "5",
    }
    assert tuple(row) == COLUMNS


def test_what_did_not_happen_is_empty() -> None:
    day = Told()
    day.asks(10, "left")
    day.asks(11, "waits")
    day.left(18, "left", EndReason.ABANDONED)
    left, waits = rows(day)
    assert (left["connected_at"], left["agent_id"], left["wait_s"], left["talk_s"]) == (
        "",
        "",
        "8.000",
        "0.000",
    )
    assert (waits["call_id"], waits["wait_s"], waits["ended_at"], waits["end_reason"]) == (
        "waits",
        "",
        "",
        "",
    )


def test_a_range_is_of_arrivals_and_follows_them_to_their_ends() -> None:
    day = Told()
    day.logs_in(0, "ani")
    for s in (99.999, 100, 199.999, 200):
        day.asks(s, f"at{s:g}")
    day.served(300, "at100", "ani")
    day.hung_up(400, "at100")
    day.left(900, "at199.999")
    found = rows(day, 100, 200)
    assert [(row["call_id"], row["end_reason"]) for row in found] == [
        ("at100", "completed"),
        ("at199.999", "abandoned"),
    ]


def test_a_row_is_told_once_nothing_more_can_come_of_it() -> None:
    """A rating within a quarter of an hour is in it, and it does not wait for the journal's end."""
    day = Told()
    day.asks(0, "x")
    day.left(10, "x")
    day.tell(f.CallRated(at=at(900), call="x", score=3))
    day.asks(911, "y")
    heard: list[f.Fact] = []

    def read() -> Iterator[f.Fact]:
        for fact in day.facts:
            heard.append(fact)
            yield fact

    class Watched(ResultJournal):
        def facts(self, from_at: int | None = None, to_at: int | None = None) -> Iterator[f.Fact]:
            return read()

    told = export(Watched(()), Format.CSV, None, None)
    next(told)
    assert next(told).endswith(",3")
    assert heard == day.facts
    day.tell(f.CallRated(at=at(2000), call="x", score=1))
    assert [row["rating"] for row in rows(day)] == ["3", ""]


def test_lines_of_facts_are_those_of_the_range() -> None:
    day = Told()
    day.asks(10, "x")
    day.asks(20, "y")
    day.left(30, "x")
    lines = list(export(day.journal(), Format.JSONL, at(20), at(30)))
    assert [json.loads(line) for line in lines] == [encode_fact(day.facts[1])]
    assert len(list(export(day.journal(), Format.JSONL, None, None))) == 3


def test_a_queue_log_s_range_knows_who_was_there_before() -> None:
    day = Told()
    day.logs_in(0, "ani", ready=False)
    day.moves(100, "ani", AgentState.READY)
    lines = list(export(day.journal(), Format.QUEUE_LOG, at(50), None))
    assert [line.split("|")[2:5] for line in lines] == [
        ["NONE", "ani", "UNPAUSEALL"],
        ["general", "ani", "UNPAUSE"],
    ]


@pytest.mark.parametrize("seed", [1, 2])
def test_the_rows_of_a_life_at_random_add_up(seed: int) -> None:
    facts = lived_at_random(seed)
    found = list(csv.DictReader(export(ResultJournal(facts), Format.CSV, None, None)))

    def total(name: str) -> int:
        return sum(int(row[name]) for row in found)

    def told(*kinds: type[f.Fact]) -> int:
        return sum(isinstance(fact, kinds) for fact in facts)

    ends = [fact.how for fact in facts if isinstance(fact, f.OfferEnded)]
    assert len(found) == told(f.CallQueued) == told(f.CallEnded)
    assert total("offers") == len(ends)
    assert (total("declined"), total("no_answer")) == (
        ends.count(OfferEnd.DECLINED),
        ends.count(OfferEnd.EXPIRED),
    )
    assert total("rescinded") == ends.count(OfferEnd.RESCINDED)
    assert total("transfers") == told(f.CallTransferred)
    assert total("requeues") == told(f.CallRequeued)
    served = [row for row in found if row["connected_at"]]
    assert len(served) > 20
    assert all(row["agent_id"] and float(row["talk_s"]) >= 0 for row in served)
