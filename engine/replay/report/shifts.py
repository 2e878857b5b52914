"""How waits moved, drawn: for each tier, how many of its calls wait shorter or longer, and by how much."""

from collections.abc import Mapping, Sequence

from engine.replay.compare import Changed
from engine.replay.report import plot
from engine.replay.report.html import Html, el, signed, table
from engine.replay.report.plot import Frame
from engine.replay.report.view import FIRST, Section

#: Bins on each side of "as long as before", and how long one may be, s.
SIDE = 12
WIDTHS_S = (0.5, 1.0, 2.5, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0)
#: So many of the changes lie within the scale; those beyond it are in its outermost bins.
WITHIN = 0.97
WIDE, ROW, ABOVE, BELOW = 860.0, 76.0, 20.0, 40.0


def shifts(
    n: int, title: str, first: str, kind: str, calls: Mapping[str, int], changes: Sequence[Changed]
) -> Section:
    """`calls`: how many each tier or queue has, as `kind` says. `n`: the number of the run."""
    moved = {
        name: [c.longer_s for c in changes if getattr(c.before, kind) == name and c.longer_s]
        for name in calls
    }
    width_s = _width_s([abs(s) for by in moved.values() for s in by])
    counts = {name: _binned(by, width_s) for name, by in moved.items()}
    shares = {name: [100 * k / max(1, calls[name]) for k in found] for name, found in counts.items()}
    height = ABOVE + ROW * len(calls) + BELOW
    end_s, most = SIDE * width_s, max([1.0, *(max(by) for by in shares.values())])
    parts = []
    for row, name in enumerate(calls):
        top = ABOVE + ROW * row
        frame = Frame(
            width=WIDE, height=top + ROW, x=(-end_s, end_s), y=(0, most * 1.02), top=top + 24, bottom=0
        )
        parts.append(_row(frame, FIRST + row, name, calls[name], moved[name], shares[name], width_s, most))
    frame = Frame(width=WIDE, height=height, x=(-end_s, end_s), y=(0, 1), bottom=BELOW)
    x_title = "seconds by which a call waits shorter (left) or longer (right)"
    axes = plot.axes(
        frame, [(s, signed(f"{s:+g}") if s else "0") for s in _ticks(end_s)], [], x_title, "share of calls"
    )
    desc = f"A histogram for each {kind}. Numbers in the table."
    heading = f"How waits moved from “{first}” to “{title}”"
    drawing = plot.svg(f"shifts-{n}", heading, desc, frame, axes, *parts)
    rows = [
        [_bin(k, width_s), *(f"{found[k]:,}" for found in counts.values())]
        for k in range(2 * SIDE)
        if any(found[k] for found in counts.values())
    ]
    about = (
        f"Share of each {kind}'s calls by how much their wait changed. Calls that wait as long as before, or "
        "without end, are left out; the outermost bars hold all beyond."
    )
    numbers = table("Calls by how much longer they wait", ["longer by", *counts], rows)
    return Section(f"shifts-{n}", heading, about, Html(""), (drawing,), numbers)


def _row(
    frame: Frame,
    series: int,
    name: str,
    calls: int,
    moved: Sequence[float],
    shares: Sequence[float],
    width_s: float,
    most: float,
) -> Html:
    ticks = [(share, f"{share:g} %") for share in plot.ticks(0, most, 2)]
    edges = [(k - SIDE) * width_s for k in range(2 * SIDE + 1)]
    bars = plot.bars(frame, list(zip(edges, edges[1:], shares, strict=False)), series)
    middle, top, floor = frame.at_x(0), frame.top, frame.height - frame.bottom
    zero = el("line", x1=plot.n(middle), x2=plot.n(middle), y1=plot.n(top), y2=plot.n(floor), class_="mark")
    shorter, longer = sum(s < 0 for s in moved), sum(s > 0 for s in moved)
    at = plot.n(top - 8)
    texts = (
        el("text", f"{name} ({calls:,} calls)", x=plot.n(frame.left), y=at, class_="label strong"),
        el("text", f"{shorter:,} shorter", x=plot.n(middle - 8), y=at, class_="label end"),
        el("text", f"{longer:,} longer", x=plot.n(middle + 8), y=at, class_="label"),
    )
    return el("g", plot.axes(frame, [], ticks), bars, zero, *texts)


def _width_s(sizes: Sequence[float]) -> float:
    """The shortest bin by which `WITHIN` of these lie inside the scale."""
    ordered = sorted(sizes)
    reach = ordered[min(len(ordered) - 1, int(WITHIN * len(ordered)))] if ordered else 0.0
    return next((width for width in WIDTHS_S if width * SIDE >= reach), WIDTHS_S[-1])


def _binned(moved: Sequence[float], width_s: float) -> list[int]:
    found = [0] * (2 * SIDE)
    for s in moved:
        found[min(2 * SIDE - 1, max(0, int(s // width_s) + SIDE))] += 1
    return found


def _bin(k: int, width_s: float) -> str:
    low, high = (signed(f"{(k + edge - SIDE) * width_s:+g}") for edge in (0, 1))
    if k in (0, 2 * SIDE - 1):
        return f"{high} s or less" if k == 0 else f"{low} s or more"
    return f"{low} to {high} s"


def _ticks(end_s: float) -> list[float]:
    return plot.ticks(-end_s, end_s, 8)
