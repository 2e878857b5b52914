"""Several replays of one day side by side: how each was made, what it came to, and what went otherwise."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from attrs import asdict, frozen

from engine.replay.compare import Changed, changed
from engine.replay.measures import take
from engine.replay.result import JOURNAL_CALLS, Dispatch
from engine.replay.rule_words import differences, unmatched
from engine.replay.sample import Day
from engine.replay.scenario import Scenario

if TYPE_CHECKING:
    from engine.replay.replications import Spread


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
    `spread`: of the days of several seeds, of which `days` are those of the first.
    """

    titles: tuple[str, ...]
    days: tuple[Day, ...]
    told: tuple[tuple[str, ...], ...]
    changes: tuple[tuple[Changed, ...], ...] | None
    notes: tuple[str, ...] = ()
    spread: "Spread | None" = None


def compared(
    runs: Sequence[Run], days: Sequence[Day], notes: Sequence[str] = (), spread: "Spread | None" = None
) -> Comparison:
    """What came of these runs of one day. They differ by rules if they have one dispatcher."""
    by_rules = len({run.dispatch for run in runs}) == 1
    first, *others = days
    return Comparison(
        titles=tuple(run.title for run in runs),
        days=tuple(days),
        told=tuple(tuple(differences(runs[0].scenario, run.scenario)) for run in runs),
        changes=tuple(tuple(changed(first.result, d.result)) for d in others) if by_rules else None,
        notes=tuple(notes),
        spread=spread,
    )


def notes_of(runs: Sequence[Run]) -> list[str]:
    """Of each run which of its rules match no call; what holds of all of them is said once."""
    found: dict[str, list[str]] = {}
    for run in runs:
        for note in unmatched(run.scenario):
            found.setdefault(note, []).append(run.title)
    return [note if len(of) == len(runs) else f"{', '.join(of)}: {note}" for note, of in found.items()]


def promises(several: Comparison) -> Iterator[tuple[str, str]]:
    """Of each run, which expectations of its scenario it keeps, in one line; nothing if there are none."""
    for n, (title, day) in enumerate(zip(several.titles, several.days, strict=True)):
        if not (count := len(day.result.scenario.expect)):
            continue
        if several.spread is not None:
            days = len(several.spread.seeds)
            unkept = [f"{words}: on {k} of {days} days" for words, k in several.spread.unkept[n].items()]
        else:
            unkept = day.result.unkept
        said = f"kept {count - len(unkept)} of {count} expectations" + (
            " on every day" if several.spread else ""
        )
        yield title, f"{said}; violated: {'; '.join(unkept)}" if unkept else said


def as_json(comparison: Comparison) -> dict[str, Any]:
    """A comparison as it is written to a file. `changed` is null of the first run, and of dispatchers."""
    first = comparison.days[0].result
    return {
        "scenario": first.scenario.name,
        "seed": first.seed,
        "notes": list(comparison.notes),
        "spread": None if comparison.spread is None else comparison.spread.to_json(),
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
        "expectations": len(result.scenario.expect),
        "unkept": result.unkept,
        "changed": None if changes is None else [_changed_json(change) for change in changes],
        "result": result.to_json(journal_calls=JOURNAL_CALLS // len(comparison.days)),
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
