"""Who was served before whom, and why: a small day for each reason, and lives in which many occur."""

from collections.abc import Callable

import pytest
from told import Told, at, lived_at_random

from engine.domain import facts as f
from engine.domain.lifecycle import AgentState, OfferEnd
from engine.replay.journal.line import Line
from engine.replay.journal.passing import Passing, Reason, passings
from engine.replay.journal.sources import ResultJournal
from engine.replay.journal.telling import tell

HEAD_START = {"tier priority": 90_000}


def passed(day: Told) -> list[Passing]:
    """What the last offer left waiting."""
    line = Line()
    found: list[Passing] = []
    for fact in day.facts:
        if isinstance(fact, f.CallOffered):
            found = list(passings(line, fact))
        line.take(fact)
    return found


def a_day(*queues: str, skills: dict[str, int] | None = None) -> Told:
    day = Told()
    day.logs_in(0, "ani", *(queues or ("general",)), skills=skills)
    return day


def supervisor() -> Told:
    day = a_day()
    day.asks(10, "early")
    day.asks(20, "late")
    day.offered(30, "late", "ani", by="supervisor")
    return day


def away() -> Told:
    day = a_day()
    day.asks(10, "early")
    day.tell(f.LinkLost(at=at(15), who="customer:of-early", call="early", until=at(35)))
    day.asks(20, "late")
    day.offered(30, "late", "ani")
    return day


def queue() -> Told:
    """By a step of the queue an agent of another got the later call; the earlier one had not got so far."""
    day = a_day("cards")
    day.asks(10, "early")
    day.asks(20, "late")
    day.offered(30, "late", "ani")
    return day


def skills() -> Told:
    day = a_day(skills={"loan": 1})
    day.asks(10, "early", skills={"loan": 2, "tax": 1})
    day.asks(20, "late", skills={"loan": 1})
    day.offered(30, "late", "ani")
    return day


def kept() -> Told:
    day = a_day()
    day.logs_in(0, "budi")
    day.asks(1, "early")
    day.served(2, "early", "ani")
    day.passed_on(5, "early", "ani", "general", to_agent="cici")
    day.asks(20, "late")
    day.offered(30, "late", "budi")
    return day


def band() -> Told:
    day = a_day()
    day.asks(10, "early")
    day.asks(20, "late", band=3)
    day.offered(30, "late", "ani")
    return day


def head_start() -> Told:
    day = a_day()
    day.asks(10, "early")
    day.asks(20, "late", terms=HEAD_START)
    day.offered(30, "late", "ani")
    return day


def avoided() -> Told:
    day = a_day()
    day.asks(10, "early")
    day.offered(11, "early", "ani")
    day.ends_offer(12, "early", OfferEnd.DECLINED)
    day.moves(17, "ani", AgentState.READY)
    day.asks(20, "late")
    day.offered(30, "late", "ani")
    return day


def just_came() -> Told:
    day = a_day()
    day.asks(10, "early")
    day.asks(10.1, "late")
    day.offered(10.2, "late", "ani")
    return day


def none() -> Told:
    day = a_day()
    day.asks(10, "early")
    day.asks(20, "late")
    day.offered(30, "late", "ani")
    return day


DAYS: dict[Reason, Callable[[], Told]] = {
    Reason.SUPERVISOR: supervisor,
    Reason.AWAY: away,
    Reason.QUEUE: queue,
    Reason.SKILLS: skills,
    Reason.KEPT: kept,
    Reason.BAND: band,
    Reason.HEAD_START: head_start,
    Reason.AVOIDED: avoided,
    Reason.JUST_CAME: just_came,
    Reason.NONE: none,
}


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_is_found(reason: Reason) -> None:
    [found] = passed(DAYS[reason]())
    assert (found.first, found.left, found.reason) == ("late", "early", reason)


def test_who_is_due_at_the_same_instant_goes_by_id_as_the_engine_has_it() -> None:
    day = a_day()
    day.asks(10, "b")
    day.asks(20, "a", terms={"tier priority": 10_000})
    day.offered(30, "a", "ani")
    assert [p.reason for p in passed(day)] == [Reason.HEAD_START]


def test_a_passing_says_by_how_much_and_what_was_lacking() -> None:
    [found] = passed(head_start())
    assert (found.arrived_after_ms, found.lead_ms) == (10_000, 80_000)
    assert passed(skills())[0].lacks == ("loan", "tax")
    assert passed(band())[0].bands == (3, 0)


def test_nobody_is_passed_who_came_later_or_stands_in_another_line() -> None:
    day = a_day("general")
    day.asks(10, "first")
    day.asks(11, "cards", "cards")
    day.asks(12, "second")
    day.offered(20, "first", "ani")
    assert passed(day) == []
    day.ends_offer(20, "first", OfferEnd.ACCEPTED)
    day.offered(21, "second", "budi")
    assert passed(day) == [], "neither connected nor of a queue that budi is known to serve"


def test_an_agent_of_both_queues_passes_the_other_ones_calls() -> None:
    day = a_day("general", "cards")
    day.asks(10, "cards", "cards")
    day.asks(12, "late", terms=HEAD_START)
    day.offered(20, "late", "ani")
    assert [p.left for p in passed(day)] == ["cards"]


def test_a_colleague_who_is_asked_for_needs_neither_queue_nor_skill() -> None:
    day = a_day("cards")
    day.logs_in(0, "budi")
    day.asks(1, "early", skills={"tax": 1})
    day.served(2, "early", "budi")
    day.passed_on(5, "early", "budi", "general", to_agent="ani")
    day.asks(6, "late")
    day.offered(30, "late", "ani")
    assert [p.reason for p in passed(day)] == [Reason.NONE], "he should have had the one kept for him"


@pytest.mark.parametrize("seed", [1, 2])
def test_in_a_life_at_random_every_passing_has_its_reason_and_both_sides_tell_it(seed: int) -> None:
    journal = ResultJournal(lived_at_random(seed))
    calls = [fact.call for fact in journal.facts() if isinstance(fact, f.CallQueued)]
    tellings = [tell(journal, call) for call in calls]
    by_first = {(p.at, p.first, p.left): p.reason for told in tellings for p in told.passed}
    by_left = {(p.at, p.first, p.left): p.reason for told in tellings for p in told.passed_by}
    assert by_first == by_left
    assert len(by_first) > 20
    assert len(set(by_first.values())) >= 4
    assert Reason.NONE not in by_first.values(), "the engine left nobody waiting without a reason"
