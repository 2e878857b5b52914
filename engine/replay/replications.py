"""What of a difference is chance: the same comparison on several days, each drawn by a seed of its own.

A day of which anything is left to chance is one of many that could have come. Every run replays the same days
(common random numbers), so that what counts is the difference between two runs day by day, whose mean has
Student's interval (paired t: A. M. Law, "Simulation Modeling and Analysis", 5th edition, section 10.2.1).
"""

import os
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from logging import ERROR
from math import sqrt
from multiprocessing import get_context
from statistics import fmean, stdev
from typing import Any, TypeVar

import structlog
from attrs import asdict, frozen

from engine.replay.sample import Day
from engine.replay.scenario import Scenario
from engine.replay.table import sides
from engine.replay.virtual import replay

#: 97.5 % quantiles of Student's distribution for 1, 2, … degrees of freedom.
_STUDENT = (
    *(12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228),
    *(2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086),
    *(2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042),
)

T = TypeVar("T")
Measures = Mapping[str, float | None]
#: By heading: "" is of all calls, others are of a tier.
Taken = Mapping[str, Measures]
Progress = Callable[[int], None]  #: replays that are over


@frozen
class Difference:
    """A mean over the days, and half the width of its 95 % interval."""

    mean: float
    half_width: float

    @property
    def sure(self) -> bool:
        """Whether it is not to be had by chance alone, at 95 %."""
        return abs(self.mean) > self.half_width


@frozen
class Spread:
    """`means` of each run, over the days; `differences` of each run after the first, to the first.

    `unkept`: of each run, on how many days it did not keep an expectation, by the words of that.
    """

    seeds: tuple[int, ...]
    means: tuple[Taken, ...]
    differences: tuple[Mapping[str, Mapping[str, Difference | None]], ...]
    unkept: tuple[Mapping[str, int], ...] = ()

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def spread(
    runs: Callable[[int], Sequence[Scenario]],
    seeds: Sequence[int],
    first: Sequence[Day],
    progress: Progress | None = None,
) -> Spread:
    """What the runs come to on the days of all `seeds`, in virtual time, on every processor.

    `runs` makes the days of a seed, one for each run; `first` is what those of the first seed came to.
    """
    jobs = [(n, day, seed) for seed in seeds[1:] for n, day in enumerate(runs(seed))]
    found: list[list[Taken]] = [[taken(day)] for day in first]
    unkept = [Counter(_unkept(day)) for day in first]
    with _deaf_to_interrupts():
        processes = get_context("spawn").Pool(min(len(jobs), _processors()), _quieten)
    with processes as pool:
        for over, (n, measures, words) in enumerate(pool.imap(_served, jobs), 1):
            found[n].append(measures)
            unkept[n].update(words)
            if progress is not None:
                progress(over)
    return summary(tuple(seeds), found, unkept)


def summary(
    seeds: tuple[int, ...], found: Sequence[Sequence[Taken]], unkept: Sequence[Mapping[str, int]] = ()
) -> Spread:
    """`found`: of each run what it came to, by day."""
    base, *others = found
    return Spread(
        seeds,
        tuple(_each(run, fmean) for run in found),
        tuple(_each(list(map(_less, run, base)), _difference) for run in others),
        tuple(unkept),
    )


def taken(day: Day) -> Taken:
    return {heading: of_day for heading, [of_day] in sides([day])}


def _unkept(day: Day) -> list[str]:
    """The words of each expectation that the day does not keep."""
    result = day.result
    rows = [asdict(call) for call in result.calls]
    return [e.words() for e in result.scenario.expect if e.failure(rows, result.scenario.service_level_s)]


def chancy(read: Scenario) -> bool:
    """Whether anything of its day is left to chance. When a link is back after a break is."""
    day, other = read.day(1), read.day(2)
    if (day.agents, day.calls) != (other.agents, other.calls) or day.faults:
        return True
    if any(call.drops for call in day.calls):
        return True
    return any(a.drops or a.answers is not None or 0 < a.accept < 1 for a in day.agents)


def _each(days: Sequence[Taken], reduce: Callable[[list[float]], T]) -> dict[str, dict[str, T | None]]:
    """Each measure's values over the days, reduced; None where it was measured on no day."""
    headings = {heading: measures for day in days for heading, measures in day.items()}
    made: dict[str, dict[str, T | None]] = {}
    for heading, measures in headings.items():
        for key in measures:
            values = [v for day in days if (v := day.get(heading, {}).get(key)) is not None]
            made.setdefault(heading, {})[key] = reduce(values) if values else None
    return made


def _less(one: Taken, other: Taken) -> Taken:
    """Measure by measure, where both have it."""

    def less(heading: str, key: str, value: float | None) -> float | None:
        theirs = other.get(heading, {}).get(key)
        return None if value is None or theirs is None else value - theirs

    return {
        heading: {key: less(heading, key, value) for key, value in measures.items()}
        for heading, measures in one.items()
    }


def _difference(values: list[float]) -> Difference | None:
    """None of a single day."""
    days = len(values)
    if days < 2:
        return None
    return Difference(fmean(values), student(days - 1) * stdev(values) / sqrt(days))


def student(freedom: int) -> float:
    """The 97.5 % quantile of Student's distribution; beyond the table good to 0.1 %."""
    return _STUDENT[freedom - 1] if freedom <= len(_STUDENT) else 1.95996 + 2.4 / freedom


def _processors() -> int:
    return os.cpu_count() or 1


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Processes that are started inside never hear Ctrl-C: whoever started them ends them."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


# in a process of the pool


def _quieten() -> None:
    """Its log is errors alone, and never where the results go."""
    only = structlog.make_filtering_bound_logger(ERROR)
    structlog.configure(wrapper_class=only, logger_factory=structlog.WriteLoggerFactory(sys.stderr))


def _served(job: tuple[int, Scenario, int]) -> tuple[int, Taken, list[str]]:
    n, scenario, seed = job
    day = Day(replay(scenario, seed))
    return n, taken(day), _unkept(day)
