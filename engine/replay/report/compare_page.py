"""The page of several replays of one day side by side: first the answer, then all that is behind it."""

from collections.abc import Iterator

from engine.replay.comparison import Comparison
from engine.replay.measures import MEASURES
from engine.replay.replications import Spread
from engine.replay.report.changes import went_otherwise
from engine.replay.report.html import Child, Html, el, join, signed, table
from engine.replay.report.parts import definitions, drawings, drawn, page, section, without_head_start
from engine.replay.report.summary import summary
from engine.replay.report.tally import tallies
from engine.replay.report.view import View
from engine.replay.sample import told_apart
from engine.replay.table import BEST, best, difference, interval, said, sides, titled


def compare_page(several: Comparison, made_by: str = "") -> str:
    """`made_by`: the command that makes it again."""
    titles, days = several.titles, several.days
    kind, names = told_apart(days)
    calls = days[0].result.calls
    found = [tallies(kind, names, calls, day.result.calls) for day in days[1:]]
    changed = found if several.changes is not None else []
    return page(
        f"{days[0].result.scenario.name}: {' · '.join(titles)}",
        days,
        made_by,
        summary(several, (kind, names), found),
        *(went_otherwise(several, n, kind, tallied) for n, tallied in enumerate(changed, 1)),
        section("measures", "Every measure", *_sides(several)),
        *(drawn(shown, titles) for shown in drawings(View(days, titles))),
        definitions(),
    )


def _sides(several: Comparison) -> Iterator[Html]:
    note = f"{BEST} marks the best of a row, where one is better at all; small differences may be chance."
    if several.spread is not None:
        note = (
            f"Means over the days of all seeds, below them the differences to {several.titles[0]} with their "
            "95 % intervals; * marks one that is not chance."
        )
    if (speed := several.days[0].result.speed) != 1:
        note += f" At this speed a millisecond of the machine's own counts as {speed:g} ms of the day."
    yield el("p", note, class_="about")
    yield without_head_start(several.titles, several.days)
    if several.spread is not None:
        yield from _over_days(several, several.spread)
        return
    two = len(several.days) == 2
    head = ["", *several.titles, *(["difference"] if two else [])]
    for heading, taken in sides(several.days):
        rows: list[list[Child]] = []
        for measure in MEASURES:
            values = [found.get(measure.key) for found in taken]
            if any(value is not None for value in values):
                first = best(measure, values)
                cells = [_side(signed(said(measure.unit, v)), n in first) for n, v in enumerate(values)]
                by = [signed(difference(measure.unit, *values))] if two else []
                rows.append([titled(measure, several.days), *cells, *by])
        yield table(heading.capitalize() or "All calls", head, rows, class_="sides")


def _over_days(several: Comparison, spread: Spread) -> Iterator[Html]:
    """The same of several days; below each run's mean, after the first, by how much it differs."""
    for heading, first in spread.means[0].items():
        rows: list[list[Child]] = []
        for measure in (m for m in MEASURES if first.get(m.key) is not None):
            row: list[Child] = [titled(measure, several.days), signed(said(measure.unit, first[measure.key]))]
            for means, differences in zip(spread.means[1:], spread.differences, strict=True):
                by = differences[heading][measure.key]
                text = "-" if by is None else signed(interval(measure.unit, by))
                mean = signed(said(measure.unit, means[heading].get(measure.key)))
                row.append(join((mean, el("small", el("strong", text) if by and by.sure else text))))
            rows.append(row)
        yield table(heading.capitalize() or "All calls", ["", *several.titles], rows, class_="sides means")


def _side(text: str, first: bool) -> Child:
    return el("strong", f"{text} {BEST}", class_="best") if first else text
