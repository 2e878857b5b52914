"""The page of one replay."""

from collections.abc import Sequence

from engine.replay.measures import MEASURES, take
from engine.replay.report.faults import went_wrong
from engine.replay.report.html import Html, el, table
from engine.replay.report.longest import longest_waits
from engine.replay.report.parts import definitions, drawings, drawn, lines, page, section, without_head_start
from engine.replay.report.view import View
from engine.replay.sample import Day
from engine.replay.table import groups, said, titled

#: The numbers that stand at the head of a page.
HEADLINES = (
    *("calls", "service_level", "mean_wait_s", "p99_wait_s", "abandonment", "p99_delay_s", "inversions"),
)


def replay_page(day: Day, violations: Sequence[str], made_by: str = "") -> str:
    """`violations`: what the day broke, expectations among it. `made_by`: the command that makes it again."""
    result, whole = day.result, take(day.sample(), whole=True)
    columns = {"all": whole} | {title: take(s, whole=False) for title, s in groups(day).items()}
    rows = [
        [
            titled(m, [day]),
            *(said(m.unit, found.get(m.key)) if m.key in found else "" for found in columns.values()),
        ]
        for m in MEASURES
        if whole[m.key] is not None
    ]
    return page(
        result.scenario.name,
        [day],
        made_by,
        _verdict(violations),
        went_wrong(result.scenario),
        el("ul", *(_headline(day, key, whole) for key in HEADLINES), class_="headlines"),
        section(
            "summary",
            "Summary",
            without_head_start([""], [day]),
            table("Measures of the day", ["", *columns], rows),
        ),
        *map(drawn, drawings(View([day], [""]))),
        section(
            "longest",
            "The longest waits",
            el("p", "How each came to its place, who was served meanwhile, and why.", class_="about"),
            longest_waits(result),
        ),
        definitions(),
    )


def _verdict(violations: Sequence[str]) -> Html:
    if not violations:
        return el("p", "✓ Kept every expectation and broke no invariant.", class_="verdict kept")
    return el("div", el("p", f"✗ Violated: {len(violations)}"), lines(violations), class_="verdict broken")


def _headline(day: Day, key: str, found: dict[str, float | None]) -> Html:
    measure = next(m for m in MEASURES if m.key == key)
    return el("li", el("strong", said(measure.unit, found[key])), el("span", titled(measure, [day])))
