"""What a scenario promises of its day, measured on the rows of calls of a replay's result.

A row says `call_id`, `queue`, `tier`, `outcome` (served, abandoned or unserved), `wait_s` (arrival to
connection, or to hang-up; None if unserved) and `offers`. Service level: answered within the queue's
threshold, divided by answered + abandoned, abandons under 5 s left out.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any

from attrs import frozen

from engine.domain.rules import Policy
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
    P90_WAIT_S = "p90_wait_s"
    MAX_WAIT_S = "max_wait_s"
    SERVICE_LEVEL = "service_level"  # 0 to 1
    OFFERS = "offers"


@frozen(kw_only=True)
class Expectation:
    """`min <= measure <= max`, of all calls or of one queue's, one tier's or one call's."""

    measure: Measure
    min: float | None = None
    max: float | None = None
    queue: str | None = None
    tier: str | None = None
    call: str | None = None

    def mistakes(self, at: str, policy: Policy) -> Iterator[Mistake]:
        if self.min is None and self.max is None:
            yield Mistake(at, "", "expected a min, a max or both")
        if self.min is not None and self.max is not None and self.min > self.max:
            yield Mistake(f"{at}.max", f"{self.max:g}", "expected min or more")
        if self.queue is not None and self.queue not in policy.queues:
            known = nearest(self.queue, list(policy.queues))
            yield Mistake(f"{at}.queue", shown(self.queue), f"expected one that is listed{known}")

    def failure(self, rows: Rows, service_level_s: Mapping[str, float]) -> str | None:
        """What is wrong, as one line; None if the expectation holds."""
        mine = [r for r in rows if self._covers(r)]
        found = measured(self.measure, mine, service_level_s)
        low, high = self.min, self.max
        if found is not None and (low is None or found >= low) and (high is None or found <= high):
            return None
        limits = (("at least", low), ("at most", high))
        bounds = [f"{word} {bound:g}" for word, bound in limits if bound is not None]
        of = "".join(f" of {k} {v}" for k in ("queue", "tier", "call") if (v := getattr(self, k)))
        said = "nothing to measure" if found is None else f"found {found:g}"
        return f"{self.measure}{of}: expected {' and '.join(bounds)}, {said}"

    def _covers(self, row: Mapping[str, Any]) -> bool:
        wanted = {"queue": self.queue, "tier": self.tier, "call_id": self.call}
        return all(value is None or row[key] == value for key, value in wanted.items())


def failures(expect: Sequence[Expectation], rows: Rows, service_level_s: Mapping[str, float]) -> list[str]:
    """The expectations that do not hold, each as one line."""
    return [text for e in expect if (text := e.failure(rows, service_level_s)) is not None]


def summary(rows: Rows, service_level_s: Mapping[str, float]) -> dict[str, float | None]:
    """Every measure of these calls; None where there is nothing to measure."""
    return {m.value: measured(m, rows, service_level_s) for m in Measure}


def measured(measure: Measure, rows: Rows, service_level_s: Mapping[str, float]) -> float | None:
    """One measure of these calls; None if there is nothing to measure it on."""
    if measure in _COUNTED:
        return float(sum(r["outcome"] == measure.value for r in rows))
    if measure is Measure.SERVICE_LEVEL:
        return _service_level(rows, service_level_s)
    return _MEASURES[measure](rows)


def _waits(rows: Rows, *outcomes: str) -> list[float]:
    return sorted(float(r["wait_s"]) for r in rows if r["outcome"] in outcomes)


def _mean(values: Sequence[float]) -> float | None:
    return math.fsum(values) / len(values) if values else None


def _percentile(values: Sequence[float], share: float) -> float | None:
    """The nearest-rank percentile of sorted values."""
    return values[max(0, math.ceil(share * len(values)) - 1)] if values else None


def _service_level(rows: Rows, service_level_s: Mapping[str, float]) -> float | None:
    served = [r for r in rows if r["outcome"] == "served"]
    left = sum(w >= SHORT_ABANDON_S for w in _waits(rows, "abandoned"))
    within = sum(r["wait_s"] <= service_level_s[r["queue"]] for r in served)
    return within / (len(served) + left) if served or left else None


_COUNTED = frozenset({Measure.SERVED, Measure.ABANDONED, Measure.UNSERVED})
_MEASURES: dict[Measure, Callable[[Rows], float | None]] = {
    Measure.CALLS: lambda rows: float(len(rows)),
    Measure.OFFERS: lambda rows: float(sum(r["offers"] for r in rows)),
    Measure.ABANDONMENT: lambda rows: _mean([float(r["outcome"] == "abandoned") for r in rows]),
    Measure.MEAN_WAIT_S: lambda rows: _mean(_waits(rows, "served", "abandoned")),
    Measure.MEAN_ANSWER_S: lambda rows: _mean(_waits(rows, "served")),
    Measure.P90_WAIT_S: lambda rows: _percentile(_waits(rows, "served", "abandoned"), 0.9),
    Measure.MAX_WAIT_S: lambda rows: max(_waits(rows, "served", "abandoned"), default=None),
}
