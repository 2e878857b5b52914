"""The first screen of a comparison: in what the runs differ, what came of it by tier, what was kept."""

from collections.abc import Iterator, Sequence

from engine.replay.comparison import Comparison
from engine.replay.measures import MEASURES, Measure, Unit
from engine.replay.report.html import Child, Html, el, grouped
from engine.replay.report.parts import lines, section
from engine.replay.report.tally import Tally
from engine.replay.result import Dispatch
from engine.replay.sample import Day, Sample
from engine.replay.table import said

#: What is told of each tier.
KEYS = ("mean_wait_s", "p90_wait_s", "abandonment", "service_level")
DISPATCHES = {
    Dispatch.POLLING: "agents' pages ask for calls over HTTP; whoever asks first gets the oldest",
    Dispatch.STREAM: "calls go to agents as they come, the oldest first",
    Dispatch.PRIORITY: "the engine, by the scenario's rules",
}


def summary(several: Comparison, groups: tuple[str, Sequence[str]], found: Sequence[Sequence[Tally]]) -> Html:
    """`groups`: by tier or by queue, and their names. `found`: of each run after the first, by group."""
    return section(
        "summary",
        "What differs",
        *_differences(several),
        *(el("p", f"Note: {note}", class_="note") for note in several.notes),
        _by_group(several, groups),
        *_sentences(several, found),
        *_kept(several),
        class_="summary",
    )


def _differences(several: Comparison) -> Iterator[Html]:
    first = several.titles[0]
    if several.changes is None:
        ways = [Dispatch(day.result.dispatch) for day in several.days]
        yield el(
            "ul", *(el("li", el("strong", way), f": {DISPATCHES[way]}") for way in ways), class_="told-of"
        )
        return
    told = (
        el(
            "li",
            el("strong", title),
            f" differs from {first}: {'; '.join(differences)}"
            if differences
            else f" has the rules of {first}",
        )
        for title, differences in zip(several.titles[1:], several.told[1:], strict=True)
    )
    yield el("ul", *told, class_="told-of")


def _by_group(several: Comparison, groups: tuple[str, Sequence[str]]) -> Html:
    kind, names = groups
    measures = [next(m for m in MEASURES if m.key == key) for key in KEYS]
    head: list[Child] = [""]
    for measure in measures:
        head += [titled(measure, several.days), "diff."]
    rows = []
    for name in names:
        samples = [day.sample(**{kind: name}) for day in several.days]
        rows.append((f"{kind} {name}, {_calls(samples[0])}", _rows(several, measures, samples)))
    if len(names) != 1:
        samples = [day.sample() for day in several.days]
        rows.append((f"all, {_calls(samples[0])}", _rows(several, measures, samples)))
    return grouped(f"By {kind}; diff.: to {several.titles[0]}", head, rows, class_="by-group")


def _rows(several: Comparison, measures: Sequence[Measure], samples: Sequence[Sample]) -> list[list[Child]]:
    values = [[measure.of(sample) for measure in measures] for sample in samples]
    rows: list[list[Child]] = []
    for n, (title, taken) in enumerate(zip(several.titles, values, strict=True)):
        row: list[Child] = [title]
        for measure, first, value in zip(measures, values[0], taken, strict=True):
            row += [
                said(measure.unit, value),
                el("span", difference(measure.unit, first, value)) if n else "",
            ]
        rows.append(row)
    return rows


def _sentences(several: Comparison, found: Sequence[Sequence[Tally]]) -> Iterator[Html]:
    for title, tallies in zip(several.titles[1:], found, strict=True):
        said_of = (el("li", el("strong", t.title), f" ({t.calls:,} calls): {t.sentence()}.") for t in tallies)
        heading = f"Under {title}, compared with {several.titles[0]}:"
        yield el("div", el("p", heading), el("ul", *said_of), class_="otherwise")


def _kept(several: Comparison) -> Iterator[Html]:
    """What each run kept and broke; on one line if all kept everything."""
    verdicts = [_verdict(day) for day in several.days]
    if not any(broken for _, broken in verdicts):
        yield el("p", f"✓ Every run {verdicts[0][0]}.", class_="verdict kept")
        return
    for title, (told, broken) in zip(several.titles, verdicts, strict=True):
        mark, kind = ("✗", "broken") if broken else ("✓", "kept")
        more = lines(broken) if broken else None
        yield el("div", el("p", f"{mark} {title} {told}."), more, class_=f"verdict {kind}")


def _verdict(day: Day) -> tuple[str, Sequence[str]]:
    """In words, and each thing that was broken."""
    result = day.result
    unkept, expected = result.unkept, len(result.scenario.expect)
    promised = f"kept {expected - len(unkept)} of {expected} expectations and " if expected else ""
    return (
        f"{promised}broke {len(result.violations) or 'no'} invariant{'s' * (len(result.violations) > 1)}",
        (
            *result.violations,
            *unkept,
        ),
    )


def titled(measure: Measure, days: Sequence[Day]) -> str:
    """Its title, with the threshold that it is about."""
    if measure.key != "service_level":
        return measure.title
    found = sorted({s for day in days for s in day.result.scenario.service_level_s.values()})
    return f"{measure.title} ({', '.join(f'{s:g}' for s in found)} s)"


def difference(unit: Unit, first: float | None, other: float | None) -> str:
    """By how much the other is more, as the two are written."""
    if first is None or other is None:
        return "-"
    if unit is Unit.SHARE:
        by = round(other * 100, 1) - round(first * 100, 1)
        return f"{by:+.1f} points"
    by = round(other, 1) - round(first, 1)
    return f"{by:+,.1f}"


def _calls(sample: Sample) -> str:
    return f"{len(sample.calls):,} calls"
