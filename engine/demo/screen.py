"""What the demo shows of the pool: queues, agents, what happened last and why; as a screen, or in lines."""

from collections.abc import Mapping, Sequence

from attrs import frozen
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from engine.demo.panorama import Moment, Panorama, What
from engine.demo.words import duration, why
from engine.domain.lifecycle import AgentState, CallState
from engine.domain.model import Agent, Call

#: Lines that are always there: the tables' head, blanks, a title, two of counters, one to spare.
FRAME_LINES = 7
LEAST_LINES = 4
#: From this width on there is room for what each agent serves.
WIDE = 110
_STATES: Mapping[AgentState, tuple[str, str]] = {
    AgentState.READY: ("ready", "green"),
    AgentState.OFFERED: ("rings", "bold yellow"),
    AgentState.ON_CALL: ("on call", "cyan"),
    AgentState.WRAP_UP: ("wrap-up", "blue"),
    AgentState.NOT_READY: ("not ready", "magenta"),
}
_SHOWN = {What.ASSIGNED, What.DECLINED, What.UNANSWERED, What.LEFT, What.LOST}
_MEASURE = Console(width=1)
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
    width: int,
    height: int,
) -> RenderableType:
    """Everything at one look, within `width` and `height`."""
    agents = panorama.logged_in()
    tables = Table.grid(padding=(0, 4))
    tables.add_row(_queues(panorama, queues, now), _agents(panorama, agents, now, wide=width >= WIDE))
    rows = max(len(agents), len(queues))
    room = max(LEAST_LINES, height - FRAME_LINES - rows - len(join))
    return Group(
        tables,
        Text(),
        Text("Who got whom, and why", style="bold"),
        *(Text(str(line), style=line.style) for line in _latest(recent, width, room)),
        Text(),
        Text(counters(panorama)),
        *(Text(line, style=_join_style(n), no_wrap=True, overflow="ellipsis") for n, line in enumerate(join)),
    )


def _join_style(line: int) -> str:
    """The first, which leads to the page, stands out."""
    return "dim" if line else "bold"


def _latest(recent: Sequence[Line], width: int, room: int) -> list[Line]:
    """As many as fit into so many lines; a long one takes several."""
    shown: list[Line] = []
    for line in reversed(recent):
        room -= len(Text(str(line)).wrap(_MEASURE, width))
        if room < 0:
            break
        shown.insert(0, line)
    return shown


def _table(*columns: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for column in columns:
        table.add_column(column, no_wrap=True)
    return table


def _queues(panorama: Panorama, queues: Sequence[str], now: int) -> Table:
    table = _table("queue", "waiting", "longest", "in call")
    for queue in queues:
        waiting = panorama.waiting(queue)
        longest = duration(now - min(c.enqueued_at for c in waiting)) if waiting else "-"
        table.add_row(queue, str(len(waiting)), longest, str(panorama.in_state(queue, CallState.CONNECTED)))
    return table


def _agents(panorama: Panorama, agents: Sequence[Agent], now: int, *, wide: bool) -> Table:
    table = _table("agent", "state", "for", "with", *(["serves"] if wide else []))
    for agent in agents:
        word, style = _STATES[agent.state]
        if agent.state is AgentState.NOT_READY and agent.reason:
            word = agent.reason.replace("_", " ")
        call = panorama.calls.get(agent.call)
        caller = "" if call is None else call.customer_name or call.customer
        state, since = Text(word, style=style), duration(now - agent.since_at)
        table.add_row(agent.name or agent.id, state, since, caller, *([_serves(agent)] if wide else []))
    return table


def _serves(agent: Agent) -> str:
    skills = [f"{name} {level}" for name, level in agent.skills.items()]
    return ", ".join([*agent.queues, *skills])
