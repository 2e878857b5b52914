"""A replayed day with what its facts tell, and samples of its calls: what measures are taken of."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from attrs import asdict, frozen

from engine.replay.course import Course, course
from engine.replay.expectations import Measure as Promised
from engine.replay.expectations import measured
from engine.replay.result import CallOutcome, Result
from engine.replay.turns import Turn, turns


@frozen(eq=False, slots=False)
class Day:
    """A replay with what its facts tell."""

    result: Result

    @cached_property
    def turns(self) -> Mapping[str, Turn]:
        return turns(self.result)

    @cached_property
    def course(self) -> Course:
        return course(self.result)

    @cached_property
    def ordinary(self) -> frozenset[str]:
        """The calls to which the scenario's rules give neither head start nor band."""
        policy, rows = self.result.scenario.policy, self.result.scenario.calls
        places = ((row.id, policy.prioritise(row.queue, row.tier, row.attributes, 0)) for row in rows)
        return frozenset(name for name, place in places if not place.terms and not place.band)

    def sample(self, *, queue: str | None = None, tier: str | None = None) -> "Sample":
        """The calls of that queue and that tier; None = of every."""
        return Sample(
            self,
            tuple(
                call
                for call in self.result.calls
                if queue in (None, call.queue) and tier in (None, call.tier)
            ),
        )

    @property
    def tiers(self) -> list[str]:
        return sorted({call.tier for call in self.result.calls})

    @property
    def queues(self) -> list[str]:
        return sorted({call.queue for call in self.result.calls})


def told_apart(days: Sequence[Day]) -> tuple[str, list[str]]:
    """By what the calls of these days are told apart, and its names: by tier, or by queue where there is but
    one tier."""
    tiers = sorted({name for day in days for name in day.tiers})
    queues = sorted({name for day in days for name in day.queues})
    return ("queue", queues) if len(tiers) < 2 <= len(queues) else ("tier", tiers)


@frozen(eq=False, slots=False)
class Sample:
    """Some calls of a day."""

    day: Day
    calls: tuple[CallOutcome, ...]

    @property
    def served(self) -> list[CallOutcome]:
        return [call for call in self.calls if call.outcome == "served"]

    @cached_property
    def waits_s(self) -> list[float]:
        """Sorted, of the calls that were served or abandoned."""
        return sorted(call.wait_s for call in self.calls if call.wait_s is not None)

    @cached_property
    def turns(self) -> list[Turn]:
        known = self.day.turns
        return [known[call.call_id] for call in self.calls if call.call_id in known]

    @cached_property
    def delays_s(self) -> list[float]:
        """Sorted, of the calls that were served."""
        known, speed = self.day.turns, self.day.result.speed
        told = (known[call.call_id] for call in self.served if call.call_id in known)
        return sorted((turn.free_ms + turn.rang_ms) * speed / 1000 for turn in told)

    def promised(self, measure: Promised) -> float | None:
        """What a scenario's expectations call by that name."""
        return measured(measure, self._rows, self.day.result.scenario.service_level_s)

    @cached_property
    def _rows(self) -> list[dict[str, Any]]:
        return [asdict(call) for call in self.calls]
