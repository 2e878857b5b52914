"""The engine serves houses of which theory knows everything, and the waits are those that theory says.

Each quantity is within 3 % of theory, or theory within the simulation's own interval: the 99.9 % one of some
3,000 calls in every test run, the 95 % one of up to 400,000 in `make theory`. Seeds are fixed: what holds
once holds every time. So few calls make wide intervals; what makes the short run sharp is that every single
call must wait, to the millisecond, as long as under a dispatcher of forty lines, which is held to theory with
many more calls.
"""

from collections.abc import Sequence
from itertools import pairwise

import pytest

from .formulas import ErlangC, cobham
from .houses import BUSY, CALM, OTHERS, SERVICE_S, TWENTY, House, Rules
from .intervals import TOLERANCE, Row, estimate
from .laboratory import FULL, HOUSES, RULES, Laboratory, Waited, size
from .predictions import mean_wait, predictions, work_of
from .textbook import waits_ms

TEXTBOOK_CALLS, TEXTBOOK_BATCHES = 100_000, 20

each_house = pytest.mark.parametrize("house", HOUSES, ids=lambda house: house.name)


@each_house
def test_a_house_behaves_as_theory_says(house: House, laboratory: Laboratory) -> None:
    laboratory.check(house, predictions(house))


@each_house
def test_every_call_waits_as_under_a_textbook_dispatcher(house: House, laboratory: Laboratory) -> None:
    for seed, run in enumerate(laboratory.runs(house), 1):
        textbook = waits_ms(house, house.calls(size(house).calls, seed))
        pairs = enumerate(zip(((ms, served) for _, ms, served in run.calls), textbook, strict=True))
        differ = [(f"c{n}", ours, theirs) for n, (ours, theirs) in pairs if ours != theirs]
        assert not differ, (
            f"seed {seed}: {len(differ)} calls differ, first (call, engine, textbook) {differ[:5]}"
        )


@pytest.mark.parametrize("house", [*OTHERS, TWENTY, *BUSY, *CALM], ids=lambda house: house.name)
def test_the_textbook_dispatcher_behaves_as_theory_says(house: House) -> None:
    calls = house.calls(TEXTBOOK_CALLS, seed=0)
    waited = [
        Waited(call.tier, ms / 1000 / SERVICE_S, served)
        for call, (ms, served) in zip(calls, waits_ms(house, calls), strict=True)
    ]
    length = TEXTBOOK_CALLS // TEXTBOOK_BATCHES
    batches = [waited[n : n + length] for n in range(0, TEXTBOOK_CALLS, length)]
    rows = [
        Row(house=house.name, quantity=name, theory=theory, simulated=estimate(batches, q), confidence=0.999)
        for name, (theory, q) in predictions(house).items()
    ]
    assert all(row.holds for row in rows), "\n".join(["", *map(str, rows)])


@pytest.mark.parametrize(
    "house", [RULES.bands, RULES.short_head_start, RULES.long_head_start], ids=lambda house: house.name
)
def test_no_rule_changes_the_work_that_waits(house: House, laboratory: Laboratory) -> None:
    """Kleinrock's law between two rules for the very same callers, where chance is nearly the same."""
    ruled, fifo = laboratory.batches(house), laboratory.batches(RULES.fifo)
    both = [list(zip(a, b, strict=True)) for a, b in zip(ruled, fifo, strict=True)]

    def quotient(pairs: Sequence[tuple[Waited, Waited]]) -> float:
        return work_of(house, [a for a, _ in pairs]) / work_of(RULES.fifo, [b for _, b in pairs])

    row = laboratory.compare(house.name, "sum, to that of fifo", 1.0, estimate(both, quotient))
    assert row.holds, f"\n{row}"
    assert not FULL or row.within_tolerance, f"\n{row}"


def test_a_longer_head_start_moves_waits_further_and_never_beyond_a_band(laboratory: Laboratory) -> None:
    for tier, falls in (("gold", True), ("regular", False)):
        calls = [[c for batch in laboratory.batches(house) for c in batch] for house in RULES]
        waits = [mean_wait(tier)(each) for each in calls]
        assert all((a > b) == falls for a, b in pairwise(waits)), (tier, waits)


@pytest.mark.parametrize("rules", [BUSY, CALM])
def test_the_difference_between_rules_is_too_large_to_be_missed(rules: Rules) -> None:
    """A table in which every rule gave nearly the same waits would prove little."""
    fifo, rates = ErlangC(rules.fifo.agents, rules.fifo.rate).mean_wait, tuple(rules.fifo.rates.values())
    assert all(abs(wait / fifo - 1) > 10 * TOLERANCE for wait in cobham(rules.fifo.agents, rates))
