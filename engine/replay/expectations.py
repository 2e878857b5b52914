"""What a scenario promises of its day, measured on the rows of calls of a replay's result.

A row says `call_id`, `queue`, `tier`, `arrived_s`, `outcome` (served, abandoned or unserved), `wait_s`
(arrival to connection, or to hang-up; None if unserved), `agent_id` and `offers`. Service level: answered
within the queue's threshold, divided by answered + abandoned, abandons under 5 s left out. A call is
overtaken by one of its queue that came later and was connected while it waited.
"""

import math
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from itertools import accumulate, pairwise
from typing import Any

from attrs import frozen

from engine.tables import Mistake, nearest, shown

SHORT_ABANDON_S = 5.0
Rows = Sequence[Mapping[str, Any]]


class Measure(StrEnum):
    CALLS = "calls"
    SERVED = "served"
    ABANDONED = "abandoned"
    UNSERVED = "unserved"
    ABANDONMENT = "abandonment"  # share of all calls, 0 to 1
    MEAN_WAIT_S = "mean_wait_s"  # of all calls that were served or abandoned
    MEAN_ANSWER_S = "mean_answer_s"  # of served calls: the field's ASA
    P50_WAIT_S = "p50_wait_s"
    P90_WAIT_S = "p90_wait_s"
    P99_WAIT_S = "p99_wait_s"
    MAX_WAIT_S = "max_wait_s"
    SERVICE_LEVEL = "service_level"  # 0 to 1
    OFFERS = "offers"
    OVERTAKEN_BY_S = (
        "overtaken_by_s"  # how much later the latest of those came who overtook one; 0: nobody did
    )

    @property
    def heading(self) -> str:
        """What tables call it."""
        return _TITLES[self]

    def said(self, value: float) -> str:
        """A value with its unit; a share in percent."""
        if self in _SHARES:
            return f"{100 * value:g}%"
        return f"{value:g} s" if self.value.endswith("_s") else f"{value:g}"


_SHARES = frozenset({Measure.ABANDONMENT, Measure.SERVICE_LEVEL})
#: What is found is told to the ms, a share to a hundredth of a per cent, unless it then looked as expected.
_DIGITS = {False: 3, True: 4}
_TITLES = {
    Measure.CALLS: "Calls",
    Measure.SERVED: "Served",
    Measure.ABANDONED: "Abandoned",
    Measure.UNSERVED: "Unserved",
    Measure.ABANDONMENT: "Abandonment",
    Measure.MEAN_WAIT_S: "Wait, mean",
    Measure.MEAN_ANSWER_S: "Wait of those served, mean",
    Measure.P50_WAIT_S: "Wait, median",
    Measure.P90_WAIT_S: "Wait, 90th percentile",
    Measure.P99_WAIT_S: "Wait, 99th percentile",
    Measure.MAX_WAIT_S: "Wait, longest",
    Measure.SERVICE_LEVEL: "Service level",
    Measure.OFFERS: "Offers",
    Measure.OVERTAKEN_BY_S: "Overtaken by",
}


@frozen(kw_only=True)
class Known:
    """What a scenario has, that its expectations may speak of. `called`: whether a call may have that id."""

    queues: tuple[str, ...]
    tiers: tuple[str, ...]
    agents: tuple[str, ...]
    calls: tuple[str, ...]
    called: Callable[[str], bool]


@frozen(kw_only=True)
class Expectation:
    """`min <= measure <= max`, of all calls or of one queue's, one tier's, one call's or those an agent
    served; or `order`: these calls are connected one after the other."""

    measure: Measure | None = None
    min: float | None = None
    max: float | None = None
    queue: str | None = None
    tier: str | None = None
    call: str | None = None
    agent: str | None = None
    order: tuple[str, ...] = ()

    def mistakes(self, at: str, known: Known) -> Iterator[Mistake]:
        if (self.measure is None) == (not self.order):
            yield Mistake(at, "", "expected either a measure or an order")
        elif self.order:
            yield from self._order_mistakes(at, known)
        else:
            yield from self._limit_mistakes(at)
        of = (("queue", known.queues), ("tier", known.tiers), ("agent", known.agents))
        for key, names in of:
            value = getattr(self, key)
            if value is not None and value not in names:
                yield Mistake(f"{at}.{key}", shown(value), _one_of(f"a {key} of this scenario", value, names))
        if self.call is not None and not known.called(self.call):
            yield Mistake(f"{at}.call", shown(self.call), _one_of("a call's id", self.call, known.calls))

    def _limit_mistakes(self, at: str) -> Iterator[Mistake]:
        if self.min is None and self.max is None:
            yield Mistake(at, "", "expected a min, a max or both")
        if self.min is not None and self.max is not None and self.min > self.max:
            yield Mistake(f"{at}.max", f"{self.max:g}", "expected min or more")

    def _order_mistakes(self, at: str, known: Known) -> Iterator[Mistake]:
        if len(set(self.order)) < 2:
            yield Mistake(f"{at}.order", shown(list(self.order)), "expected two different calls or more")
        for name in self.order:
            if not known.called(name):
                yield Mistake(f"{at}.order", shown(name), _one_of("a call's id", name, known.calls))
        for key in ("min", "max", "queue", "tier", "call", "agent"):
            if getattr(self, key) is not None:
                yield Mistake(f"{at}.{key}", shown(getattr(self, key)), "expected none beside an order")

    def words(self) -> str:
        """What is promised."""
        if self.measure is None:
            return f"order {', '.join(self.order)}"
        limits = (("at least", self.min), ("at most", self.max))
        bounds = [f"{word} {self.measure.said(bound)}" for word, bound in limits if bound is not None]
        keys = ("queue", "tier", "call", "agent")
        of = "".join(f", {k} {v}" for k in keys if (v := getattr(self, k)))
        return f"{self.measure.heading}{of}: expected {' and '.join(bounds)}"

    def failure(self, rows: Rows, service_level_s: Mapping[str, float]) -> str | None:
        """What is wrong, as one line; None if the expectation holds."""
        if self.measure is None:
            return _out_of_order(self.order, rows)
        mine = [r for r in rows if self._covers(r)]
        found = measured(self.measure, mine, service_level_s, rows)
        if found is None:
            return f"{self.words()}, nothing to measure"
        if self._allows(found):
            return None
        near = round(found, _DIGITS[self.measure in _SHARES])
        return f"{self.words()}, found {self.measure.said(found if self._allows(near) else near)}"

    def _allows(self, found: float) -> bool:
        return (self.min is None or found >= self.min) and (self.max is None or found <= self.max)

    def _covers(self, row: Mapping[str, Any]) -> bool:
        wanted = {"queue": self.queue, "tier": self.tier, "call_id": self.call, "agent_id": self.agent}
        return all(value is None or row[key] == value for key, value in wanted.items())


def _one_of(what: str, value: str, names: tuple[str, ...]) -> str:
    return (
        f"expected {what}{nearest(value, list(names[:20]))}" if names else f"expected {what}; there is none"
    )


def _out_of_order(order: tuple[str, ...], rows: Rows) -> str | None:
    connected = {r["call_id"]: r["arrived_s"] + r["wait_s"] for r in rows if r["outcome"] == "served"}
    told = f"order {', '.join(order)}"
    for name in order:
        if name not in connected:
            return f"{told}: {name} was not served"
    for first, then in pairwise(order):
        if connected[first] >= connected[then]:
            at = f"{first} at {connected[first]:g} s, {then} at {connected[then]:g} s"
            return f"{told}: found {at}"
    return None


def failures(expect: Sequence[Expectation], rows: Rows, service_level_s: Mapping[str, float]) -> list[str]:
    """The expectations that do not hold, each as one line."""
    return [text for e in expect if (text := e.failure(rows, service_level_s)) is not None]


def summary(rows: Rows, service_level_s: Mapping[str, float]) -> dict[str, float | None]:
    """Every measure of these calls; None where there is nothing to measure."""
    return {m.value: measured(m, rows, service_level_s) for m in Measure}


def measured(
    measure: Measure, rows: Rows, service_level_s: Mapping[str, float], among: Rows | None = None
) -> float | None:
    """One measure of these calls, which came `among` those; None if there is nothing to measure it on."""
    if measure in _COUNTED:
        return float(sum(r["outcome"] == measure.value for r in rows))
    if measure is Measure.SERVICE_LEVEL:
        return _service_level(rows, service_level_s)
    if measure is Measure.OVERTAKEN_BY_S:
        return _overtaken_by_s(rows, rows if among is None else among)
    return _MEASURES[measure](rows)


def _waits(rows: Rows, *outcomes: str) -> list[float]:
    return sorted(float(r["wait_s"]) for r in rows if r["outcome"] in outcomes)


def _mean(values: Sequence[float]) -> float | None:
    return math.fsum(values) / len(values) if values else None


def percentile(values: Sequence[float], share: float) -> float | None:
    """The nearest-rank percentile of sorted values: the smallest that at least `share` of them reach."""
    return values[max(0, math.ceil(share * len(values)) - 1)] if values else None


def _service_level(rows: Rows, service_level_s: Mapping[str, float]) -> float | None:
    served = [r for r in rows if r["outcome"] == "served"]
    left = sum(w >= SHORT_ABANDON_S for w in _waits(rows, "abandoned"))
    within = sum(r["wait_s"] <= service_level_s[r["queue"]] for r in served)
    return within / (len(served) + left) if served or left else None


def _overtaken_by_s(rows: Rows, among: Rows) -> float | None:
    """For each call, who of its queue came last of those connected before its own wait ended."""
    connected: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for r in among:
        if r["outcome"] == "served":
            connected[r["queue"]].append((r["arrived_s"] + r["wait_s"], r["arrived_s"]))
    instants, latest = {}, {}
    for queue, pairs in connected.items():
        pairs.sort()
        instants[queue] = [at for at, _ in pairs]
        latest[queue] = list(accumulate((arrived for _, arrived in pairs), max))
    worst = []
    for r in rows:
        over = math.inf if r["wait_s"] is None else r["arrived_s"] + r["wait_s"]
        before = bisect_left(instants.get(r["queue"], []), over)
        worst.append(max(0.0, latest[r["queue"]][before - 1] - r["arrived_s"]) if before else 0.0)
    return max(worst, default=None)


_COUNTED = frozenset({Measure.SERVED, Measure.ABANDONED, Measure.UNSERVED})
_MEASURES: dict[Measure, Callable[[Rows], float | None]] = {
    Measure.CALLS: lambda rows: float(len(rows)),
    Measure.OFFERS: lambda rows: float(sum(r["offers"] for r in rows)),
    Measure.ABANDONMENT: lambda rows: _mean([float(r["outcome"] == "abandoned") for r in rows]),
    Measure.MEAN_WAIT_S: lambda rows: _mean(_waits(rows, "served", "abandoned")),
    Measure.MEAN_ANSWER_S: lambda rows: _mean(_waits(rows, "served")),
    Measure.P50_WAIT_S: lambda rows: percentile(_waits(rows, "served", "abandoned"), 0.5),
    Measure.P90_WAIT_S: lambda rows: percentile(_waits(rows, "served", "abandoned"), 0.9),
    Measure.P99_WAIT_S: lambda rows: percentile(_waits(rows, "served", "abandoned"), 0.99),
    Measure.MAX_WAIT_S: lambda rows: max(_waits(rows, "served", "abandoned"), default=None),
}
