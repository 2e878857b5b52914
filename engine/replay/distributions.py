"""Durations left to chance: how long callers speak, how long they wait, how fast agents answer.

A duration is written as a table that names its distribution, `{ distribution = "lognormal", mean_s = 240,
cv = 1.1 }`. All parameters are seconds, but `cv`, the coefficient of variation (standard deviation divided by
mean) and `weights`. Service times of call centres are lognormal, patience is near to exponential beyond the
first seconds (Brown et al., Statistical analysis of a telephone call center, 2005).
"""

import math
from collections.abc import Iterator
from random import Random
from typing import ClassVar

from attrs import frozen

from engine.tables import Mistake

LONGEST_S = 1_000_000.0


def _positive(at: str, **values: float | None) -> Iterator[Mistake]:
    for key, value in values.items():
        if value is not None and not 0.0 < value <= LONGEST_S:
            yield Mistake(f"{at}.{key}", f"{value:g}", f"expected more than 0, at most {LONGEST_S:.0f}")


def _second(at: str, **values: float) -> Iterator[Mistake]:
    for key, value in values.items():
        if not 0.0 <= value <= LONGEST_S:
            yield Mistake(f"{at}.{key}", f"{value:g}", f"expected seconds, 0 to {LONGEST_S:.0f}")


@frozen(kw_only=True)
class Constant:
    """Always the same."""

    distribution: ClassVar[str] = "constant"
    value_s: float

    def draw(self, random: Random) -> float:
        return self.value_s

    def mistakes(self, at: str) -> Iterator[Mistake]:
        yield from _second(at, value_s=self.value_s)


@frozen(kw_only=True)
class Uniform:
    """Anything between two bounds alike."""

    distribution: ClassVar[str] = "uniform"
    min_s: float
    max_s: float

    def draw(self, random: Random) -> float:
        return random.uniform(self.min_s, self.max_s)

    def mistakes(self, at: str) -> Iterator[Mistake]:
        yield from _second(at, min_s=self.min_s, max_s=self.max_s)
        if self.max_s < self.min_s:
            yield Mistake(f"{at}.max_s", f"{self.max_s:g}", "expected min_s or more")


@frozen(kw_only=True)
class Exponential:
    """Without memory: who has waited long is as likely to go on as who has just come."""

    distribution: ClassVar[str] = "exponential"
    mean_s: float

    def draw(self, random: Random) -> float:
        return random.expovariate(1 / self.mean_s)

    def mistakes(self, at: str) -> Iterator[Mistake]:
        yield from _positive(at, mean_s=self.mean_s)


@frozen(kw_only=True)
class Gamma:
    """By mean and coefficient of variation: shape 1 / cv², scale mean · cv². With cv = 1, exponential."""

    distribution: ClassVar[str] = "gamma"
    mean_s: float
    cv: float

    def draw(self, random: Random) -> float:
        return random.gammavariate(1 / self.cv**2, self.mean_s * self.cv**2)

    def mistakes(self, at: str) -> Iterator[Mistake]:
        yield from _positive(at, mean_s=self.mean_s, cv=self.cv)


@frozen(kw_only=True)
class Lognormal:
    """By its mean or its median, and the coefficient of variation: the logarithm has sigma² = ln(1 + cv²) and
    the mean ln(median) = ln(mean) − sigma² / 2."""

    distribution: ClassVar[str] = "lognormal"
    mean_s: float | None = None
    median_s: float | None = None
    cv: float

    def draw(self, random: Random) -> float:
        variance = math.log1p(self.cv**2)
        mu = math.log(self.median_s) if self.median_s else math.log(self.mean_s or 1.0) - variance / 2
        return random.lognormvariate(mu, math.sqrt(variance))

    def mistakes(self, at: str) -> Iterator[Mistake]:
        if (self.mean_s is None) == (self.median_s is None):
            yield Mistake(at, "", "expected either mean_s or median_s")
        yield from _positive(at, mean_s=self.mean_s, median_s=self.median_s, cv=self.cv)


@frozen(kw_only=True)
class Empirical:
    """One of the values that were seen, by their weights; without weights, each alike."""

    distribution: ClassVar[str] = "empirical"
    values_s: tuple[float, ...]
    weights: tuple[float, ...] = ()

    def draw(self, random: Random) -> float:
        return random.choices(self.values_s, self.weights or None)[0]

    def mistakes(self, at: str) -> Iterator[Mistake]:
        if not self.values_s:
            yield Mistake(f"{at}.values_s", "[]", "expected at least one value")
        for n, value in enumerate(self.values_s):
            yield from _second(at, **{f"values_s[{n}]": value})
        if self.weights:
            if len(self.weights) != len(self.values_s):
                expected = f"expected one for each of the {len(self.values_s)} values"
                yield Mistake(f"{at}.weights", f"{len(self.weights)} weights", expected)
            yield from bad_weights(f"{at}.weights", self.weights)


Distribution = Constant | Uniform | Exponential | Gamma | Lognormal | Empirical
KINDS: dict[str, type[Distribution]] = {cl.distribution: cl for cl in Distribution.__args__}


def bad_weights(key: str, weights: tuple[float, ...]) -> Iterator[Mistake]:
    """Weights of a choice that cannot be made."""
    if any(not 0.0 <= weight < math.inf for weight in weights):
        yield Mistake(key, str(min(weights)), "expected 0 or more for each")
    elif not sum(weights) > 0.0:
        yield Mistake(key, f"sum {sum(weights):g}", "expected at least one above 0")
