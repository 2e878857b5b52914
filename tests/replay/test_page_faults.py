"""What went wrong on a day is told on its pages, and marked in the drawings over the day."""

import re
from collections.abc import Callable
from itertools import pairwise

import pytest
from attrs import evolve

from engine.replay.faults import Fault, FaultKind
from engine.replay.report.compare_page import compare_page
from engine.replay.report.faults import SEEN, told
from engine.replay.report.figures import agents_by_state, queue_length
from engine.replay.report.replay_page import replay_page
from engine.replay.report.view import Section, View
from engine.replay.result import Result
from engine.replay.sample import Day
from tests.replay.pages import a_day, side_by_side

KILLED = Fault(at_s=120, kind=FaultKind.KILL_NODE, for_ms=30_000)
DROPPED = Fault(at_s=60.5, kind=FaultKind.DROP_AGENT, who="a1")


def gone_wrong(*faults: Fault, end_s: float | None = None) -> Result:
    day = a_day()
    return evolve(day, scenario=evolve(day.scenario, clock="11:58", faults=faults, end_s=end_s))


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (KILLED, "a node was killed, for 30 s"),
        (evolve(KILLED, kind=FaultKind.KILL_LEADER, for_ms=None), "the node that led was killed, for good"),
        (DROPPED, "the link of agent a1 broke"),
        (
            evolve(DROPPED, kind=FaultKind.DROP_CUSTOMER, for_ms=90_000),
            "the link of caller a1 broke, for 90 s",
        ),
        (
            evolve(DROPPED, kind=FaultKind.SLOW_READER, for_ms=120_000),
            "the client of a1 read nothing, for 2 min",
        ),
        (evolve(KILLED, kind=FaultKind.STORE_AWAY, for_ms=1500), "nobody reached the store, for 1500 ms"),
        (
            evolve(KILLED, kind=FaultKind.STORE_RESTARTED),
            "the store was killed and started again, after 30 s",
        ),
        (Fault(at_s=0, kind=FaultKind.STORE_EMPTIED), "the store lost everything it held"),
        (
            Fault(at_s=0, kind=FaultKind.CLOCK_STEP, by_ms=-300_000),
            "the clock of the store was set 5 min back",
        ),
        (
            Fault(at_s=0, kind=FaultKind.CLOCK_STEP, by_ms=3_600_000),
            "the clock of the store was set 1 h forward",
        ),
    ],
)
def test_every_kind_is_told_in_plain_words(fault: Fault, words: str) -> None:
    assert told(fault) == words


def test_both_pages_tell_what_went_wrong_in_its_order_by_the_scenario_s_clock() -> None:
    day = gone_wrong(KILLED, DROPPED)
    for page in (replay_page(Day(day), []), compare_page(side_by_side(day, day))):
        head = page[: page.index("<table")]
        listed = re.findall(r"<li>(\d[^<]+)</li>", head)
        assert listed == ["11:59:00 the link of agent a1 broke", "12:00 a node was killed, for 30 s"]
    assert "What went wrong" not in replay_page(Day(a_day()), [])


def test_what_comes_after_the_day_did_not_happen() -> None:
    page = replay_page(Day(gone_wrong(DROPPED, KILLED, end_s=100)), [])
    assert "the link of agent a1 broke" in page
    assert "a node was killed" not in page


@pytest.mark.parametrize("draw", [queue_length, agents_by_state])
def test_a_line_stands_where_something_went_wrong_and_the_legend_says_what(
    draw: Callable[[View], Section],
) -> None:
    view = View([Day(gone_wrong(KILLED, DROPPED))] * 2, ["one", "two"])
    section = draw(view)
    frame = view.frame(250, 1)
    for drawing in section.drawings:
        places = re.findall(r'<line x1="([\d.]+)" x2="([\d.]+)"[^>]* class="fault"', drawing)
        assert [float(x) for x, _ in places] == pytest.approx([frame.at_x(60.5), frame.at_x(120)], abs=0.1)
        assert re.findall(r'class="label mid">(\d+)<', drawing) == ["1", "2"]
    assert "1: 11:59:00 the link of agent a1 broke" in section.legend
    assert "2: 12:00 a node was killed, for 30 s" in section.legend


def test_of_many_the_legend_refers_to_the_list_and_numbers_do_not_lie_upon_each_other() -> None:
    faults = [evolve(KILLED, at_s=100.0 + n) for n in range(SEEN + 5)]
    day = gone_wrong(*faults)
    section = queue_length(View([Day(day)], [""]))
    assert f"what went wrong, 1 to {SEEN + 5}: see the head of the page" in section.legend
    drawing = section.drawings[0]
    assert drawing.count('class="fault"') == SEEN + 5
    numbers = re.findall(r'x="([\d.]+)"[^>]*class="label mid">\d+<', drawing)
    places = [float(x) for x in numbers]
    assert 1 <= len(places) < SEEN + 5
    assert all(b - a >= 13.9 for a, b in pairwise(places))
    assert f'<summary>The next 5</summary><ol start="{SEEN + 1}">' in replay_page(Day(day), [])
