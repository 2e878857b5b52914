"""The agents' Gantt chart: a lane for each, what he did from when to when."""

from collections.abc import Sequence

from engine.domain.lifecycle import AgentState
from engine.replay.course import Lived
from engine.replay.report import plot
from engine.replay.report.html import Html, el, join, table
from engine.replay.report.view import STATES, Section, View

LANES = 60
#: So many lanes share a time axis; paper may turn between two such drawings.
TOGETHER = 20
LANE_PX = 13.0
ABOVE_PX, BELOW_PX = 8.0, 40.0


def gantt(view: View) -> Section:
    drawings, tables, note = [], [], ""
    for k, day in enumerate(view.days):
        agents = sorted(day.course.agents, key=lambda a: (-a.spent_s(AgentState.ON_CALL), a.name))
        if len(agents) > LANES:
            note = f" The {LANES} busiest are drawn; the table has all {len(agents)}."
        shown = sorted(agents[:LANES], key=lambda a: (a.spans[0].start_s if a.spans else 0.0, a.name))
        parts = range(0, max(1, len(shown)), TOGETHER)
        drawings.append(join(_lanes(view, k, shown[at : at + TOGETHER], at) for at in parts))
        tables.append(_agents(view, k, agents))
    about = f"What each agent did, by first log-in. Tall is work, a strip is waiting for it.{note}"
    legend = plot.legend(list(STATES.values()))
    return Section("gantt", "Agents through the day", about, legend, tuple(drawings), join(tables))


def _lanes(view: View, k: int, agents: Sequence[Lived], at: int) -> Html:
    """Of the agents from the one at that place on."""
    height = ABOVE_PX + LANE_PX * max(1, len(agents)) + BELOW_PX
    frame = view.frame(height, 1, top=ABOVE_PX, left=92)
    rows = [[(STATES[AgentState(s.state)][0], s.start_s, s.end_s) for s in a.spans] for a in agents]
    thin = frozenset({STATES[AgentState.READY][0], STATES[AgentState.NOT_READY][0]})
    labels = (
        el(
            "text",
            a.name if len(a.name) <= 13 else f"{a.name[:12]}…",
            x="86",
            y=plot.n(ABOVE_PX + LANE_PX * (row + 0.5)),
            dy="0.32em",
            class_="tick end",
        )
        for row, a in enumerate(agents)
    )
    parts = (plot.axes(frame, view.clock(), [], "time of day"), *labels)
    drawn = plot.lanes(frame, rows, LANE_PX, thin)
    name = view.named("gantt", k) + (f"-from-{at + 1}" if at else "")
    title = f"Agents through the day{view.of(k)}" + (f", from the {at + 1}th" if at else "")
    desc = f"A lane for each of {len(agents)} agents. Numbers in the table."
    return plot.svg(name, title, desc, frame, *parts, drawn)


def _agents(view: View, k: int, agents: Sequence[Lived]) -> Html:
    handled: dict[str | None, int] = {}
    for call in view.days[k].result.calls:
        handled[call.agent_id] = handled.get(call.agent_id, 0) + 1
    rows = []
    for agent in agents:
        there = agent.spent_s()
        busy = agent.spent_s(AgentState.ON_CALL, AgentState.WRAP_UP, AgentState.OFFERED)
        occupancy = f"{busy / there:.0%}" if there else "-"
        hours = f"{there / 3600:.1f}"
        rows.append([agent.name, f"{handled.get(agent.name, 0):,}", hours, occupancy])
    return table(f"Agents{view.of(k)}", ["agent", "calls", "hours logged in", "occupancy"], rows)
