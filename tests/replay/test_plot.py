"""Plotting: drawings whose places one can compute."""

import re

import pytest

from engine.replay.report import plot
from engine.replay.report.html import Html, el, table
from engine.replay.report.plot import Frame

FRAME = Frame(width=120, height=60, x=(0, 10), y=(0, 4), left=10, right=10, top=10, bottom=10)


def test_a_frame_maps_the_ends_of_its_values_to_the_ends_of_its_inside() -> None:
    assert [FRAME.at_x(v) for v in (0, 5, 10)] == [10, 60, 110]
    assert [FRAME.at_y(v) for v in (0, 2, 4)] == [50, 30, 10]


@pytest.mark.parametrize(
    ("low", "high", "most", "expected"),
    [
        (0, 10, 5, [0, 2, 4, 6, 8, 10]),
        (0, 1, 5, [0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        (0, 7, 4, [0, 2, 4, 6]),
        (3, 3, 4, [3]),
    ],
)
def test_ticks_are_round(low: float, high: float, most: int, expected: list[float]) -> None:
    assert plot.ticks(low, high, most) == pytest.approx(expected)


def test_a_clock_has_hours_minutes_and_seconds() -> None:
    assert [plot.clock(s) for s in (0, 59.9, 3600, -52)] == ["0:00:00", "0:00:59", "1:00:00", "−0:00:52"]
    assert plot.clock(9.5 * 3600, short=True) == "9:30"
    assert plot.clock_ticks(7200, 4) == [
        (0, "0:00"),
        (1800, "0:30"),
        (3600, "1:00"),
        (5400, "1:30"),
        (7200, "2:00"),
    ]
    assert len(plot.clock_ticks(40 * 86_400, 12)) <= 13


def test_areas_lie_upon_one_another() -> None:
    drawn = str(plot.areas(FRAME, [0, 5, 10], [(0, [1, 2]), (1, [2, 0])]))
    lower, upper = re.findall(r'd="([^"]+)" class="area', drawn)
    assert lower == "M10 40H60V30H110V50H10Z"
    assert upper == "M10 20H60V30H110V30H60V40H10Z"


def test_a_distribution_is_a_stair() -> None:
    assert 'd="M10 50H60V30H110"' in str(plot.stairs(FRAME, [(0, 0), (5, 2), (10, 2)], 5))


def test_lanes_are_rows_of_spans() -> None:
    drawn = plot.lanes(FRAME, [[(0, 0, 5)], [(3, 5, 10)]], 10, frozenset({3}))
    assert "M10 11.1h50v7.8h-50z" in drawn
    assert "M60 23.2h50v3.6h-50z" in drawn


def test_markup_is_escaped_unless_it_is_markup() -> None:
    assert el("p", "<b>", Html("<i></i>"), title='"&') == '<p title="&quot;&amp;">&lt;b&gt;<i></i></p>'
    assert "&lt;x&gt;" in table("<x>", ["a"], [["1"]])


def test_a_clock_s_ticks_are_round_on_the_clock() -> None:
    assert plot.clock_ticks(3600, 2, 8 * 3600 + 20 * 60) == [(600, "8:30"), (2400, "9:00")]
