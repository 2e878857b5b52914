"""What theory predicts of each house, and how the same quantity is read from the calls that were served.

Waits are in mean services. Which formulas speak of a house follows from the house: impatient callers are
Erlang A's, bands are Cobham's, head starts are known to Kleinrock's law alone, and the rest is Erlang C's.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from statistics import fmean

from .formulas import ErlangA, ErlangC, cobham, waiting_work
from .houses import House
from .laboratory import Quantity, Waited

Calls = Sequence[Waited]
Predictions = Mapping[str, tuple[float, Quantity]]  #: quantity -> what theory says, how it is measured

#: A wait of this many mean services is still good service.
PROMPT = 0.2
QUANTILES = (0.5, 0.9, 0.95)


def predictions(house: House) -> Predictions:
    if house.patience is not None:
        return _erlang_a(house, house.patience)
    if house.head_starts:
        return _kleinrock(house)
    if house.bands:
        return {**_cobham(house), **_kleinrock(house)}
    return {**_erlang_c(house), **(_fifo(house) if len(house.rates) > 1 else {})}


def _erlang_c(house: House) -> Predictions:
    theory = ErlangC(house.agents, house.rate)
    at_once = 1.0 - theory.wait_probability
    return {
        "P(wait)": (theory.wait_probability, share(lambda call: call.wait > 0)),
        "mean wait": (theory.mean_wait, mean_wait()),
        f"served within {PROMPT}": (
            theory.service_level(PROMPT),
            share(lambda call: call.served and call.wait <= PROMPT),
        ),
        **{
            f"{q:.0%} wait at most": (theory.wait_quantile(q), partial(_quantile, q))
            for q in QUANTILES
            if q > at_once
        },
    }


def _erlang_a(house: House, patience: float) -> Predictions:
    theory = ErlangA(house.agents, house.rate, 1 / patience)
    return {
        "P(wait)": (theory.wait_probability, share(lambda call: call.wait > 0)),
        "mean wait": (theory.mean_wait, mean_wait()),
        "abandonment": (theory.abandonment, share(lambda call: not call.served)),
    }


def _cobham(house: House) -> Predictions:
    waits = cobham(house.agents, tuple(house.rates.values()))
    return {
        f"mean wait, {tier}": (wait, mean_wait(tier)) for tier, wait in zip(house.rates, waits, strict=True)
    }


def _fifo(house: House) -> Predictions:
    wait = ErlangC(house.agents, house.rate).mean_wait
    return {f"mean wait, {tier}": (wait, mean_wait(tier)) for tier in house.rates}


def _kleinrock(house: House) -> Predictions:
    wait = ErlangC(house.agents, house.rate).mean_wait
    rates = tuple(house.rates.values())
    return {
        "sum of load x wait": (
            waiting_work(house.agents, rates, [wait] * len(rates)),
            partial(work_of, house),
        )
    }


def work_of(house: House, calls: Calls) -> float:
    """Kleinrock's sum, with the mean waits that the tiers had."""
    waits = [mean_wait(tier)(calls) for tier in house.rates]
    return waiting_work(house.agents, tuple(house.rates.values()), waits)


def mean_wait(tier: str | None = None) -> Callable[[Calls], float]:
    return lambda calls: fmean(call.wait for call in calls if tier in (None, call.tier))


def share(which: Callable[[Waited], bool]) -> Callable[[Calls], float]:
    return lambda calls: fmean(map(which, calls))


def _quantile(q: float, calls: Calls) -> float:
    waits = sorted(call.wait for call in calls)
    return waits[min(len(waits) - 1, int(q * len(waits)))]
