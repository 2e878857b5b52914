"""The calls that went otherwise under a run: how many by tier, by how much, and why the largest changed."""

from collections.abc import Sequence

from engine.replay.compare import Changed
from engine.replay.comparison import Comparison
from engine.replay.report.html import Child, Html, el, signed, table
from engine.replay.report.parts import figures, section
from engine.replay.report.shifts import shifts
from engine.replay.report.tally import SLIGHT_S, Tally

#: Calls that went otherwise and are listed, and how many of them one sees at once; a file of JSON has all.
LISTED, SEEN = 200, 20


def went_otherwise(several: Comparison, n: int, kind: str, found: Sequence[Tally]) -> Html:
    """Between the first run and that one; `found`: its tallies by `kind`."""
    first, title, changes = several.titles[0], several.titles[n], (several.changes or ())[n - 1]
    heading = "Calls that went otherwise" + (f" under “{title}”" if len(several.titles) > 2 else "")
    total = len(several.days[0].result.calls)
    under = (el("strong", title), " than under ", el("strong", first))
    said = f"{len(changes):,} of {total:,} calls went otherwise under "
    parts: list[Html] = [el("p", said, *under, ".", class_="about")]
    if changes:
        calls = {tally.title: tally.calls for tally in found[: len(found) - (len(found) > 1)]}
        moved = shifts(n, title, first, kind, calls, changes)
        parts += [_tallied(kind, found), el("h3", moved.heading), *figures(moved), *_listed(changes)]
    return section(f"changed-{n}", heading, *parts, class_="otherwise-all")


def _tallied(kind: str, found: Sequence[Tally]) -> Html:
    head: list[Child] = [kind, "calls", "as before", "wait shorter", "wait longer", "same wait, other agent"]
    head += [f"of these: by under {SLIGHT_S:g} s", "of these: served only now", "of these: served no more"]
    rows = [
        [t.title]
        + [
            f"{count:,}"
            for count in (
                *(t.calls, t.as_before, t.shorter, t.longer, t.same_wait),
                *(t.slight, t.served_now, t.served_no_more),
            )
        ]
        for t in found
    ]
    return table("Every call is in one of the four columns after its number", head, rows, class_="tallied")


def _listed(changes: Sequence[Changed]) -> list[Html]:
    rows = [_row(change) for change in changes[:LISTED]]
    head = ["call", "tier", "outcome", "wait", "longer by", "agent", "why"]
    most = f"The {len(rows)} largest changes" if len(changes) > LISTED else "The largest changes"
    parts = [
        el("h3", f"{most}, and why"),
        table(
            "Changed outcomes first, then by how much the wait changed",
            head,
            rows[:SEEN],
            class_="changed",
            cards=True,
        ),
    ]
    if rows[SEEN:]:
        rest = table("The changes that follow", head, rows[SEEN:], class_="changed", cards=True)
        parts.append(el("details", el("summary", f"The next {len(rows[SEEN:])}"), rest))
    return parts


def _row(change: Changed) -> list[Child]:
    before, after = change.before, change.after
    return [
        before.call_id,
        before.tier,
        _both(before.outcome, after.outcome),
        _both(_wait(before.wait_s), _wait(after.wait_s)),
        "-" if change.longer_s is None else signed(f"{change.longer_s:+,.1f} s"),
        _both(before.agent_id or "-", after.agent_id or "-"),
        change.why(),
    ]


def _both(before: str, after: str) -> str:
    return before if before == after else f"{before} → {after}"


def _wait(wait_s: float | None) -> str:
    return "no end" if wait_s is None else f"{wait_s:,.1f} s"
