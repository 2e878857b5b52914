"""When intervals begin and end.

They are aligned to midnight by the wall clock of a time zone: on a day on which clocks are put forward
or back an interval still begins when the clock shows its time, so there are fewer or more of them, and none
overlaps another. What happens at an interval's first ms is in it, what happens at its end is in the next.
"""

from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta, tzinfo

DAY_MS = 86_400_000


def boundaries(from_at: int, to_at: int, interval_ms: int, zone: tzinfo) -> list[int]:
    """The instants (ms) at which intervals begin and the last one ends, `interval_ms` being part of a day.

    The first is at or before `from_at`, the last at or after `to_at`.
    """
    day = datetime.fromtimestamp(from_at / 1000, zone).date() - timedelta(days=1)
    found: set[int] = set()
    while not found or max(found) < to_at:
        found.update(_of_day(datetime.combine(day, time()), interval_ms, zone))
        day += timedelta(days=1)
    marks = sorted(found)
    first = max(0, bisect_right(marks, from_at) - 1)
    last = next(n for n, at in enumerate(marks) if at >= to_at)
    return marks[first : last + 1]


def _of_day(midnight: datetime, interval_ms: int, zone: tzinfo) -> Iterator[int]:
    """Every instant of that day at which its clock shows a multiple of the interval.

    A time that the clock shows twice counts twice; one that it skips counts as the instant at which it does.
    """
    for ms in range(0, DAY_MS, interval_ms):
        shown = (midnight + timedelta(milliseconds=ms)).replace(tzinfo=zone)
        one, other = (_ms(shown.replace(fold=fold)) for fold in (0, 1))
        if other >= one:
            yield from (one, other)
        else:
            yield _skip(other, one, zone)


def _ms(shown: datetime) -> int:
    return round(shown.astimezone(UTC).timestamp() * 1000)


def _skip(before: int, after: int, zone: tzinfo) -> int:
    """The instant between those at which the clock is put forward (PEP 495: a skipped time lies between)."""

    def offset(at: int) -> timedelta | None:
        return datetime.fromtimestamp(at / 1000, zone).utcoffset()

    old = offset(before)
    while after - before > 1:
        middle = (before + after) // 2
        before, after = (middle, after) if offset(middle) == old else (before, middle)
    return after
