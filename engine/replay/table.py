"""Measures as tables for people at a terminal: of one replay by tier and queue, of several side by side."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table
from rich.text import Text

from engine.replay.comparison import Comparison
from engine.replay.measures import MEASURES, Better, Measure, Unit, take
from engine.replay.sample import Day, Sample, told_apart

if TYPE_CHECKING:
    from engine.replay.replications import Difference, Spread

#: Beside the best of a row, so that it is seen without colour too.
BEST = "✓"
#: Beside a difference that is not to be had by chance alone, at 95 %.
SURE = "*"


def table(day: Day) -> Table:
    """A column for the whole day, and one for each queue and each tier if there are several."""
    columns = {"all": day.sample(), **groups(day)}
    made = _headed("", *map(escape, columns))
    taken = [take(sample, whole=title == "all") for title, sample in columns.items()]
    for measure in MEASURES:
        values = [found.get(measure.key) for found in taken]
        if any(value is not None for value in values):
            made.add_row(titled(measure, [day]), *(said(measure.unit, value) for value in values))
    return made


def _headed(*headings: str) -> Table:
    """An empty table, in which what is too wide goes on below: no digit is ever left out."""
    made = Table()
    for heading in headings:
        made.add_column(heading, overflow="fold")
    return made


def groups(day: Day) -> dict[str, Sample]:
    """The queues and tiers of the day, by what a heading calls them; nothing of what there is but one."""
    found = {f"queue {name}": day.sample(queue=name) for name in day.queues if len(day.queues) > 1}
    return found | {f"tier {name}": day.sample(tier=name) for name in day.tiers if len(day.tiers) > 1}


def side_by_side(several: Comparison) -> Table:
    """A column for each run, a row for each measure, the best of a row marked; then the waits by tier.

    Of two runs a column more tells by how much the second differs.
    """
    if several.spread is not None:
        return _over_days(several.titles, several.spread, several.days)
    two = len(several.days) == 2
    made = _headed("", *map(escape, several.titles), *(["difference"] if two else []))
    for heading, taken in sides(several.days):
        made.add_section()
        if heading:
            made.add_row(Text(heading, style="bold"))
        for measure in MEASURES:
            values = [found.get(measure.key) for found in taken]
            if any(value is not None for value in values):
                first = best(measure, values)
                cells = [_cell(measure, value, n in first) for n, value in enumerate(values)]
                by = [difference(measure.unit, *values)] if two else []
                made.add_row(titled(measure, several.days), *cells, *by)
    return made


def _over_days(titles: Sequence[str], spread: "Spread", days: Sequence[Day]) -> Table:
    """The same of several days: means, and how far each run's differ from the first's."""
    heads = [h for n, title in enumerate(titles) for h in (escape(title), *(["difference"] if n else []))]
    made = _headed("", *heads)
    for heading, first in spread.means[0].items():
        made.add_section()
        if heading:
            made.add_row(Text(heading, style="bold"))
        for measure in (m for m in MEASURES if first.get(m.key) is not None):
            cells = [Text(said(measure.unit, first[measure.key]))]
            for means, differences in zip(spread.means[1:], spread.differences, strict=True):
                found = differences[heading][measure.key]
                cells.append(Text(said(measure.unit, means[heading].get(measure.key))))
                sure = found is not None and found.sure
                text = "-" if found is None else interval(measure.unit, found)
                cells.append(Text(text, style="bold" if sure else "dim"))
            made.add_row(titled(measure, days), *cells)
    return made


#: What is said of each tier or queue in a comparison: not how cheap or fair the whole is.
OF_PARTS = frozenset(
    {"calls", "mean_wait_s", "p50_wait_s", "p90_wait_s", "p99_wait_s", "service_level", "abandonment"}
)


def sides(days: Sequence[Day]) -> list[tuple[str, list[dict[str, float | None]]]]:
    """The measures of each day, first of all calls (no heading), then of each tier, or of each queue where
    there is but one tier."""
    kind, names = told_apart(days)
    found = [("", [take(day.sample(), whole=True) for day in days])]
    for name in names if len(names) > 1 else ():
        taken = (take(day.sample(**{kind: name}), whole=False) for day in days)
        found.append((f"{kind} {name}", [{k: m[k] for k in m if k in OF_PARTS} for m in taken]))
    return found


def best(measure: Measure, values: Sequence[float | None]) -> set[int]:
    """Which of these are best, as they are written; none if all are alike or nothing is better."""
    known = {n: value for n, value in enumerate(values) if value is not None}
    if measure.better is Better.NEITHER or len({said(measure.unit, v) for v in known.values()}) < 2:
        return set()
    top = (min if measure.better is Better.LOWER else max)(known.values())
    return {n for n, value in known.items() if said(measure.unit, value) == said(measure.unit, top)}


def said(unit: Unit, value: float | None) -> str:
    """A value as a table shows it."""
    match unit:
        case _ if value is None:
            return "-"
        case Unit.COUNT:
            return f"{value:,.0f}"
        case Unit.SHARE:
            return f"{value:.1%}"
        case Unit.SECONDS:
            return f"{value + 0.0:.1f} s" if abs(value) >= 1 or not value else f"{value:.3f} s"
        case Unit.MILLISECONDS:
            return f"{value:,.1f} ms"
        case Unit.BYTES:
            return f"{value / 1000:,.1f} kB"
        case Unit.RATIO:
            return f"{value:,.2f}"


def titled(measure: Measure, days: Sequence[Day]) -> str:
    """Its title, with the threshold that a service level is about."""
    if measure.key != "service_level":
        return measure.title
    found = {day.result.scenario.service_level_s[queue] for day in days for queue in day.queues}
    return f"{measure.title} ({', '.join(f'{s:g}' for s in sorted(found))} s)" if found else measure.title


def difference(unit: Unit, first: float | None, other: float | None) -> str:
    """By how much the other is more, as the two are written."""
    if first is None or other is None:
        return "-"
    if said(unit, first) == said(unit, other):
        return "0"
    match unit:
        case Unit.COUNT:
            return f"{other - first:+,.0f}"
        case Unit.SHARE:
            return f"{_less(100 * other, 100 * first, 1):+.1f} points"
        case Unit.SECONDS:
            places = 3 if max(abs(first), abs(other)) < 1 else 1
            return f"{_less(other, first, places):+,.{places}f} s"
        case Unit.MILLISECONDS:
            return f"{_less(other, first, 1):+,.1f} ms"
        case Unit.BYTES:
            return f"{_less(other / 1000, first / 1000, 1):+,.1f} kB"
        case Unit.RATIO:
            return f"{_less(other, first, 2):+,.2f}"


def interval(unit: Unit, found: "Difference") -> str:
    """The mean difference of several days, and half the width of its 95 % interval; a star if it is sure."""
    scale, of = {Unit.SHARE: (100, " points"), Unit.BYTES: (0.001, " kB")}.get(unit, (1, ""))
    of = {Unit.SECONDS: " s", Unit.MILLISECONDS: " ms"}.get(unit, of)
    places = 2 if unit is Unit.RATIO else 1
    mean, half = (round(each * scale, places) + 0.0 for each in (found.mean, found.half_width))
    if not mean and not half:
        return "0"
    return f"{mean:+,.{places}f} ± {half:,.{places}f}{of}" + (f" {SURE}" if found.sure else "")


def _less(value: float, less: float, places: int) -> float:
    return round(value, places) - round(less, places)


def _cell(measure: Measure, value: float | None, first: bool) -> Text:
    text = said(measure.unit, value)
    return Text(f"{text} {BEST}", style="bold green") if first else Text(text)
