"""The report: drawings whose places one can compute, pages that are whole, safe and say everything."""

import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
from attrs import evolve

from engine.domain.rules import Rule
from engine.replay.compare import changed
from engine.replay.comparison import Comparison
from engine.replay.course import Lived, Span, course
from engine.replay.measures import MEASURES
from engine.replay.report import plot
from engine.replay.report.figures import agents_by_state, queue_length
from engine.replay.report.gantt import gantt
from engine.replay.report.html import Html, el, table
from engine.replay.report.intervals import in_half_hours, interval_s, mean_levels, service_levels
from engine.replay.report.page import compare_page, replay_page
from engine.replay.report.plot import Frame
from engine.replay.report.view import View
from engine.replay.result import Result
from engine.replay.rows import AgentRow, CallRow
from engine.replay.sample import Day
from engine.replay.virtual import replay
from tests.replay.facts_by_hand import asked, came, ended, left, result, row, scenario, taken

FRAME = Frame(width=120, height=60, x=(0, 10), y=(0, 4), left=10, right=10, top=10, bottom=10)


def a_day(*rules: Rule, calls: int = 60, agents: int = 3) -> Result:
    rows = tuple(
        CallRow(
            id=f"c{n:03}",
            arrive_s=7 * n,
            queue="q",
            tier=("regular", "vip")[n % 3 == 0],
            handle_s=25 + n % 5,
            patience_s=240,
        )
        for n in range(calls)
    )
    crew = tuple(AgentRow(id=f"a{n}", login_s=0, queues=("q",)) for n in range(agents))
    return replay(scenario(rows, agents=crew, rules=rules))


# plotting


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


def test_an_axis_has_the_round_times_of_the_scenario_s_clock() -> None:
    assert plot.clock_ticks(3600, 2, 8 * 3600 + 20 * 60) == [(600, "8:30"), (2400, "9:00")]
    late = evolve(scenario((row("c1", 0),)), clock="08:20")
    facts = [came("ani", 0), asked("c1", 0), *taken("c1", "ani", 5, asked_s=0), *ended("c1", "ani", 3600)]
    page = replay_page(Day(result(late, facts)), [])
    assert ">8:30</text>" in page
    assert ">0:30</text>" not in page
    assert "8:20:05" in page


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


# the pages


class Seen(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def replayed() -> str:
    return replay_page(Day(a_day(Rule(when={"tier": ("vip",)}, head_start_ms=90_000))), ["c1: <too late>"])


@pytest.fixture(scope="module")
def compared() -> str:
    before, after = a_day(), a_day(Rule(when={"tier": ("vip",)}, head_start_ms=90_000))
    days, changes = (Day(before), Day(after)), (tuple(changed(before, after)),)
    return compare_page(Comparison(("before", "after"), days, ((), ()), changes))


@pytest.fixture(params=["replayed", "compared"])
def page(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(request.param))


def test_a_page_needs_no_script_and_no_other_file(page: str) -> None:
    seen = Seen(page)
    assert seen.open == []
    assert not {"script", "link", "img", "iframe"} & {tag for tag, _ in seen.tags}
    for _, attributes in seen.tags:
        assert not {"style", "src", "onclick"} & attributes.keys()
        assert not (attributes.get("href") or "").startswith("http")
    assert not re.search(r"url\((?!#p\d)", page)
    assert "@import" not in page


def test_every_drawing_has_a_name_and_a_description(page: str) -> None:
    ids = [str(attributes["id"]) for _, attributes in Seen(page).tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    drawings = [a for a in Seen(page).of("svg") if a.get("role") == "img"]
    assert len(drawings) in (5, 11)
    for attributes in drawings:
        assert set((attributes["aria-labelledby"] or "").split()) <= set(ids)
    for drawn in re.findall(r"<svg.*?</svg>", page, re.DOTALL):
        ElementTree.fromstring(drawn)
    assert page.count("<summary>Numbers<") in (5, 6)


def test_a_page_defines_every_measure(page: str) -> None:
    for measure in MEASURES:
        assert f"<dt>{measure.title.replace('&', '&amp;')}</dt>" in page


def test_a_page_says_what_was_violated(replayed: str) -> None:
    assert "✗ Violated: 1" in replayed
    assert "c1: &lt;too late&gt;" in replayed
    assert "✓ Kept every expectation" in replay_page(Day(a_day(calls=2)), [])


def test_the_longest_waits_are_told_with_their_trace(replayed: str) -> None:
    traces = re.findall(r"<article>.*?</article>", replayed, re.DOTALL)
    waits = [float(re.findall(r"<strong>([\d,.]+) s", trace)[0].replace(",", "")) for trace in traces]
    assert len(traces) == 8
    assert waits == sorted(waits, reverse=True)
    assert any("Waited on while" in trace for trace in traces)
    assert all("asked for queue q" in trace for trace in traces)


def test_changed_calls_are_listed_with_why(compared: str) -> None:
    assert "calls went otherwise under after than under before." in compared
    assert "head start was 0 s and is 90 s (tier vip 90 s)" in compared
    assert "earlier" in compared


def test_a_comparison_marks_the_best_of_a_row(compared: str) -> None:
    rows = re.findall(r"<tr><th scope=\"row\">Wait, mean</th>(.*?)</tr>", compared)
    assert rows
    assert all(row.count("✓") <= 1 for row in rows)
    assert any(row.count("✓") == 1 for row in rows)


def test_a_page_is_small_and_the_same_each_time() -> None:
    day = a_day(calls=400, agents=8)
    first = replay_page(Day(day), [])
    assert first == replay_page(Day(day), [])
    assert len(first) < 200_000


def test_an_empty_day_has_a_page() -> None:
    assert "Nobody waited." in replay_page(Day(replay(scenario(()))), [])
