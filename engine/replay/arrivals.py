"""Callers by rates: how many come an hour, by the time of day, and who they are.

Arrivals are a Poisson process whose rate changes with time, drawn by thinning (Lewis and Shedler, Simulation
of nonhomogeneous Poisson processes by thinning, 1979): candidates come at the highest rate there is, and each
is kept with probability rate(t) / highest. When they come, who they are, how long they speak and how long
they wait are drawn from streams of their own, so that a change of one leaves the others as they were.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from itertools import pairwise
from random import Random

from attrs import field, frozen

from engine.domain.limits import ID
from engine.domain.rules import Policy
from engine.replay.distributions import Distribution, bad_weights
from engine.replay.rows import CallRow, Second, bad_second
from engine.tables import Mistake, shown

#: What one table may make: beyond any call centre's day, and soon made.
MOST_CALLS = 1_000_000


class Shape(StrEnum):
    STEPS = "steps"  # a rate holds until the next one
    LINEAR = "linear"  # it moves towards the next one evenly


@frozen(kw_only=True)
class Rate:
    """So many calls an hour at that second. The first holds before it too, the last after it."""

    at_s: Second
    per_hour: float


@frozen(kw_only=True)
class Share:
    """A kind of caller, and his weight among the others. His own `handle` and `patience` come first."""

    weight: float = 1.0
    queue: str
    tier: str = "regular"
    skills: Mapping[str, int] = field(factory=dict)
    attributes: Mapping[str, str] = field(factory=dict)
    handle: Distribution | None = None
    patience: Distribution | None = None


@frozen(kw_only=True)
class Arrivals:
    """Callers between two seconds of the day, at one rate (`per_hour`) or at `rates`.

    Their ids are `id`-1, `id`-2, … Without `patience` nobody gives up.
    """

    id: str = "call"
    from_s: Second = 0.0
    to_s: Second
    per_hour: float | None = None
    rates: tuple[Rate, ...] = ()
    shape: Shape = Shape.STEPS
    mix: tuple[Share, ...]
    handle: Distribution | None = None
    patience: Distribution | None = None

    def rows(self, seed: int) -> Iterator[CallRow]:
        """The calls of one day, in the order in which they come."""
        who, handling, waiting = (Random(f"{seed}/{self.id}/{of}") for of in ("mix", "handle", "patience"))
        weights = [share.weight for share in self.mix]
        for n, at in enumerate(self.instants(Random(f"{seed}/{self.id}/times")), 1):
            share = who.choices(self.mix, weights)[0]
            handle, patience = share.handle or self.handle, share.patience or self.patience
            assert handle is not None
            yield CallRow(
                id=f"{self.id}-{n}",
                arrive_s=round(at, 3),
                queue=share.queue,
                tier=share.tier,
                skills=share.skills,
                attributes=share.attributes,
                handle_s=round(handle.draw(handling), 3),
                patience_s=None if patience is None else round(patience.draw(waiting), 3),
            )

    def made(self, call_id: str) -> bool:
        """Whether one of these calls may have that id."""
        prefix, _, number = call_id.rpartition("-")
        return prefix == self.id and number.isdecimal() and not number.startswith("0")

    def instants(self, random: Random) -> Iterator[float]:
        """When they come, in seconds."""
        highest, at = max(point.per_hour for point in self._points()) / 3600, self.from_s
        while highest > 0.0:
            at += random.expovariate(highest)
            if at >= self.to_s:
                return
            if random.random() * highest * 3600 < self.rate(at):
                yield at

    def rate(self, at_s: float) -> float:
        """Calls an hour at that second."""
        points = self._points()
        if at_s < points[0].at_s:
            return points[0].per_hour
        for here, there in pairwise(points):
            if at_s < there.at_s:
                if self.shape is Shape.STEPS:
                    return here.per_hour
                share = (at_s - here.at_s) / (there.at_s - here.at_s)
                return here.per_hour + share * (there.per_hour - here.per_hour)
        return points[-1].per_hour

    def _points(self) -> tuple[Rate, ...]:
        return self.rates if self.per_hour is None else (Rate(at_s=self.from_s, per_hour=self.per_hour),)

    def mistakes(self, at: str, policy: Policy) -> Iterator[Mistake]:
        if not ID.fullmatch(f"{self.id}-{MOST_CALLS}"):
            yield Mistake(f"{at}.id", shown(self.id), "expected 1 to 56 of A-Z a-z 0-9 _ -")
        yield from bad_second(f"{at}.from_s", self.from_s)
        yield from bad_second(f"{at}.to_s", self.to_s)
        if self.to_s <= self.from_s:
            expected = f"expected a second after from_s, which is {self.from_s:g}"
            yield Mistake(f"{at}.to_s", f"{self.to_s:g}", expected)
        yield from self._rate_mistakes(at)
        yield from self._mix_mistakes(at, policy)
        for key, drawn in (("handle", self.handle), ("patience", self.patience)):
            if drawn is not None:
                yield from drawn.mistakes(f"{at}.{key}")

    def _rate_mistakes(self, at: str) -> Iterator[Mistake]:
        if (self.per_hour is None) == (not self.rates):
            yield Mistake(at, "", "expected either per_hour or rates")
            return
        for n, point in enumerate(self._points()):
            where = f"{at}.rates[{n}]" if self.rates else at
            yield from bad_second(f"{where}.at_s", point.at_s)
            most = MOST_CALLS * 3600 / max(1.0, self.to_s - self.from_s)
            if not 0.0 <= point.per_hour <= most:
                expected = f"expected 0 or more calls an hour, and {MOST_CALLS} calls in all at most"
                yield Mistake(f"{where}.per_hour", f"{point.per_hour:g}", expected)
        for n, (here, there) in enumerate(pairwise(self.rates), 1):
            if there.at_s <= here.at_s:
                expected = f"expected a second after the rate before it, {here.at_s:g}"
                yield Mistake(f"{at}.rates[{n}].at_s", f"{there.at_s:g}", expected)

    def _mix_mistakes(self, at: str, policy: Policy) -> Iterator[Mistake]:
        if not self.mix:
            yield Mistake(f"{at}.mix", "[]", 'expected who comes, such as [{ queue = "general" }]')
            return
        yield from bad_weights(f"{at}.mix", tuple(share.weight for share in self.mix))
        for n, share in enumerate(self.mix):
            where = f"{at}.mix[{n}]"
            row = CallRow(
                id="x", arrive_s=0, queue=share.queue, tier=share.tier, skills=share.skills, handle_s=0
            )
            yield from row.mistakes(where, policy)
            if share.handle is None and self.handle is None:
                yield Mistake(f"{where}.handle", "", "missing: how long these callers speak")
            for key, drawn in (("handle", share.handle), ("patience", share.patience)):
                if drawn is not None:
                    yield from drawn.mistakes(f"{where}.{key}")
