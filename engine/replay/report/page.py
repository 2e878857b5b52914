"""The page of one replay, and the page of several side by side."""

from collections.abc import Sequence
from functools import cache, partial
from importlib.resources import files

from engine.replay.compare import Changed
from engine.replay.comparison import Comparison
from engine.replay.measures import MEASURES, take
from engine.replay.report.figures import agents_by_state, queue_length, service_level, waits
from engine.replay.report.gantt import gantt
from engine.replay.report.html import Child, Html, el, join, table
from engine.replay.report.longest import longest_waits
from engine.replay.report.plot import textures
from engine.replay.report.view import Section, View
from engine.replay.sample import Day
from engine.replay.table import BEST, best, groups, said, sides

#: The numbers that stand at the head of a page.
HEADLINES = (
    *("calls", "service_level", "mean_wait_s", "p99_wait_s", "abandonment", "p99_delay_s", "inversions"),
)
#: Calls that went otherwise and are listed, and how many of them one sees at once; a file of JSON has all.
LISTED, SEEN = 200, 20


def replay_page(day: Day, violations: Sequence[str]) -> str:
    """`violations`: what the day broke, expectations among it."""
    result, whole = day.result, take(day.sample(), whole=True)
    columns = {"all": whole} | {title: take(s, whole=False) for title, s in groups(day).items()}
    rows = [
        [m.title, *(said(m.unit, found.get(m.key)) if m.key in found else "" for found in columns.values())]
        for m in MEASURES
        if whole[m.key] is not None
    ]
    return _page(
        result.scenario.name,
        _told(day),
        _verdict(violations),
        el("ul", *(_headline(key, whole) for key in HEADLINES), class_="headlines"),
        _section("summary", "Summary", table("Measures of the day", ["", *columns], rows)),
        *map(_drawn, _drawings(View([day], [""]))),
        _section(
            "longest",
            "The longest waits",
            el("p", "How each came to its place, who was served meanwhile, and why.", class_="about"),
            longest_waits(result),
        ),
        _definitions(),
    )


def compare_page(comparison: Comparison) -> str:
    titles, days = comparison.titles, comparison.days
    return _page(
        f"{days[0].result.scenario.name}: {' · '.join(titles)}",
        _told(*days),
        *(_of_run(title, day) for title, day in zip(titles, days, strict=True) if day.result.violations),
        _section("summary", "Side by side", *_sides(titles, days)),
        *map(partial(_changed, comparison), range(1, len(days) if comparison.changes is not None else 1)),
        *(_drawn(section, titles) for section in _drawings(View(days, titles))),
        _definitions(),
    )


def _page(title: str, told: str, *parts: Child) -> str:
    head = el(
        "head",
        Html('<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'),
        Html('<meta name="color-scheme" content="light dark">'),
        el("title", f"{title} · Giliran"),
        el("style", Html(_style())),
    )
    mark = el("p", "Giliran", class_="mark-name")
    header = el("header", mark, el("h1", title), el("p", told, class_="told"), class_="top")
    body = el("body", textures(), el("main", header, *parts))
    return f"<!doctype html>\n{el('html', head, body, lang='en')}\n"


@cache
def _style() -> str:
    return files("engine.replay.report").joinpath("style.css").read_text(encoding="utf-8")


def _drawings(view: View) -> list[Section]:
    return [draw(view) for draw in (queue_length, agents_by_state, waits, service_level, gantt)]


def _told(*days: Day) -> str:
    """What the days have in common."""
    r = days[0].result
    speed = f" at {r.speed:g} times the clock" if r.mode == "live" else ""
    ways = {day.result.dispatch for day in days}
    by = f", dispatch {r.dispatch}" if len(ways) == 1 else ""
    size = f"{len(r.calls):,} calls, {len({row.id for row in r.scenario.agents}):,} agents"
    return f"{r.mode} replay{'s' if len(days) > 1 else ''}{speed}{by}, seed {r.seed}; {size}".capitalize()


def _verdict(violations: Sequence[str]) -> Html:
    if not violations:
        return el("p", "✓ Kept every expectation and broke no invariant.", class_="verdict kept")
    lines = (el("li", line) for line in violations)
    return el("div", el("p", f"✗ Violated: {len(violations)}"), el("ul", *lines), class_="verdict broken")


def _of_run(title: str, day: Day) -> Html:
    lines = (el("li", line) for line in day.result.violations)
    return el("div", el("p", f"✗ {title} broke an invariant"), el("ul", *lines), class_="verdict broken")


def _headline(key: str, found: dict[str, float | None]) -> Html:
    measure = next(m for m in MEASURES if m.key == key)
    return el("li", el("strong", said(measure.unit, found[key])), el("span", measure.title))


def _section(name: str, heading: str, *parts: Child, class_: str | None = None) -> Html:
    return el("section", el("h2", heading, id=name), *parts, aria_labelledby=name, class_=class_)


def _drawn(section: Section, titles: Sequence[str] = ("",)) -> Html:
    figures = (
        el("figure", el("figcaption", title) if title else None, drawing, tabindex="0")
        for title, drawing in zip(titles, section.drawings, strict=True)
    )
    return _section(
        f"section-{section.name}",
        section.heading,
        el("p", section.about, class_="about"),
        section.legend,
        el("div", *figures, class_="figures"),
        el("details", el("summary", "Numbers"), section.numbers),
        class_="drawn",
    )


def _sides(titles: Sequence[str], days: Sequence[Day]) -> list[Html]:
    tables = []
    for heading, taken in sides(days):
        rows: list[list[Child]] = []
        for measure in MEASURES:
            values = [found.get(measure.key) for found in taken]
            if any(value is not None for value in values):
                first = best(measure, values)
                cells = (_side(said(measure.unit, v), n in first) for n, v in enumerate(values))
                rows.append([measure.title, *cells])
        tables.append(table(heading.capitalize() or "All calls", ["", *titles], rows, class_="sides"))
    note = f"{BEST} marks the best of a row, where one is better at all."
    if (speed := days[0].result.speed) != 1:
        note += f" At this speed a millisecond of the machine's own counts as {speed:g} ms of the day."
    return [el("p", note, class_="about"), *tables]


def _side(text: str, first: bool) -> Child:
    return el("strong", f"{text} {BEST}", class_="best") if first else text


def _changed(comparison: Comparison, n: int) -> Html:
    """Between the first run and that one."""
    changes = (comparison.changes or ())[n - 1]
    heading = f"Calls that went otherwise under {comparison.titles[n]}"
    return _section(f"changed-{n}", heading, *_changes(changes, comparison.days))


def _changes(changes: Sequence[Changed], days: Sequence[Day]) -> list[Html]:
    total = len(days[0].result.calls)
    said_all = f"{len(changes):,} of {total:,} calls went otherwise."
    longer = sum((c.longer_s or 0) > 0 for c in changes)
    shorter = sum((c.longer_s or 0) < 0 for c in changes)
    ended = sum(c.before.outcome != c.after.outcome for c in changes)
    more = f" {shorter:,} waited shorter, {longer:,} longer; {ended:,} ended otherwise."
    listed = f" The {LISTED} largest changes are listed." if len(changes) > LISTED else ""
    rows = [
        [
            change.before.call_id,
            change.before.tier,
            _both(change.before.outcome, change.after.outcome),
            _both(_wait(change.before.wait_s), _wait(change.after.wait_s)),
            "-" if change.longer_s is None else f"{change.longer_s:+,.1f} s",
            _both(change.before.agent_id or "-", change.after.agent_id or "-"),
            change.why(),
        ]
        for change in changes[:LISTED]
    ]
    head = ["call", "tier", "outcome", "wait", "longer by", "agent", "why"]
    body = [table("The largest changes first", head, rows[:SEEN], class_="changed")] if rows else []
    if rows[SEEN:]:
        rest = table("The changes that follow", head, rows[SEEN:], class_="changed")
        body.append(el("details", el("summary", f"The next {len(rows[SEEN:])}"), rest))
    return [el("p", said_all, more if changes else "", listed, class_="about"), *body]


def _both(before: str, after: str) -> str:
    return before if before == after else f"{before} → {after}"


def _wait(wait_s: float | None) -> str:
    return "no end" if wait_s is None else f"{wait_s:,.1f} s"


def _definitions() -> Html:
    terms = (join((el("dt", m.title), el("dd", m.definition))) for m in MEASURES)
    return _section("definitions", "What is measured", el("dl", *terms))
