"""Plotting: numbers to SVG by pure functions. Colours, dashes and type are classes that the style knows.

`Frame` maps values to places. A series is told by its number n: class `s<n>` gives it colour and dash, the
pattern `p<n>` a texture, so that nobody depends on colour.
"""

import math
from collections.abc import Iterable, Sequence

from attrs import frozen

from engine.replay.report.html import Html, el, join

Point = tuple[float, float]
SERIES = 12


@frozen(kw_only=True)
class Frame:
    """A drawing of `width` x `height` whose values go from `x` to `y`'s ends, (low, high) each."""

    width: float
    height: float
    x: Point
    y: Point
    left: float = 52
    right: float = 14
    top: float = 12
    bottom: float = 40

    def at_x(self, value: float) -> float:
        low, high = self.x
        return self.left + (value - low) / ((high - low) or 1) * (self.width - self.left - self.right)

    def at_y(self, value: float) -> float:
        low, high = self.y
        inner = self.height - self.top - self.bottom
        return self.height - self.bottom - (value - low) / ((high - low) or 1) * inner


def n(value: float) -> str:
    """A place to a tenth, as short as can be."""
    text = f"{value:.1f}"
    return text[:-2] if text.endswith(".0") else text


def svg(name: str, title: str, desc: str, frame: Frame, *parts: Html) -> Html:
    """The drawing, with what a screen reader says of it. `name` is unique on the page."""
    return el(
        "svg",
        el("title", title, id=f"{name}-t"),
        el("desc", desc, id=f"{name}-d"),
        *parts,
        viewBox=f"0 0 {n(frame.width)} {n(frame.height)}",
        role="img",
        aria_labelledby=f"{name}-t {name}-d",
    )


def ticks(low: float, high: float, most: int) -> list[float]:
    """Round values from low to high, at most about `most`: 1, 2 or 5 times a power of ten apart."""
    if high <= low:
        return [low]
    raw = (high - low) / most
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(f * power for f in (1, 2, 5, 10) if f * power >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [round(k * step, 10) for k in range(first, math.floor(high / step + 1e-9) + 1)]


#: Steps of a clock's axis, in seconds.
_CLOCK_S = (1, 5, 10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 14400, 21600, 43200, 86400)


def clock_ticks(end_s: float, most: int, zero_s: int = 0) -> list[tuple[float, str]]:
    """Round times of a day whose clock shows `zero_s` at second 0: the second, and what is written there."""
    step = next((s for s in _CLOCK_S if end_s / s <= most), 86_400 * math.ceil(end_s / 86_400 / most))
    first = -zero_s % step
    return [
        (float(s), clock(s + zero_s, short=step >= 60)) for s in range(first, math.floor(end_s) + 1, step)
    ]


def clock(second: float, *, short: bool = False) -> str:
    """`9:05` or `9:05:30`: hours, minutes, seconds of the day; before midnight with a minus."""
    minutes, s = divmod(abs(math.floor(second)), 60)
    hours, minutes = divmod(minutes, 60)
    sign = "−" if second < 0 else ""
    return f"{sign}{hours}:{minutes:02}" if short else f"{sign}{hours}:{minutes:02}:{s:02}"


def axes(
    frame: Frame,
    x_ticks: Iterable[tuple[float, str]],
    y_ticks: Iterable[tuple[float, str]],
    x_title: str = "",
    y_title: str = "",
) -> Html:
    """Grid lines, their labels, and what the axes mean."""
    left, right = n(frame.left), n(frame.width - frame.right)
    floor = frame.height - frame.bottom
    parts = []
    for value, label in y_ticks:
        y = n(frame.at_y(value))
        parts.append(el("line", x1=left, x2=right, y1=y, y2=y, class_="grid"))
        parts.append(el("text", label, x=n(frame.left - 7), y=y, dy="0.32em", class_="tick end"))
    for value, label in x_ticks:
        x = n(frame.at_x(value))
        parts.append(el("line", x1=x, x2=x, y1=n(floor), y2=n(floor + 4), class_="axis"))
        parts.append(el("text", label, x=x, y=n(floor + 16), class_="tick mid"))
    parts.append(el("line", x1=left, x2=right, y1=n(floor), y2=n(floor), class_="axis"))
    if x_title:
        middle = n((frame.left + frame.width - frame.right) / 2)
        parts.append(el("text", x_title, x=middle, y=n(frame.height - 5), class_="label mid"))
    if y_title:
        parts.append(el("text", y_title, x="0", y="10", class_="label"))
    return el("g", *parts)


def areas(frame: Frame, edges: Sequence[float], layers: Sequence[tuple[int, Sequence[float]]]) -> Html:
    """Layers (series, a value for each interval between edges) upon one another, in steps."""
    parts, below = [], [0.0] * (len(edges) - 1)
    for series, values in layers:
        above = [b + v for b, v in zip(below, values, strict=True)]
        if any(values):
            path = _stairs(frame, edges, above) + _stairs_back(frame, edges, below) + "Z"
            parts.append(el("path", d=path, class_=f"area s{series}"))
            parts.append(el("path", d=path, class_="texture", fill=f"url(#p{series})"))
        below = above
    return el("g", *parts)


def _stairs(frame: Frame, edges: Sequence[float], values: Sequence[float]) -> str:
    path, last = f"M{n(frame.at_x(edges[0]))} {n(frame.at_y(values[0]))}", n(frame.at_y(values[0]))
    for edge, value in zip(edges[1:-1], values[1:], strict=True):
        y = n(frame.at_y(value))
        if y != last:
            path, last = f"{path}H{n(frame.at_x(edge))}V{y}", y
    return f"{path}H{n(frame.at_x(edges[-1]))}"


def _stairs_back(frame: Frame, edges: Sequence[float], values: Sequence[float]) -> str:
    last = n(frame.at_y(values[-1]))
    path = f"V{last}"
    for edge, value in zip(reversed(edges[1:-1]), reversed(values[:-1]), strict=True):
        y = n(frame.at_y(value))
        if y != last:
            path, last = f"{path}H{n(frame.at_x(edge))}V{y}", y
    return f"{path}H{n(frame.at_x(edges[0]))}"


def stairs(frame: Frame, points: Sequence[Point], series: int) -> Html:
    """A line that stays at a value until the next point: an empirical distribution."""
    path, last = "", ""
    for x, y in points:
        place = n(frame.at_y(y))
        path += f"H{n(frame.at_x(x))}" if path else f"M{n(frame.at_x(x))} {place}"
        path, last = path + (f"V{place}" if place != last and last else ""), place
    return el("path", d=path, class_=f"line s{series}")


def bars(frame: Frame, values: Sequence[tuple[float, float, float]], series: int) -> Html:
    """A bar for each (from, to, value), a pixel apart."""
    floor = frame.at_y(frame.y[0])
    path = ""
    for start, end, value in values:
        x, y = frame.at_x(start) + 1, frame.at_y(value)
        path += f"M{n(x)} {n(floor)}V{n(y)}H{n(max(x + 0.5, frame.at_x(end) - 1))}V{n(floor)}Z"
    texture = el("path", d=path, class_="texture", fill=f"url(#p{series})")
    return el("g", el("path", d=path, class_=f"area s{series}"), texture)


def mark_y(frame: Frame, value: float, *label: str) -> Html:
    """A level across the drawing, named in its right margin, in as many lines as are given."""
    y, right = frame.at_y(value), frame.width - frame.right
    line = el("line", x1=n(frame.left), x2=n(right + 4), y1=n(y), y2=n(y), class_="mark")
    said = (
        el("text", text, x=n(right + 8), y=n(y + 13 * k), dy="0.32em", class_="note")
        for k, text in enumerate(label)
    )
    return el("g", line, *said)


def mark_x(frame: Frame, value: float, label: str) -> Html:
    x, floor = frame.at_x(value), frame.height - frame.bottom
    line = el("line", x1=n(x), x2=n(x), y1=n(frame.top), y2=n(floor), class_="mark")
    return el("g", line, el("text", label, x=n(x + 5), y=n(floor - 6), class_="note"))


def lanes(
    frame: Frame, rows: Sequence[Sequence[tuple[int, float, float]]], height: float, thin: frozenset[int]
) -> Html:
    """Rows of (series, from, to), the first on top; the series of `thin` are drawn as narrow strips."""
    paths: dict[int, str] = {}
    for row, spans in enumerate(rows):
        for series, start, end in spans:
            tall = height * (0.36 if series in thin else 0.78)
            top = frame.top + height * row + (height - tall) / 2
            width = max(0.3, frame.at_x(end) - frame.at_x(start))
            paths[series] = (
                f"{paths.get(series, '')}M{n(frame.at_x(start))} {n(top)}h{n(width)}v{n(tall)}h-{n(width)}z"
            )
    drawn = (
        join(
            (
                el("path", d=path, class_=f"area s{series}"),
                el("path", d=path, class_="texture", fill=f"url(#p{series})"),
            )
        )
        for series, path in sorted(paths.items())
    )
    return el("g", *drawn)


def legend(entries: Sequence[tuple[int, str]], *, lines: bool = False, upright: Sequence[str] = ()) -> Html:
    """What each series is, in HTML beside the drawing; then what the upright lines are."""
    stroke = el("path", d="M5 0V14", class_="fault")
    mark = el("svg", stroke, viewBox="0 0 10 14", width=10, height=14, aria_hidden="true")
    series = (el("li", _swatch(k, lines), text) for k, text in entries)
    return el("ul", *series, *(el("li", mark, text) for text in upright), class_="legend")


def _swatch(series: int, lines: bool) -> Html:
    inner = (
        [el("path", d="M1 7H27", class_=f"line s{series}")]
        if lines
        else [
            el("rect", x="1", y="1", width="18", height="12", rx="2", class_=f"area s{series}"),
            el("rect", x="1", y="1", width="18", height="12", rx="2", fill=f"url(#p{series})"),
        ]
    )
    width = 28 if lines else 20
    return el("svg", *inner, viewBox=f"0 0 {width} 14", width=width, height=14, aria_hidden="true")


#: A texture for each series: none, then strokes, dots and crosses that differ in direction and in distance.
_TEXTURES = (
    "",
    "M0 6L6 0",
    "M0 3H6",
    "M0 0L6 6",
    "M3 0V6",
    "M0 6L6 0M0 0L6 6",
    "M0 3H6M3 0V6",
    "",
    "M0 6L6 0",
    "M2 3H4",
    "M0 0L6 6",
    "M3 0V6",
)


def textures() -> Html:
    """The patterns that all drawings of a page refer to; once a page."""
    patterns = (
        el(
            "pattern",
            el("path", d=path, class_="stroke") if path else None,
            id=f"p{k}",
            width="6",
            height="6",
            patternUnits="userSpaceOnUse",
        )
        for k, path in enumerate(_TEXTURES)
    )
    return el("svg", el("defs", *patterns), width="0", height="0", class_="defs", aria_hidden="true")
