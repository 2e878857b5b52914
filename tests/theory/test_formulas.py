"""The formulas themselves: against published values, against each other where one contains the other, and
within the bounds that hold for any parameters."""

from math import exp, factorial, inf

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from .formulas import ErlangA, ErlangC, cobham, erlang_b, erlang_c, waiting_work

servers = st.integers(1, 60)
shares = st.floats(0.02, 0.98)
rates = st.floats(0.05, 20.0)


@pytest.mark.parametrize(
    ("agents", "load", "lost"), [(1, 1.0, 1 / 2), (2, 1.0, 1 / 5), (5, 3.0, 0.1101), (10, 5.0, 0.0184)]
)
def test_erlang_b_gives_the_values_of_its_tables(agents: int, load: float, lost: float) -> None:
    assert erlang_b(agents, load) == pytest.approx(lost, abs=5e-5)


@pytest.mark.parametrize(
    ("agents", "load", "waits"), [(1, 0.7, 0.7), (2, 1.0, 1 / 3), (3, 2.0, 4 / 9), (10, 9.0, 0.6687)]
)
def test_erlang_c_gives_the_values_of_its_tables(agents: int, load: float, waits: float) -> None:
    assert erlang_c(agents, load) == pytest.approx(waits, abs=5e-5)


def test_patience_changes_a_house_as_garnett_mandelbaum_and_reiman_tabulate() -> None:
    """48 calls a minute, a minute each, 50 agents; patience of 2 minutes or without end (2002)."""
    endless, patient = ErlangC(50, 48.0), ErlangA(50, 48.0, abandon_rate=0.5)
    assert 60 * endless.mean_wait == pytest.approx(20.8, abs=0.05)
    assert 60 * endless.wait_quantile(0.9) == pytest.approx(58.1, abs=0.05)
    assert endless.mean_waiting == pytest.approx(17, abs=0.5)
    assert patient.abandonment == pytest.approx(0.031, abs=5e-4)
    assert 60 * patient.mean_wait == pytest.approx(3.7, abs=0.05)
    assert patient.mean_waiting == pytest.approx(3, abs=0.5)
    assert patient.occupancy == pytest.approx(0.93, abs=5e-3)


def test_cobham_gives_the_published_waits_of_ten_servers() -> None:
    assert cobham(10, (2, 3, 4)) == pytest.approx((0.0836, 0.1672, 1.3375), abs=5e-5)
    assert ErlangC(10, 9.0).mean_wait == pytest.approx(0.6687, abs=5e-5)


def test_cobham_of_one_server_is_the_textbook_formula() -> None:
    """W_1 = r / (1 - r_1), W_2 = r / ((1 - r_1) (1 - r)), in units of the mean service."""
    assert cobham(1, (0.3, 0.4)) == pytest.approx((0.7 / 0.7, 0.7 / (0.7 * 0.3)))


@given(servers, shares)
def test_erlang_c_is_a_probability_and_more_than_erlang_b(agents: int, busy: float) -> None:
    load = agents * busy
    assert 0.0 < erlang_b(agents, load) <= erlang_c(agents, load) < 1.0
    assert erlang_c(agents, load) <= busy + 1e-12  # one server waits most at the same occupancy


@given(servers, shares, st.floats(0.001, 0.02))
def test_erlang_c_grows_with_load_and_falls_with_servers(agents: int, busy: float, more: float) -> None:
    assume(busy + more < 1.0)
    assert erlang_c(agents, agents * busy) < erlang_c(agents, agents * (busy + more))
    assert erlang_c(agents + 1, agents * busy) < erlang_c(agents, agents * busy)


@given(servers, shares, st.floats(0.5, 0.999))
def test_the_quantile_is_the_service_level_read_backwards(agents: int, busy: float, share: float) -> None:
    house = ErlangC(agents, agents * busy)
    at_once = 1.0 - house.wait_probability
    assert house.service_level(0.0) == pytest.approx(at_once)
    assert house.service_level(house.wait_quantile(share)) == pytest.approx(max(share, at_once))
    assert house.service_level(inf) == 1.0


@given(servers, shares, rates)
def test_the_unit_of_time_does_not_matter(agents: int, busy: float, service_rate: float) -> None:
    by_hour = ErlangC(agents, agents * busy * service_rate, service_rate)
    assert by_hour.mean_wait * service_rate == pytest.approx(ErlangC(agents, agents * busy).mean_wait)
    patient = ErlangA(agents, agents * busy * service_rate, 0.5 * service_rate, service_rate)
    assert patient.abandonment == pytest.approx(ErlangA(agents, agents * busy, 0.5).abandonment)


@given(servers, st.floats(0.05, 0.95))
def test_endless_patience_makes_erlang_a_erlang_c(agents: int, busy: float) -> None:
    patient, endless = ErlangA(agents, agents * busy, 1e-7), ErlangC(agents, agents * busy)
    assert patient.wait_probability == pytest.approx(endless.wait_probability, rel=1e-3)
    assert patient.mean_wait == pytest.approx(endless.mean_wait, rel=1e-3)


@given(servers, st.floats(0.05, 3.0))
def test_without_patience_erlang_a_is_erlang_b(agents: int, busy: float) -> None:
    assert ErlangA(agents, agents * busy, 1e7).abandonment == pytest.approx(
        erlang_b(agents, agents * busy), rel=1e-3
    )


@given(servers, st.floats(0.05, 3.0))
def test_patience_as_long_as_service_makes_the_house_poisson(agents: int, busy: float) -> None:
    """Everybody then leaves at the same rate, waiting or not: M/M/infinity."""
    load = agents * busy
    fewer = sum(exp(-load) * load**n / factorial(n) for n in range(agents))
    assert ErlangA(agents, load, 1.0).wait_probability == pytest.approx(1.0 - fewer, abs=1e-9)


@given(servers, st.floats(0.05, 3.0), rates)
def test_abandonment_stays_between_its_bounds(agents: int, busy: float, abandon_rate: float) -> None:
    """What exceeds the capacity must leave (the fluid limit), and nobody can keep a server over-busy."""
    house = ErlangA(agents, agents * busy, abandon_rate)
    assert max(0.0, 1.0 - 1.0 / busy) - 1e-9 <= house.abandonment <= house.wait_probability + 1e-12
    assert 0.0 < house.occupancy <= 1.0 + 1e-9
    assert house.abandonment <= ErlangA(agents, agents * busy, 2 * abandon_rate).abandonment + 1e-12


classes = st.lists(st.floats(0.05, 1.0), min_size=1, max_size=5)


@given(servers, classes, shares)
def test_cobham_serves_each_class_before_the_next_and_conserves_the_work(
    agents: int, weights: list[float], busy: float
) -> None:
    arrivals = [agents * busy * w / sum(weights) for w in weights]
    fifo = ErlangC(agents, sum(arrivals)).mean_wait
    waits = cobham(agents, arrivals)
    assert list(waits) == sorted(waits)
    assert waits[0] <= fifo * (1 + 1e-9)
    assert waits[-1] >= fifo * (1 - 1e-9)
    assert waiting_work(agents, arrivals, waits) == pytest.approx(
        waiting_work(agents, arrivals, [fifo] * len(arrivals))
    )
