"""Intervals by the wall clock: on plain days, and on those on which clocks are moved."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from engine.replay.journal.intervals import boundaries

ZONES = [
    "Asia/Jakarta",
    "Europe/Berlin",
    "Australia/Lord_Howe",
    "America/Santiago",
    "Africa/Cairo",
    "Asia/Kathmandu",
]
MINUTE_MS = 60_000


def ms(text: str, zone: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)


def marks(zone: str, from_: str, to: str, minutes: int) -> list[str]:
    """The boundaries as the clock shows them, with the offset."""
    found = boundaries(ms(from_, zone), ms(to, zone), minutes * MINUTE_MS, ZoneInfo(zone))
    return [datetime.fromtimestamp(at / 1000, ZoneInfo(zone)).isoformat(timespec="minutes") for at in found]


def test_a_plain_day_has_forty_eight_half_hours() -> None:
    found = marks("Asia/Jakarta", "2025-03-31", "2025-04-01", 30)
    assert len(found) == 49
    assert found[:2] == ["2025-03-31T00:00+07:00", "2025-03-31T00:30+07:00"]
    assert found[-1] == "2025-04-01T00:00+07:00"


def test_what_is_asked_for_lies_within_whole_intervals() -> None:
    assert marks("Asia/Jakarta", "2025-03-31T09:10", "2025-03-31T10:00:01", 30) == [
        "2025-03-31T09:00+07:00",
        "2025-03-31T09:30+07:00",
        "2025-03-31T10:00+07:00",
        "2025-03-31T10:30+07:00",
    ]


def test_when_clocks_are_put_forward_an_hour_is_missing() -> None:
    found = marks("Europe/Berlin", "2025-03-30", "2025-03-31", 30)
    assert len(found) == 47
    assert found[3:6] == ["2025-03-30T01:30+01:00", "2025-03-30T03:00+02:00", "2025-03-30T03:30+02:00"]


def test_when_clocks_are_put_back_an_hour_comes_twice() -> None:
    found = marks("Europe/Berlin", "2025-10-26", "2025-10-27", 30)
    assert len(found) == 51
    assert found[4:8] == [
        *("2025-10-26T02:00+02:00", "2025-10-26T02:30+02:00"),
        *("2025-10-26T02:00+01:00", "2025-10-26T02:30+01:00"),
    ]


def test_a_time_that_the_clock_skips_is_the_instant_at_which_it_does() -> None:
    assert marks("Australia/Lord_Howe", "2025-10-05T01:00", "2025-10-05T04:00", 60) == [
        "2025-10-05T01:00+10:30",
        "2025-10-05T02:30+11:00",
        "2025-10-05T03:00+11:00",
        "2025-10-05T04:00+11:00",
    ]
    assert marks("Australia/Lord_Howe", "2025-10-05T01:40", "2025-10-05T03:00", 20) == [
        *("2025-10-05T01:40+10:30", "2025-10-05T02:30+11:00", "2025-10-05T02:40+11:00"),
        "2025-10-05T03:00+11:00",
    ]
    days = ["2025-09-07T01:00-03:00", "2025-09-08T00:00-03:00"]
    assert marks("America/Santiago", "2025-09-07T01:00", "2025-09-08", 24 * 60) == days


@given(
    st.sampled_from(ZONES),
    st.datetimes(datetime(2010, 1, 1), datetime(2030, 1, 1)),
    st.integers(0, 3 * 24 * 60),
    st.sampled_from([15, 20, 30, 60, 240, 24 * 60]),
)
def test_intervals_follow_one_another_and_show_multiples(
    zone: str, start: datetime, minutes: int, interval: int
) -> None:
    tz = ZoneInfo(zone)
    from_at = round(start.replace(tzinfo=UTC).timestamp() * 1000)
    to_at = from_at + minutes * MINUTE_MS + 1
    found = boundaries(from_at, to_at, interval * MINUTE_MS, tz)
    assert found == sorted(set(found))
    assert found[0] <= from_at < found[1]
    assert found[-2] < to_at <= found[-1]
    for at in found:
        shown = datetime.fromtimestamp(at / 1000, tz)
        before = datetime.fromtimestamp(at / 1000 - 1, tz)
        moved = shown.utcoffset() != before.utcoffset()
        assert moved or (shown.hour * 60 + shown.minute) % interval == 0
        assert shown.second == shown.microsecond == 0
    for one, other in pairwise(found):
        assert timedelta(0) < timedelta(milliseconds=other - one) <= timedelta(minutes=interval + 60)
