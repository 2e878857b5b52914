"""What is measured of a day, each measure written once: its name, its unit, what is better, its definition.

Everything is read from the facts; only the cost of serving comes from outside. Measures of `CALLS` can be
taken of all calls or of one tier's or queue's, those of `DAY` only of the whole. A measure is None where
there is nothing to measure. The docstrings are what a report prints as definitions.
"""

from collections.abc import Callable
from enum import StrEnum
from statistics import fmean, pstdev

from attrs import frozen

from engine.replay.cost import Cost
from engine.replay.expectations import Measure as Promised
from engine.replay.expectations import percentile
from engine.replay.sample import Sample

#: An agent who was logged in for less says nothing about how work is spread.
LEAST_LOGGED_IN_S = 600.0


class Unit(StrEnum):
    COUNT = "count"
    SECONDS = "s"
    SHARE = "share"  # 0 to 1
    RATIO = "ratio"  # of two like things, without unit
    MILLISECONDS = "ms"
    BYTES = "bytes"


class Better(StrEnum):
    LOWER = "lower"
    HIGHER = "higher"
    NEITHER = "neither"


class Part(StrEnum):
    """What a measure is about: the headings of tables."""

    WAITS = "Waits"
    ASSIGNMENT = "Assignment"
    FAIRNESS = "Fairness"
    COST = "Cost per served call"


Of = Callable[[Sample], float | None]


@frozen
class Measure:
    """`whole`: it can only be taken of a whole day."""

    key: str
    title: str
    part: Part
    unit: Unit
    better: Better
    of: Of
    whole: bool = False

    @property
    def definition(self) -> str:
        return " ".join((self.of.__doc__ or "").split())


MEASURES: list[Measure] = []


def _measure(
    title: str, part: Part, unit: Unit, better: Better = Better.LOWER, *, whole: bool = False
) -> Callable[[Of], Of]:
    def register(of: Of) -> Of:
        MEASURES.append(Measure(of.__name__, title, part, unit, better, of, whole))
        return of

    return register


def take(sample: Sample, *, whole: bool) -> dict[str, float | None]:
    """Every measure of these calls by its key; those of a whole day only if they are `whole`."""
    return {m.key: m.of(sample) for m in MEASURES if whole or not m.whole}


@_measure(Promised.CALLS.heading, Part.WAITS, Unit.COUNT, Better.NEITHER)
def calls(s: Sample) -> float | None:
    """Calls that came."""
    return float(len(s.calls))


@_measure(Promised.SERVED.heading, Part.WAITS, Unit.COUNT, Better.HIGHER)
def served(s: Sample) -> float | None:
    """Calls that were connected to an agent."""
    return float(len(s.served))


@_measure(Promised.ABANDONMENT.heading, Part.WAITS, Unit.SHARE)
def abandonment(s: Sample) -> float | None:
    """Share of all calls whose customer left before anybody answered."""
    return s.promised(Promised.ABANDONMENT)


@_measure(Promised.MEAN_WAIT_S.heading, Part.WAITS, Unit.SECONDS)
def mean_wait_s(s: Sample) -> float | None:
    """Mean time from asking to connection, or to leaving; of the calls that were served or abandoned."""
    return s.promised(Promised.MEAN_WAIT_S)


@_measure(Promised.P50_WAIT_S.heading, Part.WAITS, Unit.SECONDS)
def p50_wait_s(s: Sample) -> float | None:
    """The wait that half of the calls served or abandoned did not exceed (nearest rank)."""
    return percentile(s.waits_s, 0.5)


@_measure(Promised.P90_WAIT_S.heading, Part.WAITS, Unit.SECONDS)
def p90_wait_s(s: Sample) -> float | None:
    """The wait that 90 % of the calls served or abandoned did not exceed (nearest rank)."""
    return percentile(s.waits_s, 0.9)


@_measure(Promised.P99_WAIT_S.heading, Part.WAITS, Unit.SECONDS)
def p99_wait_s(s: Sample) -> float | None:
    """The wait that 99 % of the calls served or abandoned did not exceed (nearest rank)."""
    return percentile(s.waits_s, 0.99)


@_measure(Promised.MAX_WAIT_S.heading, Part.WAITS, Unit.SECONDS)
def max_wait_s(s: Sample) -> float | None:
    """The longest wait of a call that was served or abandoned."""
    return s.waits_s[-1] if s.waits_s else None


@_measure(Promised.SERVICE_LEVEL.heading, Part.WAITS, Unit.SHARE, Better.HIGHER)
def service_level(s: Sample) -> float | None:
    """Answered within the queue's threshold, divided by answered and abandoned; who left within 5 s is left
    out."""
    return s.promised(Promised.SERVICE_LEVEL)


@_measure("Assignment delay, median", Part.ASSIGNMENT, Unit.SECONDS)
def p50_delay_s(s: Sample) -> float | None:
    """Assignment delay of a served call: how long it waited while an agent was free for it, and the ringing
    of the offer he accepted. An agent is free for a call if one who could take it is left when each waiting
    call that goes before it by the scenario's rules has taken one. Median."""
    return percentile(s.delays_s, 0.5)


@_measure("Assignment delay, 99th percentile", Part.ASSIGNMENT, Unit.SECONDS)
def p99_delay_s(s: Sample) -> float | None:
    """The assignment delay that 99 % of the served calls did not exceed."""
    return percentile(s.delays_s, 0.99)


@_measure("Priority inversions", Part.ASSIGNMENT, Unit.COUNT)
def inversions(s: Sample) -> float | None:
    """Calls that were taken by an agent who could have taken another waiting call that goes before it by the
    scenario's rules. Judged by those rules whatever the dispatcher knew of them."""
    return float(sum(turn.jumped > 0 for turn in s.turns))


@_measure("Calls passed by an inversion", Part.ASSIGNMENT, Unit.COUNT)
def passed_calls(s: Sample) -> float | None:
    """Calls that were left waiting by at least one priority inversion."""
    return float(sum(turn.passed > 0 for turn in s.turns))


@_measure("Callers without head start: extra wait", Part.FAIRNESS, Unit.SECONDS, Better.NEITHER, whole=True)
def ordinary_extra_s(s: Sample) -> float | None:
    """Mean wait of the calls to which the rules give neither head start nor band, less the mean wait of all.
    While no agent idles with work at hand and what a call needs does not hang on its tier, the mean over all
    is what first come, first served would give everybody (Kleinrock, A conservation law for a wide class of
    queueing disciplines, 1965): so this is what they pay for the rules."""
    known = s.day.ordinary
    ordinary = [c.wait_s for c in s.calls if c.call_id in known and c.wait_s is not None]
    return fmean(ordinary) - fmean(s.waits_s) if ordinary else None


@_measure("Callers without head start: overtaken by", Part.FAIRNESS, Unit.SECONDS, whole=True)
def overtaken_by_s(s: Sample) -> float | None:
    """How much later than a caller with neither head start nor band, at most, somebody came whom an agent
    took before him although the agent could have taken him. A constant head start bounds it by that head
    start."""
    ordinary = [turn for turn in s.turns if turn.request_id in s.day.ordinary]
    return max((turn.overtaken_ms * s.day.result.speed / 1000 for turn in ordinary), default=None)


@_measure("Spread of work over agents", Part.FAIRNESS, Unit.RATIO, whole=True)
def work_spread(s: Sample) -> float | None:
    """Coefficient of variation (standard deviation divided by mean) of the agents' calls per logged-in hour;
    0 = all alike. Agents logged in for less than ten minutes are left out."""
    handled = dict.fromkeys((agent.name for agent in s.day.course.agents), 0)
    for call in s.served:
        handled[call.agent_id or ""] = handled.get(call.agent_id or "", 0) + 1
    there = [(handled[a.name], a.spent_s()) for a in s.day.course.agents]
    rates = [calls * 3600 / logged_s for calls, logged_s in there if logged_s >= LEAST_LOGGED_IN_S]
    return pstdev(rates) / mean if rates and (mean := fmean(rates)) else None


@_measure("HTTP requests", Part.COST, Unit.RATIO, whole=True)
def http_requests(s: Sample) -> float | None:
    """HTTP requests that the servers answered, per served call."""
    return _per_call(s, lambda cost: cost.http_requests)


@_measure("Store commands", Part.COST, Unit.RATIO, whole=True)
def store_commands(s: Sample) -> float | None:
    """Commands that the store carried out, those inside scripts among them, per served call."""
    return _per_call(s, lambda cost: cost.store_commands)


@_measure("Processor time", Part.COST, Unit.MILLISECONDS, whole=True)
def cpu_ms(s: Sample) -> float | None:
    """User and system time of the serving processes and the store, per served call."""
    return _per_call(s, lambda cost: cost.cpu_s * 1000)


@_measure("Bytes", Part.COST, Unit.BYTES, whole=True)
def traffic_bytes(s: Sample) -> float | None:
    """What the servers received from clients and sent to them, per served call."""
    return _per_call(s, lambda cost: cost.bytes_in + cost.bytes_out)


def _per_call(s: Sample, amount: Callable[[Cost], float]) -> float | None:
    cost = s.day.result.cost
    return None if cost is None or not s.served else amount(cost) / len(s.served)
