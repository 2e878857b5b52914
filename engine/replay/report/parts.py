"""What the pages have in common: the frame, sections, drawings, what was broken, how to make it again."""

from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from engine import __version__
from engine.replay.measures import MEASURES
from engine.replay.report.figures import agents_by_state, queue_length, service_level, waits
from engine.replay.report.gantt import gantt
from engine.replay.report.html import Child, Html, el
from engine.replay.report.plot import textures
from engine.replay.report.view import Section, View
from engine.replay.sample import Day


def page(title: str, days: Sequence[Day], made_by: str, *parts: Child) -> str:
    """`made_by`: the command that makes it again. Nothing tells when it was made, so that it is the same."""
    head = el(
        "head",
        Html('<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'),
        Html('<meta name="color-scheme" content="light dark">'),
        el("title", f"{title} · Giliran"),
        el("style", Html(_style())),
    )
    mark = el("p", "Giliran", class_="mark-name")
    header = el("header", mark, el("h1", title), el("p", _told(days), class_="told"), class_="top")
    body = el("body", textures(), el("main", header, *parts, _footer(days, made_by)))
    return f"<!doctype html>\n{el('html', head, body, lang='en')}\n"


def section(name: str, heading: str, *parts: Child, class_: str | None = None) -> Html:
    return el("section", el("h2", heading, id=name), *parts, aria_labelledby=name, class_=class_)


def drawings(view: View) -> list[Section]:
    return [draw(view) for draw in (queue_length, agents_by_state, waits, service_level, gantt)]


def drawn(shown: Section, titles: Sequence[str] = ("",)) -> Html:
    return section(f"section-{shown.name}", shown.heading, *figures(shown, titles), class_="drawn")


def figures(shown: Section, titles: Sequence[str] = ("",)) -> list[Html]:
    made = (
        el("figure", el("figcaption", title) if title else None, drawing, tabindex="0")
        for title, drawing in zip(titles, shown.drawings, strict=True)
    )
    return [
        el("div", el("p", shown.about, class_="about"), shown.legend, class_="over"),
        el("div", *made, class_="figures"),
        el("details", el("summary", "Numbers"), el("div", shown.numbers, class_="numbers")),
    ]


def definitions() -> Html:
    terms = (el("div", el("dt", m.title), el("dd", m.definition)) for m in MEASURES)
    return section("definitions", "What is measured", el("dl", *terms))


def without_head_start(titles: Sequence[str], days: Sequence[Day]) -> Html:
    """Who the callers without head start are that some measures are about: each run's own."""
    counts = (
        f"{len(day.ordinary):,} of {len(day.result.calls):,}" + (f" under {title}" if title else "")
        for title, day in zip(titles, days, strict=True)
    )
    whom = "Callers without head start: those to whom the rules give neither head start nor band"
    return el("p", f"{whom}, {', '.join(counts)}.", class_="about")


def lines(found: Sequence[str]) -> Html:
    return el("ul", *(el("li", line) for line in found))


def _told(days: Sequence[Day]) -> str:
    """What the days have in common."""
    r = days[0].result
    speed = f" at {r.speed:g} times the clock" if r.mode == "live" else ""
    ways = {day.result.dispatch for day in days}
    by = f", dispatch {r.dispatch}" if len(ways) == 1 else ""
    size = f"{len(r.calls):,} calls, {len({row.id for row in r.scenario.agents}):,} agents"
    return f"{r.mode} replay{'s' if len(days) > 1 else ''}{speed}{by}, seed {r.seed}; {size}".capitalize()


def _footer(days: Sequence[Day], made_by: str) -> Html:
    r = days[0].result
    which = f"Giliran {__version__}, scenario {r.scenario.name}, {r.mode}, seed {r.seed}."
    how = ("Made again, to the byte, by " if r.mode == "virtual" else "Made by ", el("code", made_by))
    return el("footer", el("p", which), el("p", *how) if made_by else None)


@cache
def _style() -> str:
    return files("engine.replay.report").joinpath("style.css").read_text(encoding="utf-8")
