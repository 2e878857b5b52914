"""What the demo shows of the pool: queues, agents, what happened last and why; as a screen, or in lines."""

from collections.abc import Mapping, Sequence

from attrs import frozen
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from engine.demo.panorama import Moment, Panorama, What
from engine.demo.words import duration, why
from engine.domain.lifecycle import AgentState, CallState
from engine.domain.model import Agent, Call

#: Lines beside the assignments: titles, tables' heads, counters and the commands to join in by.
FRAME_LINES = 20
LEAST_MOMENTS = 4
_STATES: Mapping[AgentState, tuple[str, str]] = {
    AgentState.READY: ("ready", "green"),
    AgentState.OFFERED: ("rings", "bold yellow"),
    AgentState.ON_CALL: ("on call", "cyan"),
    AgentState.WRAP_UP: ("wrap-up", "blue"),
    AgentState.NOT_READY: ("not ready", "magenta"),
}
_SHOWN = {What.ASSIGNED, What.DECLINED, What.UNANSWERED, What.LEFT, What.LOST}
_STYLES = {What.ASSIGNED: "", What.LEFT: "dim", What.LOST: "red"}


@frozen
class Line:
    """One moment as people read it: the second of the demo, and what happened."""

    at_s: float
    text: str
    style: str = ""

    def __str__(self) -> str:
        return f"{self.at_s:7.1f} s  {self.text}"


def lines(panorama: Panorama, moments: Sequence[Moment], begun_at: int) -> list[Line]:
    """The moments worth telling."""
    told = [(m, _told(panorama, m)) for m in moments if m.what in _SHOWN]
    return [Line((m.at - begun_at) / 1000, text, _STYLES.get(m.what, "yellow")) for m, text in told]


def _told(panorama: Panorama, moment: Moment) -> str:
    call, agent = moment.call, moment.agent
    if agent is not None:
        return f"{agent.name or agent.id} {moment.what}: the call goes back to its place"
    assert call is not None
    if moment.what is What.ASSIGNED:
        return f"{panorama.name(call.agent)} gets {_caller(call)}: {why(call, panorama.name)}"
    return f"{_caller(call)} {moment.what} after {duration(moment.at - call.enqueued_at)}"


def _caller(call: Call) -> str:
    needs = f", needs {', '.join(call.skills)}" if call.skills else ""
    tier = f", {call.tier}" if call.tier != "regular" else ""
    return f"{call.customer_name or call.customer} ({call.queue}{tier}{needs})"


def counters(panorama: Panorama) -> str:
    """Everything so far, in one line."""
    count = panorama.count
    connected = count[What.CONNECTED]
    mean = duration(panorama.waited_ms // connected) if connected else "-"
    return (
        f"{count[What.ASKED]} asked, {count[What.ASSIGNED]} assigned, {connected} connected "
        f"(mean wait {mean}), {count[What.TALKED]} done, {count[What.LEFT]} gave up, "
        f"{count[What.DECLINED]} declined, {count[What.UNANSWERED]} not answered, {count[What.LOST]} lost"
    )


def status(panorama: Panorama, queues: Sequence[str], now: int) -> str:
    """The present, in one line."""
    parts = []
    for queue in queues:
        waiting = panorama.waiting(queue)
        longest = f", longest {duration(now - min(c.enqueued_at for c in waiting))}" if waiting else ""
        parts.append(f"{queue}: {len(waiting)} waiting{longest}")
    states = [agent.state for agent in panorama.logged_in()]
    parts += [f"{states.count(state)} {word}" for state, (word, _) in _STATES.items() if state in states]
    return "; ".join(parts)


def screen(
    panorama: Panorama,
    recent: Sequence[Line],
    queues: Sequence[str],
    join: Sequence[str],
    now: int,
    height: int,
) -> RenderableType:
    """Everything at one look, at most `height` lines."""
    tables = Table.grid(padding=(0, 4))
    tables.add_row(_queues(panorama, queues, now), _agents(panorama, now))
    most = max(LEAST_MOMENTS, height - FRAME_LINES)
    told = [Text(str(line), style=line.style, no_wrap=True, overflow="ellipsis") for line in recent[-most:]]
    hints = [Text(line, style="dim", no_wrap=True, overflow="ellipsis") for line in join]
    return Group(
        tables,
        Text(),
        Text("Who got whom, and why", style="bold"),
        *told,
        Text(),
        Text(counters(panorama)),
        *hints,
    )


def _queues(panorama: Panorama, queues: Sequence[str], now: int) -> Table:
    table = Table("queue", "waiting", "longest", "rings", "in call", title="Queues", title_justify="left")
    for queue in queues:
        waiting = panorama.waiting(queue)
        longest = duration(now - min(c.enqueued_at for c in waiting)) if waiting else "-"
        busy = [panorama.in_state(queue, state) for state in (CallState.OFFERED, CallState.CONNECTED)]
        table.add_row(queue, str(len(waiting)), longest, *(str(n) for n in busy))
    return table


def _agents(panorama: Panorama, now: int) -> Table:
    table = Table("agent", "state", "for", "with", "serves", title="Agents", title_justify="left")
    for agent in panorama.logged_in():
        word, style = _STATES[agent.state]
        if agent.state is AgentState.NOT_READY and agent.reason:
            word = agent.reason.replace("_", " ")
        call = panorama.calls.get(agent.call)
        caller = "" if call is None else call.customer_name or call.customer
        since = duration(now - agent.since_at)
        table.add_row(agent.name or agent.id, Text(word, style=style), since, caller, _serves(agent))
    return table


def _serves(agent: Agent) -> str:
    skills = [f"{name} {level}" for name, level in agent.skills.items()]
    return ", ".join([*agent.queues, *skills])
