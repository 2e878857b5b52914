"""Tables at the terminal: what is said of a value, which of a row is best, and what stands in the columns."""

from collections.abc import Sequence
from io import StringIO

import pytest
from attrs import evolve
from rich.console import Console
from rich.table import Table

from engine.domain.rules import Queue, Rule
from engine.replay.comparison import Comparison
from engine.replay.measures import MEASURES, Unit
from engine.replay.replications import summary
from engine.replay.rows import AgentRow
from engine.replay.sample import Day, told_apart
from engine.replay.table import best, difference, said, side_by_side, sides, table
from engine.replay.virtual import replay
from tests.replay.facts_by_hand import row, scenario

BY_KEY = {measure.key: measure for measure in MEASURES}
ROWS = (row("c1", 0), row("c2", 1), row("vip", 2, tier="vip"))


def played(*rules: Rule) -> Day:
    return Day(replay(scenario(ROWS, rules=rules, agents=(AgentRow(id="ani", login_s=0, queues=("q",)),))))


def shown(made: Table) -> str:
    text = StringIO()
    Console(file=text, width=200).print(made)
    return text.getvalue()


@pytest.mark.parametrize(
    ("unit", "value", "text"),
    [
        (Unit.COUNT, 1234.0, "1,234"),
        (Unit.SHARE, 0.5, "50.0%"),
        (Unit.SECONDS, 0.0, "0.0 s"),
        (Unit.SECONDS, 0.0042, "0.004 s"),
        (Unit.SECONDS, -2.73, "-2.7 s"),
        (Unit.MILLISECONDS, 70.58, "70.6 ms"),
        (Unit.BYTES, 28_210.0, "28.2 kB"),
        (Unit.RATIO, 51.2, "51.20"),
        (Unit.SHARE, None, "-"),
    ],
)
def test_a_value_is_said_in_its_unit(unit: Unit, value: float | None, text: str) -> None:
    assert said(unit, value) == text


@pytest.mark.parametrize(
    ("key", "values", "first"),
    [
        ("mean_wait_s", [3.0, 2.0, None], {1}),
        ("service_level", [0.5, 0.9, 0.9], {1, 2}),
        ("mean_wait_s", [2.0, 2.01], set()),  # the same, as it is written
        ("calls", [3.0, 2.0], set()),
        ("mean_wait_s", [None, None], set()),
    ],
)
def test_the_best_of_a_row_is_the_one_that_reads_best(
    key: str, values: Sequence[float | None], first: set[int]
) -> None:
    assert best(BY_KEY[key], values) == first


@pytest.mark.parametrize(
    ("unit", "first", "other", "text"),
    [
        (Unit.COUNT, 1234.0, 1240.0, "+6"),
        (Unit.COUNT, 3.0, 3.0, "0"),
        (Unit.SECONDS, 38.66, 38.74, "0"),
        (Unit.SHARE, 0.8504, 0.8, "-5.0 points"),
        (Unit.SECONDS, 38.64, 38.75, "+0.2 s"),  # of 38.6 s and 38.8 s
        (Unit.SECONDS, 0.25, 0.5, "+0.250 s"),
        (Unit.SECONDS, 0.5, 2.0, "+1.5 s"),
        (Unit.MILLISECONDS, 70.0, 68.5, "-1.5 ms"),
        (Unit.BYTES, 28_000.0, 4_000.0, "-24.0 kB"),
        (Unit.RATIO, 0.3, 0.25, "-0.05"),
        (Unit.SECONDS, None, 1.0, "-"),
    ],
)
def test_a_difference_is_that_of_what_is_written(
    unit: Unit, first: float | None, other: float | None, text: str
) -> None:
    assert difference(unit, first, other) == text


def test_a_day_has_a_column_for_each_tier() -> None:
    text = shown(table(played()))
    assert "all" in text
    assert "tier vip" in text
    assert "queue q" not in text
    assert "Priority inversions" in text
    assert "HTTP requests" not in text
    assert "Service level (20 s)" in text


def test_runs_stand_side_by_side_and_the_best_is_marked() -> None:
    days = (played(), played(Rule(when={"tier": ("vip",)}, head_start_ms=60_000)))
    assert [heading for heading, _ in sides(days)] == ["", "tier regular", "tier vip"]
    text = shown(side_by_side(Comparison(("as it [is]", "with"), days, ((), ()), None)))
    assert "as it [is]" in text
    vip = text[text.index("tier vip") :]
    [line] = [line for line in vip.splitlines() if "Wait, mean" in line]
    assert line.count("✓") == 1
    assert "difference" in text
    assert [cell.strip() for cell in line.split("│")][-2] == "-40.0 s"


def test_queues_are_told_apart_where_there_is_but_one_tier() -> None:
    calls = (row("c1", 0), evolve(row("c2", 1), queue="p"))
    crew = (AgentRow(id="ani", login_s=0, queues=("q", "p")),)
    day = Day(replay(scenario(calls, agents=crew, queues=(Queue(name="q"), Queue(name="p")))))
    assert [heading for heading, _ in sides([day])] == ["", "queue p", "queue q"]
    assert told_apart([played()]) == ("tier", ["regular", "vip"])


def test_of_several_days_means_stand_with_their_differences() -> None:
    first, other = (
        [{"": {"calls": 2.0, "mean_wait_s": wait_s, "abandonment": share}} for wait_s, share in of_days]
        for of_days in ([(10.0, 0.1), (20.0, 0.3)], [(15.0, 0.2), (25.0, 0.2)])
    )
    day = played()
    several = Comparison(("a", "b"), (day, day), ((), ()), ((),), spread=summary((1, 2), [first, other]))
    lines = [" ".join(line.replace("│", " ").split()) for line in shown(side_by_side(several)).splitlines()]
    assert "Calls 2 2 0" in lines
    assert "Wait, mean 15.0 s 20.0 s +5.0 ± 0.0 s *" in lines
    assert "Abandonment 20.0% 20.0% +0.0 ± 127.1 points" in lines


def test_several_runs_have_no_column_of_differences() -> None:
    days = (played(), played(), played())
    assert "difference" not in shown(side_by_side(Comparison(("a", "b", "c"), days, ((), (), ()), None)))


def test_a_narrow_table_leaves_no_digit_out() -> None:
    text = StringIO()
    days = (played(),) * 4
    Console(file=text, width=40).print(side_by_side(Comparison(tuple("abcd"), days, ((),) * 4, None)))
    assert "…" not in text.getvalue()
