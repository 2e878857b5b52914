"""What went wrong on a day, by its scenario: told at the head of a page, marked in the drawings over the day.

Each has the number under which it is told; a number that would lie upon another's is left out of a drawing.
"""

from collections.abc import Mapping, Sequence

from engine.replay.faults import Fault, FaultKind
from engine.replay.report import plot
from engine.replay.report.html import Html, el
from engine.replay.report.plot import Frame
from engine.replay.report.view import View
from engine.replay.scenario import Scenario
from engine.tables import duration_text

#: Of more, the rest is folded, and the legend refers to the head of the page.
SEEN = 4
#: How far apart two numbers are at least, in units of the drawing.
APART = 14.0

_WORDS: Mapping[FaultKind, str] = {
    FaultKind.DROP_AGENT: "the link of agent {who} broke{lasting}",
    FaultKind.DROP_CUSTOMER: "the link of caller {who} broke{lasting}",
    FaultKind.SLOW_READER: "the client of {who} read nothing{lasting}",
    FaultKind.KILL_NODE: "a node was killed{lasting}",
    FaultKind.KILL_LEADER: "the node that led was killed{lasting}",
    FaultKind.STORE_AWAY: "nobody reached the store{lasting}",
    FaultKind.STORE_RESTARTED: "the store was killed and started again{after}",
    FaultKind.STORE_EMPTIED: "the store lost everything it held",
    FaultKind.CLOCK_STEP: "the clock of the store was set {by}",
}
_UNITS = {"m": "min"}


def told(fault: Fault) -> str:
    """What happened, without when."""
    for_ = "" if fault.for_ms is None else _length(fault.for_ms)
    if fault.for_ms is None and fault.kind in (FaultKind.KILL_NODE, FaultKind.KILL_LEADER):
        for_ = "good"
    by = f"{_length(abs(fault.by_ms or 0))} {'forward' if (fault.by_ms or 0) > 0 else 'back'}"
    lasting, after = (f"{words} {for_}" if for_ else "" for words in (", for", ", after"))
    return _WORDS[fault.kind].format(who=fault.who, lasting=lasting, after=after, by=by)


def in_order(scenario: Scenario) -> list[Fault]:
    """Those of the day, by time."""
    end_s = scenario.end_s
    return sorted((f for f in scenario.faults if end_s is None or f.at_s <= end_s), key=lambda f: f.at_s)


def went_wrong(scenario: Scenario) -> Html | None:
    """The list for the head of a page; None of a day on which nothing went wrong."""
    found = [el("li", line) for line in _lines(scenario)]
    if not found:
        return None
    rest = el("ol", *found[SEEN:], start=SEEN + 1)
    folded = el("details", el("summary", f"The next {len(found) - SEEN:,}"), rest) if found[SEEN:] else None
    return el(
        "div", el("p", "What went wrong, by the scenario:"), el("ol", *found[:SEEN]), folded, class_="faults"
    )


def fault_marks(view: View, frame: Frame) -> Html:
    """An upright line for each, with its number on top."""
    parts, last = [], -APART
    several = len(in_order(view.scenario)) > 1
    for number, fault in enumerate(in_order(view.scenario), 1):
        if not frame.x[0] <= fault.at_s <= frame.x[1]:
            continue
        x = frame.at_x(fault.at_s)
        top, floor = plot.n(frame.top), plot.n(frame.height - frame.bottom)
        parts.append(el("line", x1=plot.n(x), x2=plot.n(x), y1=top, y2=floor, class_="fault"))
        if several and x - last >= APART:
            parts.append(el("text", str(number), x=plot.n(x), y=plot.n(frame.top - 4), class_="label mid"))
            last = x
    return el("g", *parts)


def fault_legend(view: View) -> Sequence[str]:
    """What the upright lines are."""
    lines = _lines(view.scenario)
    if len(lines) > SEEN:
        return [f"what went wrong, 1 to {len(lines):,}: see the head of the page"]
    return [f"{n}: {line}" for n, line in enumerate(lines, 1)] if len(lines) > 1 else lines


def _lines(scenario: Scenario) -> list[str]:
    return [f"{_when(f.at_s + scenario.zero_s)} {told(f)}" for f in in_order(scenario)]


def _when(second: float) -> str:
    return plot.clock(second, short=not second % 60)


def _length(ms: int) -> str:
    text = duration_text(ms)
    unit = text.lstrip("0123456789")
    return f"{text.removesuffix(unit)} {_UNITS.get(unit, unit)}"
