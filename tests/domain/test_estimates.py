"""Expected waits, against exact quantiles."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.domain.estimates import Z50, Z90, Pace, erlang_quantile, expected_wait

#: Median and 90 % quantile of Gamma(k, 1): x such that 1 - e^-x * (1 + x + ... + x^(k-1)/(k-1)!) = p, solved
#: by bisection with 50 decimal digits; the first pair is ln 2 and ln 10.
EXACT = {
    1: (0.693147181, 2.302585093),
    2: (1.678346990, 3.889720170),
    5: (4.670908883, 7.993589586),
    20: (19.667672423, 25.902528607),
    100: (99.666864919, 113.010523860),
}


@pytest.mark.parametrize("k", EXACT)
def test_quantiles_are_as_good_as_promised(k: int) -> None:
    within = 0.014 if k == 1 else 0.005
    p50, p90 = EXACT[k]
    assert erlang_quantile(k, 1_000, Z50) == pytest.approx(1_000 * p50, rel=within)
    assert erlang_quantile(k, 1_000, Z90) == pytest.approx(1_000 * p90, rel=within)


def test_ten_callers_before_five_busy_agents() -> None:
    """The tenth in line, five agents, 300 s a call: ten calls leave in about ten minutes."""
    found = expected_wait(10, 5, 300_000)
    assert found is not None
    p50, p90 = found
    assert p50 == pytest.approx(580_000, rel=0.01)
    assert p90 == pytest.approx(852_000, rel=0.01)


@pytest.mark.parametrize(
    ("position", "agents", "busy_ms"), [(1, 0, 300_000.0), (1, 5, None), (0, 5, 300_000.0)]
)
def test_nothing_is_said_where_nothing_is_known(position: int, agents: int, busy_ms: float | None) -> None:
    assert expected_wait(position, agents, busy_ms) is None


@given(st.integers(1, 500), st.integers(1, 200), st.floats(1_000, 10_000_000))
def test_waits_grow_with_the_position_and_shrink_with_agents(k: int, agents: int, busy_ms: float) -> None:
    here, behind = expected_wait(k, agents, busy_ms), expected_wait(k + 1, agents, busy_ms)
    helped = expected_wait(k, agents + 1, busy_ms)
    assert here is not None
    assert behind is not None
    assert helped is not None
    assert 0 <= here[0] <= here[1]
    assert here[0] <= behind[0]
    assert here[1] <= behind[1]
    assert helped[0] <= here[0]
    assert helped[1] <= here[1]


def test_pace_begins_with_the_first_call_and_follows_slowly() -> None:
    pace = Pace()
    pace.saw("general", 100_000)
    assert pace.busy_ms == {"general": 100_000}
    pace.saw("general", 200_000)
    assert pace.busy_ms["general"] == pytest.approx(110_000)
    for _ in range(60):
        pace.saw("general", 200_000)
    assert pace.busy_ms["general"] == pytest.approx(200_000, rel=0.001)
    assert set(pace.busy_ms) == {"general"}
