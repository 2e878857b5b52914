"""The first screen of a comparison: in what the runs differ, what came of it by tier, what was kept."""

from collections.abc import Iterator, Mapping, Sequence

from engine.replay.comparison import Comparison
from engine.replay.measures import MEASURES, Measure
from engine.replay.replications import Spread
from engine.replay.report.faults import went_wrong
from engine.replay.report.html import Child, Html, el, grouped, signed
from engine.replay.report.kept import kept, of_day
from engine.replay.report.parts import section
from engine.replay.report.tally import Tally
from engine.replay.result import Dispatch
from engine.replay.sample import Sample
from engine.replay.table import difference, interval, said, titled

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
        went_wrong(several.days[0].result.scenario),
        _by_group(several, groups),
        *_sentences(several, found),
        *kept(several),
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
            ", unlike " if differences else ": the rules of ",
            el("strong", first),
            f": {'; '.join(differences)}" if differences else None,
        )
        for title, differences in zip(several.titles[1:], several.told[1:], strict=True)
    )
    yield el("ul", *told, class_="told-of")


def _by_group(several: Comparison, groups: tuple[str, Sequence[str]]) -> Html:
    kind, names = groups
    measures = [next(m for m in MEASURES if m.key == key) for key in KEYS]
    first, spread = several.titles[0], several.spread
    head: list[Child] = [""]
    for measure in measures:
        head += [titled(measure, several.days), "difference"]
    if spread is not None and (kind != "tier" or len(names) == 1):
        names = ()
    of_names = ((f"{kind} {name}", {kind: name}) for name in names)
    bodies = []
    for heading, of in (*of_names, *([("all", {})] if len(names) != 1 else [])):
        samples = [day.sample(**of) for day in several.days]
        taken = [{m.key: m.of(sample) for m in measures} for sample in samples]
        key = heading if of else ""
        rows = _rows(several, measures, taken) if spread is None else _means(several, measures, spread, key)
        bodies.append((f"{heading}, {_calls(samples[0], spread, key)}", rows))
    days = ""
    if spread is not None:
        count = f"means over {len(spread.seeds)} days (seeds {spread.seeds[0]} to {spread.seeds[-1]})"
        days = (
            f"; {count}, differences with their 95\N{NO-BREAK SPACE}% intervals, * where that is not chance"
        )
    return grouped(
        f"By {kind}, each run with its difference to “{first}”{days}", head, bodies, class_="by-group"
    )


Taken = Mapping[str, float | None]


def _rows(several: Comparison, measures: Sequence[Measure], taken: Sequence[Taken]) -> list[list[Child]]:
    rows: list[list[Child]] = []
    for n, (title, found) in enumerate(zip(several.titles, taken, strict=True)):
        row: list[Child] = [title]
        for measure in measures:
            value, first = found[measure.key], taken[0][measure.key]
            by = difference(measure.unit, first, value) if n else ""
            row += [said(measure.unit, value), signed(by)]
        rows.append(row)
    return rows


def _calls(sample: Sample, spread: Spread | None, key: str) -> str:
    mean = None if spread is None else spread.means[0].get(key, {}).get("calls")
    return f"{len(sample.calls):,} calls" if mean is None else f"{mean:,.0f} calls a day"


def _means(several: Comparison, measures: Sequence[Measure], spread: Spread, key: str) -> list[list[Child]]:
    rows: list[list[Child]] = []
    for n, title in enumerate(several.titles):
        row: list[Child] = [title]
        for measure in measures:
            by = spread.differences[n - 1].get(key, {}).get(measure.key) if n else None
            text = "" if by is None else signed(interval(measure.unit, by))
            value = spread.means[n].get(key, {}).get(measure.key)
            row += [said(measure.unit, value), el("strong", text) if by and by.sure else text]
        rows.append(row)
    return rows


def _sentences(several: Comparison, found: Sequence[Sequence[Tally]]) -> Iterator[Html]:
    for title, tallies in zip(several.titles[1:], found, strict=True):
        said_of = (el("li", el("strong", t.title), f" ({t.calls:,} calls): {t.sentence()}.") for t in tallies)
        first = el("strong", several.titles[0])
        heading = el("p", "Under ", el("strong", title), ", compared with ", first, f"{of_day(several)}:")
        yield el("div", heading, el("ul", *said_of), class_="otherwise")
