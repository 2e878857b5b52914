"""A day cut into intervals: how many were in a state, and how calls that came then were served.

Intervals begin when a clock shows a multiple of their length; `zero_s` is what it shows at second 0.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from statistics import fmean

from attrs import frozen

from engine.replay.course import Span
from engine.replay.expectations import Measure as Promised
from engine.replay.sample import Day, Sample

#: Lengths of an interval, s. A day is cut by half hours; what is much shorter is cut finer.
HALF_HOUR_S = 1800.0
SHORTER_S = (10.0, 60.0, 300.0)
#: A day has this many intervals at least, if there is one so short; and at most.
LEAST, MOST = 4, 96


def interval_s(end_s: float) -> float:
    length = next((s for s in (HALF_HOUR_S, *reversed(SHORTER_S)) if end_s / s >= LEAST), SHORTER_S[0])
    while end_s / length > MOST:
        length *= 2
    return length


def edges_of(end_s: float, bins: int) -> list[float]:
    return [end_s * k / bins for k in range(bins + 1)]


def mean_levels(
    edges: Sequence[float], spans: Iterable[tuple[str, Span]], names: Sequence[str]
) -> Mapping[str, list[float]]:
    """For each name, how many spans of its were going on, on average, between each edge and the next."""
    width, bins = edges[1] - edges[0], len(edges) - 1
    levels = {name: [0.0] * bins for name in names}
    for name, span in spans:
        level = levels[name]
        first, last = int(span.start_s / width), min(bins - 1, int(span.end_s / width))
        for k in range(first, last + 1):
            inside = min(span.end_s, edges[k + 1]) - max(span.start_s, edges[k])
            level[k] += max(0.0, inside) / width
    return levels


def in_half_hours(
    edges: Sequence[float], layers: Sequence[Sequence[float]], zero_s: int = 0
) -> Iterator[tuple[float, list[float]]]:
    """The same levels by `interval_s`: the start of each, and the mean of the bins that begin in it."""
    length = interval_s(edges[-1])
    starts: dict[int, list[int]] = {}
    for k, edge in enumerate(edges[:-1]):
        starts.setdefault(int((edge + zero_s) / length), []).append(k)
    for number, bins in starts.items():
        yield number * length - zero_s, [fmean(layer[k] for k in bins) for layer in layers]


@frozen(kw_only=True)
class Interval:
    """The calls that came from `start_s` to `end_s`."""

    start_s: float
    end_s: float
    calls: int
    served: int
    abandoned: int
    level: float | None
    mean_wait_s: float | None


def service_levels(day: Day, end_s: float, zero_s: int = 0) -> list[Interval]:
    length = interval_s(end_s)
    came: dict[int, list[int]] = {}
    for k, call in enumerate(day.result.calls):
        came.setdefault(int((call.arrived_s + zero_s) / length), []).append(k)
    return [
        _interval(day, number * length - zero_s, [*came.get(number, ())], length)
        for number in range(int(zero_s / length), max(came, default=-1) + 1)
    ]


def _interval(day: Day, start_s: float, numbers: Sequence[int], length: float) -> Interval:
    sample = Sample(day, tuple(day.result.calls[k] for k in numbers))
    outcomes = [call.outcome for call in sample.calls]
    return Interval(
        start_s=start_s,
        end_s=start_s + length,
        calls=len(outcomes),
        served=outcomes.count("served"),
        abandoned=outcomes.count("abandoned"),
        level=sample.promised(Promised.SERVICE_LEVEL),
        mean_wait_s=sample.promised(Promised.MEAN_WAIT_S),
    )
