"""The page of several replays: what differs comes first, and what is counted adds up."""

import re

import pytest
from attrs import evolve

from engine.domain.rules import Rule
from engine.replay.compare import changed
from engine.replay.comparison import Comparison
from engine.replay.expectations import Expectation, Measure
from engine.replay.replications import Difference, Spread
from engine.replay.report.compare_page import compare_page
from engine.replay.report.shifts import shifts
from engine.replay.result import Result
from tests.replay.facts_by_hand import asked, came, ended, result, row, scenario, taken
from tests.replay.pages import VIPS_FIRST, a_day, side_by_side

EARLIER = Rule(when={"tier": ("vip",)}, head_start_ms=30_000)


@pytest.fixture(scope="module")
def two() -> Comparison:
    several = side_by_side(a_day(), a_day(VIPS_FIRST))
    return evolve(several, told=((), ("rule tier=vip is new",)), notes=("rules[1] matches none <of> 60",))


@pytest.fixture(scope="module")
def page(two: Comparison) -> str:
    return compare_page(two)


def summary(page: str) -> str:
    return section(page, "summary")


def section(page: str, name: str) -> str:
    return page[page.index(f'<section aria-labelledby="{name}"') :].split("</section>")[0]


def cells(table: str, heading: str) -> list[str]:
    """Of the row with that heading, less the markup inside."""
    found = re.search(rf'<tr><th scope="row">{re.escape(heading)}</th>(.*?)</tr>', table)
    assert found is not None
    return [re.sub("<[^>]+>", "", cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", found[1])]


def test_first_comes_in_what_the_rules_differ(page: str) -> None:
    said = summary(page)
    assert page.index(said) < page.index('aria-labelledby="measures"')
    assert "<strong>r2</strong>, unlike <strong>r1</strong>: rule tier=vip is new" in said
    assert "Note: rules[1] matches none &lt;of&gt; 60" in said


def test_a_run_with_the_same_rules_says_so() -> None:
    assert "<strong>r2</strong>: the rules of <strong>r1</strong></li>" in compare_page(
        side_by_side(a_day(), a_day())
    )


def test_each_tier_has_its_calls_its_measures_and_their_differences(page: str, two: Comparison) -> None:
    said = summary(page)
    assert re.findall(r'scope="rowgroup"[^>]*><span>([^<]+)<', said) == [
        *("tier regular, 40 calls", "tier vip, 20 calls", "all, 60 calls"),
    ]
    vips = said[said.index("tier vip") :]
    waits = [day.sample(tier="vip").waits_s for day in two.days]
    means = [round(sum(s) / len(s), 1) for s in waits]
    assert cells(vips, "r1")[:2] == [f"{means[0]:.1f} s", ""]
    assert cells(vips, "r2")[:2] == [f"{means[1]:.1f} s", f"−{means[0] - means[1]:.1f} s"]


def test_a_sentence_for_each_tier_agrees_with_the_counts_below(page: str, two: Comparison) -> None:
    assert two.changes is not None
    vips = [c for c in two.changes[0] if c.before.tier == "vip"]
    shorter, longer = (sum((c.longer_s or 0) * sign > 0 for c in vips) for sign in (-1, 1))
    assert f"<strong>vip</strong> (20 calls): {shorter} wait shorter, {longer} longer" in summary(page)
    counted = [int(cell) for cell in cells(section(page, "changed-1"), "vip")]
    assert counted[0] == 20 == sum(counted[1:5])
    assert counted[2:4] == [shorter, longer]


def test_what_each_run_kept_and_broke_is_told() -> None:
    fast = Expectation(measure=Measure.P90_WAIT_S, tier="vip", max=200)
    days = (
        evolve(day, scenario=evolve(day.scenario, expect=(fast,))) for day in (a_day(), a_day(VIPS_FIRST))
    )
    said = summary(compare_page(side_by_side(*days)))
    assert "✗ r1: kept 0 of 1 expectations and broke no invariant." in said
    assert "<li>Wait, 90th percentile, tier vip: expected at most 200 s, found 240 s</li>" in said
    assert "✓ r2: kept 1 of 1 expectations and broke no invariant." in said
    broken = evolve(a_day(), violations=("call c1 was assigned twice: to a0 and a1",))
    said = summary(compare_page(side_by_side(broken, a_day())))
    assert "✗ r1: broke 1 invariant." in said
    assert "assigned twice" in said
    assert "✓ No run broke an invariant." in summary(compare_page(side_by_side(a_day(), a_day())))


def test_several_rules_have_a_section_each_on_what_went_otherwise() -> None:
    page = compare_page(side_by_side(a_day(), a_day(VIPS_FIRST), a_day(EARLIER)))
    assert "Calls that went otherwise under “r2”</h2>" in page
    assert "Calls that went otherwise under “r3”</h2>" in page
    assert "Under <strong>r3</strong>, compared with <strong>r1</strong>:" in page


def test_dispatchers_are_compared_without_a_list_of_changes() -> None:
    days = [evolve(a_day(), dispatch=way) for way in ("polling", "priority")]
    page = compare_page(side_by_side(*days, by_rules=False))
    assert "<strong>polling</strong>: agents' pages ask" in page
    assert "(20 calls): all go as before." in summary(page)
    assert "Calls that went otherwise" not in page


def test_over_several_days_means_have_intervals_and_what_is_no_chance_is_strong(two: Comparison) -> None:
    means = {"": {"calls": 60.0, "mean_wait_s": 40.0}, "tier vip": {"calls": 20.5, "mean_wait_s": 50.0}}
    by = {"": {"calls": None, "mean_wait_s": Difference(-0.5, 2.0)}}
    by |= {"tier vip": {"calls": None, "mean_wait_s": Difference(-31.0, 4.0)}}
    page = compare_page(evolve(two, spread=Spread((3, 4, 5), (means, means), (by,), ({}, {}))))
    said = summary(page)
    assert "means over 3 days (seeds 3 to 5)" in said
    assert "tier vip, 20 calls a day" in said
    assert "<strong>−31.0 ± 4.0 s *</strong>" in said
    assert "<td>−0.5 ± 2.0 s</td>" in said
    assert "<strong>r1</strong> on the day of seed 3:" in said
    assert "✓ No run broke an invariant on the day of seed 3." in said
    measures = section(page, "measures")
    assert cells(measures, "Wait, mean") == ["40.0 s", "40.0 s−0.5 ± 2.0 s"]
    assert "<small>−0.5 ± 2.0 s</small>" in measures
    assert "<small><strong>−31.0 ± 4.0 s *</strong></small>" in measures


def test_over_several_days_it_is_told_on_how_many_each_expectation_was_kept() -> None:
    """Where several were ever not kept, nobody knows on how many days all were."""
    expect = tuple(Expectation(measure=Measure.P90_WAIT_S, max=most) for most in (60, 70, 300))
    day = a_day()
    several = side_by_side(*(evolve(day, scenario=evolve(day.scenario, expect=expect)) for _ in range(3)))
    unkept: tuple[dict[str, int], ...] = ({"a promise": 6}, {"a promise": 6, "another": 1}, {})
    spread = Spread(tuple(range(1, 11)), ({"": {}},) * 3, ({"": {}},) * 2, unkept)
    said = summary(compare_page(evolve(several, spread=spread)))
    invariants = "and broke no invariant on the day of seed 1."
    assert f"✗ r1: kept every expectation on 4 of 10 days {invariants}" in said
    assert "<li>a promise, not kept on 6 of 10 days</li>" in said
    assert f"✗ r2: kept 1 of 3 expectations on every day {invariants}" in said
    assert "<li>another, not kept on 1 of 10 days</li>" in said
    assert f"✓ r3: kept every expectation on all 10 days {invariants}" in said
    assert "found" not in said
    kept = summary(compare_page(evolve(several, spread=evolve(spread, unkept=({}, {}, {})))))
    assert (
        "✓ Every run kept every expectation on all 10 days, and no run broke an invariant on the day" in kept
    )


def test_the_measures_of_two_runs_have_their_difference_and_the_best_is_marked(page: str) -> None:
    rows = re.findall(r'<tr><th scope="row">Wait, mean</th>(.*?)</tr>', section(page, "measures"))
    assert len(rows) == 3
    assert all(row.count("✓") <= 1 for row in rows)
    assert any(row.count("✓") == 1 for row in rows)
    assert all(re.search(r"<td>[+−][\d.]+ s</td>$", row) for row in rows)


def test_changed_calls_are_listed_with_why_and_as_cards_where_it_is_narrow(
    page: str, two: Comparison
) -> None:
    assert two.changes is not None
    largest = two.changes[0][0]
    listed = section(page, "changed-1")
    said = f"{len(two.changes[0])} of 60 calls went otherwise under <strong>r2</strong> than under"
    assert f"{said} <strong>r1</strong>." in listed
    assert ">Changed outcomes first, then by how much the wait changed</p>" in listed
    assert f'<td data-label="why">{largest.why()}</td>' in listed
    assert listed.index(f">{largest.before.call_id}</th>") < listed.index(two.changes[0][1].before.call_id)


def test_bars_of_moved_waits_stand_where_the_change_is() -> None:
    """c1 waits 30 s shorter, c2 0.5 s longer."""

    def day(first_s: float, second_s: float) -> Result:
        facts = [came("ani", 0), asked("c1", 0), *taken("c1", "ani", first_s, asked_s=0)]
        facts += [
            *ended("c1", "ani", first_s + 10),
            asked("c2", 60),
            *taken("c2", "ani", second_s, asked_s=60),
        ]
        return result(scenario((row("c1", 0), row("c2", 60))), [*facts, *ended("c2", "ani", second_s + 10)])

    changes = changed(day(40, 80), day(10, 80.5))
    found = shifts(1, "b", "a", "tier", {"regular": 2}, changes)
    rows = re.findall(r'<tr><th scope="row">([^<]+)</th><td>(\d+)</td></tr>', found.numbers)
    assert rows == [("−27.5 s or less", "1"), ("+0 to +2.5 s", "1")]
    assert "1 shorter</text>" in found.drawings[0]
    assert "1 longer</text>" in found.drawings[0]
