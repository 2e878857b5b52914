"""Several days of one scenario: what differs by more than chance."""

from pathlib import Path
from statistics import fmean

import pytest
from attrs import evolve

from engine.replay.replications import Difference, Spread, Taken, spread, student, summary, taken
from engine.replay.sample import Day
from engine.replay.scenario import Scenario, load_scenario
from engine.replay.virtual import replay

STORY = Path(__file__).parents[2] / "scenarios" / "payday_rush.toml"


def waits(*values: float | None) -> list[Taken]:
    return [{"": {"mean_wait_s": value}} for value in values]


def test_a_difference_is_the_mean_of_the_days_differences_with_student_s_interval() -> None:
    """Days of 10, 20 and 30 s differ far more than two runs of each: 1, 2 and 3 s."""
    found = summary((1, 2, 3), [waits(10, 20, 30), waits(11, 22, 33)])
    assert [run[""]["mean_wait_s"] for run in found.means] == [20, 22]
    [[difference]] = [run[""].values() for run in found.differences]
    assert isinstance(difference, Difference)
    assert difference.mean == 2
    assert difference.half_width == pytest.approx(4.303 / 3**0.5)
    assert not difference.sure
    assert not found.fixed
    [[sure]] = [
        run[""].values() for run in summary((1, 2, 3), [waits(1, 2, 3), waits(6, 7, 8.5)]).differences
    ]
    assert sure is not None
    assert sure.sure


def test_what_was_measured_on_too_few_days_has_no_difference() -> None:
    found = summary((1, 2), [waits(1, None), waits(2, 3)])
    assert found.means[0][""]["mean_wait_s"] == 1
    assert found.differences[0][""]["mean_wait_s"] is None
    assert summary((1, 2), [[{}, {}], waits(1, 2)]).means[0] == {}


def test_days_that_are_all_alike_are_fixed() -> None:
    assert summary((1, 2), [waits(1, 1), waits(3, 3)]).fixed


@pytest.mark.parametrize(("freedom", "expected"), [(1, 12.706), (30, 2.042), (40, 2.021), (120, 1.980)])
def test_the_quantiles_are_the_published_ones(freedom: int, expected: float) -> None:
    """Student's table, as every textbook has it."""
    assert student(freedom) == pytest.approx(expected, abs=0.002)


def test_each_seed_is_a_day_that_every_run_replays() -> None:
    """In processes of their own, and in the order of the seeds: to the last bit what this process finds."""
    whole = load_scenario(STORY)

    def runs(seed: int) -> list[Scenario]:
        day = whole.between(2 * 3600, 2.5 * 3600, seed)
        return [day, evolve(day, rules=())]

    def alone(seed: int) -> list[Day]:
        return [Day(replay(day, seed)) for day in runs(seed)]

    over: list[int] = []
    found = spread(runs, (1, 2, 3), alone(1), over.append)
    assert over == [1, 2, 3, 4]
    assert isinstance(found, Spread)
    days = [[taken(day)[""]["mean_wait_s"] or 0.0 for day in alone(seed)] for seed in (1, 2, 3)]
    for n in (0, 1):
        assert found.means[n][""]["mean_wait_s"] == pytest.approx(fmean(day[n] for day in days))
    assert found.differences[0]["tier priority"]["mean_wait_s"] is not None
