"""What each run of a comparison kept of what its scenario expects, and which invariants it broke.

Over several days an expectation is kept on some of them; invariants are told of the first seed's day.
"""

from collections.abc import Iterator, Mapping, Sequence

from engine.replay.comparison import Comparison
from engine.replay.report.html import Html, el
from engine.replay.report.parts import lines


def kept(several: Comparison) -> Iterator[Html]:
    """A verdict on each run; one on all of them if they kept everything."""
    verdicts = [_verdict(several, n) for n in range(len(several.days))]
    if not any(broken for _, broken in verdicts):
        if several.days[0].result.scenario.expect:
            on = "" if several.spread is None else f" on all {len(several.spread.seeds)} days"
            said = f"Every run kept every expectation{on}, and no run broke an invariant"
        else:
            said = "No run broke an invariant"
        yield el("p", f"✓ {said}{of_day(several)}.", class_="verdict kept")
        return
    for title, (told, broken) in zip(several.titles, verdicts, strict=True):
        mark, kind = ("✗", "broken") if broken else ("✓", "kept")
        yield el(
            "div",
            el("p", f"{mark} {title}: {told}{of_day(several)}."),
            lines(broken) if broken else None,
            class_=f"verdict {kind}",
        )


def of_day(several: Comparison) -> str:
    """Of which day calls are told one by one, if there are several."""
    return "" if several.spread is None else f" on the day of seed {several.spread.seeds[0]}"


def _verdict(several: Comparison, n: int) -> tuple[str, Sequence[str]]:
    """In words, and each thing that was broken."""
    result = several.days[n].result
    violations, expected = result.violations, len(result.scenario.expect)
    if several.spread is None:
        unkept = result.unkept
        promised = f"kept {expected - len(unkept)} of {expected} expectations"
    else:
        promised, unkept = _over_days(expected, several.spread.unkept[n], len(several.spread.seeds))
    invariants = f"broke {len(violations) or 'no'} invariant{'s' * (len(violations) > 1)}"
    return f"{promised} and {invariants}" if expected else invariants, (*violations, *unkept)


def _over_days(expected: int, unkept: Mapping[str, int], days: int) -> tuple[str, list[str]]:
    """How many days kept every expectation is known only where at most one of them was ever not kept."""
    told = [f"{words}, not kept on {count} of {days} days" for words, count in unkept.items()]
    if len(unkept) > 1:
        return f"kept {expected - len(unkept)} of {expected} expectations on every day", told
    on = f"{days - sum(unkept.values())} of {days}" if unkept else f"all {days}"
    return f"kept every expectation on {on} days", told
