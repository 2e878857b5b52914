"""Several replays of one day side by side: how each was made, what it came to, and what went otherwise."""

from typing import Any

from attrs import asdict, frozen

from engine.replay.compare import Changed
from engine.replay.measures import take
from engine.replay.result import Dispatch
from engine.replay.sample import Day
from engine.replay.scenario import Scenario


@frozen
class Run:
    """One column of a comparison: how a day is to be replayed."""

    title: str
    scenario: Scenario
    dispatch: Dispatch
    live: bool


@frozen(eq=False)
class Comparison:
    """`told`: of each run, in what its rules differ from the first's; of the first, and of dispatchers, ().

    `changes`: of each run after the first, which calls went otherwise than in the first; None where it is
    dispatchers that differ. `notes`: what is to be known of the whole, such as a rule that matches no call.
    """

    titles: tuple[str, ...]
    days: tuple[Day, ...]
    told: tuple[tuple[str, ...], ...]
    changes: tuple[tuple[Changed, ...], ...] | None
    notes: tuple[str, ...] = ()


def as_json(comparison: Comparison) -> dict[str, Any]:
    """A comparison as it is written to a file. `changed` is null of the first run, and of dispatchers."""
    first = comparison.days[0].result
    return {
        "scenario": first.scenario.name,
        "seed": first.seed,
        "notes": list(comparison.notes),
        "runs": [_run_json(comparison, n) for n in range(len(comparison.days))],
    }


def _run_json(comparison: Comparison, n: int) -> dict[str, Any]:
    day = comparison.days[n]
    result = day.result
    changes = comparison.changes[n - 1] if comparison.changes is not None and n else None
    return {
        "title": comparison.titles[n],
        "mode": result.mode,
        "dispatch": result.dispatch,
        "speed": result.speed,
        "differences": list(comparison.told[n]),
        "measures": take(day.sample(), whole=True),
        "tiers": {tier: take(day.sample(tier=tier), whole=False) for tier in day.tiers},
        "queues": {queue: take(day.sample(queue=queue), whole=False) for queue in day.queues},
        "cost": None if result.cost is None else asdict(result.cost),
        "violations": list(result.violations),
        "unkept": result.unkept,
        "changed": None if changes is None else [_changed_json(change) for change in changes],
    }


def _changed_json(change: Changed) -> dict[str, Any]:
    kept = ("outcome", "wait_s", "agent_id")
    return {
        "call_id": change.before.call_id,
        "before": {key: getattr(change.before, key) for key in kept},
        "after": {key: getattr(change.after, key) for key in kept},
        "passes": list(change.passes),
        "passed_by": list(change.passed_by),
        "why": change.why(),
    }
