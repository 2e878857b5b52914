"""Several days of one scenario: what differs by more than chance."""

from pathlib import Path
from statistics import fmean

import pytest
from attrs import evolve

from engine.domain.rules import Queue
from engine.replay.expectations import Expectation, Measure
from engine.replay.faults import Fault, FaultKind
from engine.replay.replications import Difference, Spread, Taken, chancy, spread, student, summary, taken
from engine.replay.rows import AgentRow, CallRow, Drop
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


def test_it_is_known_what_leaves_a_day_to_chance() -> None:
    whole = load_scenario(STORY)
    plain = Scenario(
        name="plain",
        queues=(Queue(name="q"),),
        agents=(AgentRow(id="ani", login_s=0, queues=("q",)),),
        calls=(CallRow(id="c", arrive_s=0, queue="q", handle_s=5),),
    )
    [ani] = plain.agents
    assert chancy(whole)
    assert not chancy(plain)
    assert chancy(evolve(plain, agents=(evolve(ani, accept=0.5),)))
    assert chancy(evolve(plain, agents=(evolve(ani, drops=(Drop(at_s=1, for_ms=5),)),)))
    assert chancy(evolve(plain, faults=(Fault(at_s=1, kind=FaultKind.STORE_EMPTIED),)))


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


def test_it_is_counted_on_how_many_days_an_expectation_is_not_kept() -> None:
    hopes = (
        Expectation(measure=Measure.CALLS, min=1),
        Expectation(measure=Measure.CALLS, max=0),
    )
    whole = evolve(load_scenario(STORY), expect=())

    def runs(seed: int) -> list[Scenario]:
        return [evolve(whole.between(2 * 3600, 2.2 * 3600, seed), expect=hopes)]

    found = spread(runs, (1, 2), [Day(replay(day, 1)) for day in runs(1)])
    assert found.unkept == ({"Calls: expected at most 0": 2},)
