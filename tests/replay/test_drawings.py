"""The drawings of a report, and the days cut into intervals that they are drawn of."""

import re

import pytest
from attrs import evolve

from engine.replay.course import Lived, Span, course
from engine.replay.report.figures import agents_by_state, queue_length
from engine.replay.report.gantt import gantt
from engine.replay.report.html import Html
from engine.replay.report.intervals import in_half_hours, interval_s, mean_levels, service_levels
from engine.replay.report.replay_page import replay_page
from engine.replay.report.view import View
from engine.replay.rows import CallRow
from engine.replay.sample import Day
from engine.replay.virtual import replay
from tests.replay.facts_by_hand import asked, came, ended, left, result, row, scenario, taken
from tests.replay.pages import a_day

# a day cut into intervals


def test_levels_are_means_over_an_interval() -> None:
    spans = [("a", Span("a", 0, 10)), ("a", Span("a", 5, 10)), ("b", Span("b", 15, 20))]
    assert mean_levels([0, 10, 20], spans, ["a", "b"]) == {"a": [1.5, 0], "b": [0, 0.5]}


def test_levels_sum_up_to_the_time_spent() -> None:
    found = course(a_day())
    edges = [found.end_s * k / 7 for k in range(8)]
    spans = [(s.state, s) for agent in found.agents for s in agent.spans]
    levels = mean_levels(edges, spans, sorted({state for state, _ in spans}))
    there = sum(map(sum, levels.values())) * edges[1]
    assert there == pytest.approx(sum(agent.spent_s() for agent in found.agents))


@pytest.mark.parametrize(
    ("end_s", "length_s"), [(86_400, 1800), (7200, 1800), (3600, 300), (300, 60), (20, 10)]
)
def test_a_day_is_cut_by_half_hours_and_what_is_shorter_finer(end_s: float, length_s: float) -> None:
    assert interval_s(end_s) == length_s
    assert interval_s(30 * 86_400) * 96 >= 30 * 86_400


def test_half_hours_are_means_of_their_bins() -> None:
    edges = [k * 900.0 for k in range(9)]
    assert list(in_half_hours(edges, [[1, 3, 2, 2, 0, 0, 5, 5]])) == [
        *((0, [2]), (1800, [2]), (3600, [0]), (5400, [5])),
    ]
    assert [start for start, _ in in_half_hours(edges, [range(8)], 8 * 3600 + 900)] == [
        *(-900, 900, 2700, 4500, 6300),
    ]


def test_the_service_level_is_of_those_who_came_then() -> None:
    rows = (row("c1", 0), row("c2", 10), row("c3", 70))
    facts = [came("ani", 0), asked("c1", 0), *taken("c1", "ani", 0, asked_s=0), asked("c2", 10)]
    facts += [*ended("c1", "ani", 60), left("c2", 60), asked("c3", 70), *taken("c3", "ani", 100, asked_s=70)]
    found = service_levels(Day(result(scenario(rows), facts)), 240)
    assert [(i.calls, i.served, i.abandoned, i.level) for i in found] == [(2, 1, 1, 0.5), (1, 1, 0, 0)]
    found = service_levels(Day(result(scenario(rows), facts)), 240, 8 * 3600 + 55)
    assert [(i.start_s, i.end_s, i.calls) for i in found] == [(-55, 5, 1), (5, 65, 1), (65, 125, 1)]


# the drawings


def test_a_day_is_told_from_second_0() -> None:
    facts = (came("ani", -5), asked("c1", 2), *taken("c1", "ani", 4, asked_s=2), *ended("c1", "ani", 9))
    found = course(result(scenario((row("c1", 2),)), facts))
    [ani] = found.agents
    assert [(s.state, s.start_s, s.end_s) for s in ani.spans] == [("ready", 0, 4), ("on_call", 4, 9)]
    assert [span.length_s for _, span in found.waiting()] == [2]
    assert isinstance(ani, Lived)


def test_runs_are_drawn_on_the_same_scales() -> None:
    """Twice the agents: the drawing of the smaller run has the larger one's axis."""
    view = View([Day(a_day(agents=2)), Day(a_day(agents=6))], ["two", "six"])
    small, large = agents_by_state(view).drawings

    def labels(drawn: Html) -> list[str]:
        return re.findall(r'class="tick end">([^<]+)<', drawn)

    assert labels(small) == labels(large) != []
    assert "two" in small
    assert "six" in large


def test_the_chart_of_many_agents_shows_the_busiest_and_says_so() -> None:
    section = gantt(View([Day(a_day(agents=70))], [""]))
    assert "60 busiest are drawn; the table has all 70" in section.about
    assert section.numbers.count('<th scope="row">') == 70
    assert section.drawings[0].count('class="tick end"') == 60


def test_more_tiers_than_can_be_told_apart_are_others() -> None:
    rows = tuple(CallRow(id=f"c{n}", arrive_s=n, queue="q", tier=f"t{n:02}", handle_s=9) for n in range(12))
    section = queue_length(View([Day(replay(scenario(rows)))], [""]))
    assert section.legend.count("<li>") == 7
    assert "others" in section.legend


def test_an_axis_has_the_round_times_of_the_scenario_s_clock() -> None:
    late = evolve(scenario((row("c1", 0),)), clock="08:20")
    facts = [came("ani", 0), asked("c1", 0), *taken("c1", "ani", 5, asked_s=0), *ended("c1", "ani", 3600)]
    page = replay_page(Day(result(late, facts)), [])
    assert ">8:30</text>" in page
    assert ">0:30</text>" not in page
    assert "8:20:05" in page
