"""Expected waits, against exact quantiles."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.domain.estimates import Z50, Z90, Pace, erlang_quantile, expected_wait
from engine.domain.lifecycle import CallState
from engine.domain.model import Call

from .builders import BEFORE, POLICY, call

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
    assert found.p50 == pytest.approx(580_000, rel=0.01)
    assert found.p90 == pytest.approx(852_000, rel=0.01)


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
    assert 0 <= here.p50 <= here.p90
    assert here.p50 <= behind.p50
    assert here.p90 <= behind.p90
    assert helped.p50 <= here.p50
    assert helped.p90 <= here.p90


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


def ended(**fields: Any) -> Call:
    """A call of `general` that was connected at BEFORE and ended 60 s later."""
    at = BEFORE + 60_000
    return call(CallState.ENDED, connected_at=BEFORE, since_at=at, ended_at=at, **fields)


def test_pace_learns_talk_and_wrap_up_from_calls_that_end() -> None:
    pace = Pace()
    pace.learn(call(CallState.CONNECTED), ended(), POLICY)
    assert pace.busy_ms == {"general": 60_000 + 30_000}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, ended()),
        (call(CallState.CONNECTED), None),
        (call(CallState.CONNECTED), call(CallState.WAITING)),
        (call(CallState.OFFERED), ended()),
        (ended(), ended()),
    ],
)
def test_pace_learns_of_nothing_else(before: Call | None, after: Call | None) -> None:
    pace = Pace()
    pace.learn(before, after, POLICY)
    assert pace.busy_ms == {}
