"""Real days of a bank: the 90 s head start moves waits as the bank's rule says, and treats nobody unfairly.

Each day (see tests/replay/test_virtual.py for where they come from) is replayed once by each rule. Who
passed whom is read from nothing but the journal's facts. A caller *passes* another when an agent is
connected to him although that agent could have served the other, who had come earlier, was waiting, and
goes on waiting: the agent serves the queue and has every skill that the passed one needs.
"""

import os
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from statistics import fmean

import pytest
from attrs import frozen

from engine.domain.facts import AgentMoved, CallConnected, CallEnded, CallQueued, Fact
from engine.domain.rules import Select
from engine.replay.call_log import import_call_log
from engine.replay.result import Result
from engine.replay.virtual import replay

from .intervals import TOLERANCE

ROOT = Path(__file__).parents[2]
BANK = Path(os.environ.get("GILIRAN_BANK_DATA", ROOT.parent / "shared" / "data" / "bank1999"))
DAYS = ("1999-08-03", "1999-01-03", "1999-10-12")
TIER, HEAD_START_MS = "priority", 90_000

pytestmark = pytest.mark.skipif(
    not BANK.is_dir(), reason=f"no bank data at {BANK.name}: set GILIRAN_BANK_DATA"
)
each_day = pytest.mark.parametrize("day", DAYS)


@cache
def served(day: str, head_start_ms: int) -> Result:
    return replay(
        import_call_log(
            BANK / f"{day}.calls.csv",
            BANK / f"{day}.agents.csv",
            name=day,
            head_starts_ms={TIER: head_start_ms},
            wrap_up_ms=8_000,
            select=Select.LEAST_FLEXIBLE,
        )
    )


@frozen
class Passing:
    """One who was passed, and by whom."""

    passed: CallQueued
    by: CallQueued

    @property
    def later_ms(self) -> int:
        """How much later the one who passed had come."""
        return self.by.at - self.passed.at


def passings(facts: tuple[Fact, ...]) -> Iterator[Passing]:
    """Everyone who was passed, by each who passed him. Facts of one millisecond count as one moment."""
    over_at: dict[str, int] = {}
    for fact in facts:
        if isinstance(fact, CallConnected | CallEnded):
            over_at.setdefault(fact.call, fact.at)
    able: dict[str, tuple[tuple[str, ...], dict[str, int]]] = {}
    waiting: dict[str, CallQueued] = {}
    for fact in facts:
        match fact:
            case AgentMoved() if fact.queues:
                able[fact.agent] = (fact.queues, fact.skills)
            case CallQueued():
                waiting[fact.call] = fact
            case CallEnded():
                waiting.pop(fact.call, None)
            case CallConnected():
                by = waiting.pop(fact.call)
                queues, skills = able[fact.agent]
                for other in waiting.values():
                    suits = other.queue in queues and all(
                        skills.get(name, 0) >= level for name, level in other.skills.items()
                    )
                    if suits and other.at < by.at and over_at.get(other.call, fact.at + 1) > fact.at:
                        yield Passing(other, by)


def mean_wait(result: Result, tier: str | None = None) -> float:
    """Until connected or gone, s."""
    return fmean(c.wait_s for c in result.calls if c.wait_s is not None and tier in (None, c.tier))


@each_day
def test_the_head_start_shortens_the_tiers_wait_and_leaves_the_mean(
    day: str, record_property: Callable[[str, object], None]
) -> None:
    fifo, ruled = served(day, 0), served(day, HEAD_START_MS)
    for tier in (TIER, None):
        waits = f"{mean_wait(fifo, tier):.1f} s -> {mean_wait(ruled, tier):.1f} s"
        record_property(f"mean wait of {tier or 'all'}, first come first served -> head start", waits)
    assert mean_wait(ruled, TIER) < mean_wait(fifo, TIER)
    assert mean_wait(ruled) == pytest.approx(mean_wait(fifo), rel=TOLERANCE)


@each_day
def test_nobody_is_passed_by_one_who_came_later_than_the_head_start_allows(
    day: str, record_property: Callable[[str, object], None]
) -> None:
    found = list(passings(served(day, HEAD_START_MS).facts))
    of_regulars = [each for each in found if each.passed.tier != TIER]
    assert all(each.by.tier == TIER and each.later_ms <= HEAD_START_MS for each in of_regulars)
    assert found == of_regulars, "who has the head start himself is passed by nobody"
    latest_s = max(each.later_ms for each in of_regulars) / 1000
    record_property("passings, and how much later the latest came", f"{len(found)}, {latest_s:.0f} s")
    assert latest_s > 60, "a day without such passings proves little"


@each_day
def test_first_come_first_served_lets_nobody_pass(day: str) -> None:
    assert list(passings(served(day, 0).facts)) == []
