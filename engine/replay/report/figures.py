"""The drawings of a report: each shows every run on the same scales, with its numbers as a table."""

from collections.abc import Sequence

from engine.replay.expectations import percentile
from engine.replay.report import plot
from engine.replay.report.faults import fault_legend, fault_marks
from engine.replay.report.html import Html, join, table
from engine.replay.report.intervals import edges_of, in_half_hours, mean_levels, service_levels
from engine.replay.report.plot import Frame
from engine.replay.report.view import STATES, TOP, Section, View
from engine.replay.sample import Day

BINS = 200


def queue_length(view: View) -> Section:
    kind, names = view.groups
    edges = edges_of(view.end_s, BINS)
    layers = [
        mean_levels(
            edges,
            [
                (view.group(getattr(call, "group" if kind == "tier" else "queue")), span)
                for call, span in day.course.waiting()
            ],
            names,
        )
        for day in view.days
    ]
    return _stacked(
        view,
        "queue-length",
        "Calls in line",
        f"How many calls waited, ringing included, by {kind}.",
        "calls",
        view.legend,
        [[levels[name] for name in names] for levels in layers],
    )


def agents_by_state(view: View) -> Section:
    edges = edges_of(view.end_s, BINS)
    layers = [
        mean_levels(edges, [(s.state, s) for a in day.course.agents for s in a.spans], list(STATES))
        for day in view.days
    ]
    return _stacked(
        view,
        "agent-states",
        "Agents by state",
        "How many agents were logged in, and what they were doing.",
        "agents",
        list(STATES.values()),
        [[levels[state] for state in STATES] for levels in layers],
    )


def _stacked(
    view: View,
    name: str,
    heading: str,
    about: str,
    counted: str,
    series: Sequence[tuple[int, str]],
    layers: Sequence[Sequence[Sequence[float]]],
) -> Section:
    edges = edges_of(view.end_s, BINS)
    sums = [[sum(values[n] for values in layer) for n in range(BINS)] for layer in layers]
    top = max(1.0, *map(max, sums))
    frame = view.frame(250, top * 1.04)
    axes = plot.axes(frame, view.clock(), _counts(top), "time of day", counted)
    drawings = []
    for k, (layer, totals) in enumerate(zip(layers, sums, strict=True)):
        peak = max(range(BINS), key=totals.__getitem__)
        desc = f"Highest {totals[peak]:.1f} at {view.shown(edges[peak])}. Numbers in the table."
        drawn = plot.areas(frame, edges, [(s, v) for (s, _), v in zip(series, layer, strict=True)])
        parts = (axes, drawn, fault_marks(view, frame))
        drawings.append(plot.svg(view.named(name, k), f"{heading}{view.of(k)}", desc, frame, *parts))
    tables = (
        table(
            f"{heading}{view.of(k)}: mean of each interval",
            ["from", *(label for _, label in series)],
            [
                [view.shown(start), *(f"{value:.1f}" for value in values)]
                for start, values in in_half_hours(edges, layer, view.zero_s)
            ],
        )
        for k, layer in enumerate(layers)
    )
    legend = plot.legend(series, upright=fault_legend(view))
    return Section(name, heading, about, legend, tuple(drawings), join(tables))


def waits(view: View) -> Section:
    """The empirical distribution of waits: what share of calls had waited no longer."""
    kind, names = view.groups
    found = [
        {
            name: sorted(
                call.wait_s
                for call in day.result.calls
                if call.wait_s is not None and view.group(getattr(call, kind)) == name
            )
            for name in names
        }
        for day in view.days
    ]
    ends = [percentile(values, 0.99) or 0.0 for by_name in found for values in by_name.values()]
    end_s = max([1.0, *ends]) * 1.05
    frame = Frame(width=view.width, height=290, x=(0, end_s), y=(0, 1), top=TOP)
    x_ticks = [(x, f"{x:g}") for x in plot.ticks(0, end_s, round(view.width / 72))]
    axes = plot.axes(frame, x_ticks, _shares(), "seconds waited", "share of calls")
    drawings = []
    for k, (day, by_name) in enumerate(zip(view.days, found, strict=True)):
        lines = [
            plot.stairs(frame, _distribution(values, end_s), series)
            for (series, _), values in zip(view.legend, by_name.values(), strict=True)
            if values
        ]
        marks = [plot.mark_x(frame, s, f"{s:g} s") for s in _thresholds(day) if s < end_s]
        title, desc = f"Distribution of waits{view.of(k)}", f"A line for each {kind}. Numbers in the table."
        drawings.append(plot.svg(view.named("waits", k), title, desc, frame, axes, *marks, *lines))
    shares = (0.5, 0.8, 0.9, 0.95, 0.99, 1.0)
    head = [kind, "calls", *("longest" if s == 1 else f"{s:.0%} within" for s in shares)]
    tables = (
        table(
            f"Waits{view.of(k)}, in seconds",
            head,
            [
                [name, f"{len(values):,}", *(_second(percentile(values, s)) for s in shares)]
                for name, values in by_name.items()
            ],
        )
        for k, by_name in enumerate(found)
    )
    about = (
        f"The share of calls, by {kind}, that had waited no longer than so many seconds when they were "
        "answered or given up. The upright line is the service level's threshold."
    )
    legend = plot.legend(view.legend, lines=True)
    return Section("waits", "Distribution of waits", about, legend, tuple(drawings), join(tables))


def service_level(view: View) -> Section:
    found = [service_levels(day, view.end_s, view.zero_s) for day in view.days]
    frame = view.frame(220, 1.0, right=112)
    axes = plot.axes(frame, view.clock(), _shares(), "time of arrival", "service level")
    drawings = []
    for k, (day, rows) in enumerate(zip(view.days, found, strict=True)):
        shown = [
            (max(0.0, row.start_s), min(row.end_s, view.end_s), row.level)
            for row in rows
            if row.level is not None
        ]
        targets = {queue.service_target for queue in day.result.scenario.queues}
        named = [(t, f"target {t} %", "(service_target)") for t in targets if len(targets) == 1]
        marks = [plot.mark_y(frame, t / 100, *label) for t, *label in named]
        title = f"Service level by interval{view.of(k)}"
        desc = "A bar for each interval of arrival. Numbers in the table."
        bars = plot.bars(frame, shown, 0)
        drawings.append(plot.svg(view.named("level", k), title, desc, frame, axes, bars, *marks))
    head = ["from", "calls", "answered", "abandoned", "service level", "mean wait"]
    tables = (
        table(
            f"Service level{view.of(k)}",
            head,
            [
                [
                    view.shown(row.start_s),
                    f"{row.calls:,}",
                    f"{row.served:,}",
                    f"{row.abandoned:,}",
                    "-" if row.level is None else f"{row.level:.0%}",
                    _second(row.mean_wait_s),
                ]
                for row in rows
            ],
        )
        for k, rows in enumerate(found)
    )
    about = (
        "Share of calls answered within the threshold, by when they came. The line across is the queues' "
        "service_target, to which the wallboard holds them; what the scenario expects is told above."
    )
    return Section("level", "Service level", about, Html(""), tuple(drawings), join(tables))


def _distribution(values: Sequence[float], end_s: float) -> list[tuple[float, float]]:
    """The steps of the distribution, at most some 400 of them, up to `end_s`."""
    at_once = sum(value <= 0 for value in values) / len(values)
    points, last = [(0.0, at_once)], 0.0
    for k, value in enumerate(values):
        if value > end_s:
            break
        if value - last >= end_s / 400 or k + 1 == len(values):
            points.append((value, (k + 1) / len(values)))
            last = value
    return [*points, (end_s, points[-1][1])]


def _thresholds(day: Day) -> list[float]:
    found = sorted(set(day.result.scenario.service_level_s.values()))
    return found if len(found) == 1 else []


def _counts(top: float) -> list[tuple[float, str]]:
    return [(value, f"{value:g}") for value in plot.ticks(0, top, 5) if value == int(value)]


def _shares() -> list[tuple[float, str]]:
    return [(k / 5, f"{k * 20} %") for k in range(6)]


def _second(value: float | None) -> str:
    return "-" if value is None else f"{value:,.1f}"
