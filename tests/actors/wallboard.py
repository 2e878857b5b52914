"""What a supervisor's page shows: the last snapshot and what changed since, as `docs/wire-format.md` has it.

It fails at once if a delta does not follow the frame before it, or takes off a row that is not there.
"""

from collections.abc import Mapping
from typing import Any

from attrs import define, evolve, field

from engine.actors.board_notices import (
    AgentRow,
    Assigned,
    BoardDelta,
    BoardSnapshot,
    CallRow,
    Minute,
    QueueRow,
)
from engine.actors.notices import Ok
from engine.actors.requests import BoardWatch
from engine.actors.scene import Scene
from engine.domain.rules import Policy
from engine.gateway.messages import ServerMessage
from engine.store.memory_pool import MemoryPool

from .pool import Client, Pool, VirtualNode


@define(eq=False)
class Wallboard:
    client: Client
    rev: int | None = None
    queues: dict[str, QueueRow] = field(factory=dict)
    calls: dict[str, CallRow] = field(factory=dict)
    agents: dict[str, AgentRow] = field(factory=dict)
    assigned: list[Assigned] = field(factory=list)
    #: by queue and beginning; what comes again replaces what was
    minutes: dict[str, dict[int, Minute]] = field(factory=dict)
    snapshots: int = 0
    deltas: int = 0
    #: the first thing that ought not to have been told
    broken: str | None = None

    def __attrs_post_init__(self) -> None:
        self.client.listener = self.heard

    def heard(self, _: Client, message: ServerMessage) -> None:
        """Take a frame as it comes; what is wrong with it is not the engine's to stumble over."""
        try:
            if isinstance(message, BoardSnapshot):
                self._begin(message)
            elif isinstance(message, BoardDelta):
                self._go_on(message)
        except (AssertionError, KeyError) as error:
            self.broken = self.broken or f"{error!r} in {message}"

    def _begin(self, board: BoardSnapshot) -> None:
        self.rev, self.snapshots = board.rev, self.snapshots + 1
        self.queues = {row.id: row for row in board.queues}
        self.calls = {row.call_id: row for row in board.calls}
        self.agents = {row.id: row for row in board.agents}
        self.assigned = list(board.assigned)
        self.minutes = {queue: {m.at: m for m in told} for queue, told in board.history.items()}
        assert len(self.calls) == len(board.calls), "a call stands on a board once"
        assert len(self.agents) == len(board.agents)

    def _go_on(self, delta: BoardDelta) -> None:
        assert delta.from_rev == self.rev, f"after {self.rev} comes {delta.from_rev}: something was left out"
        self.rev, self.deltas = delta.rev, self.deltas + 1
        for name in delta.gone.calls:
            del self.calls[name]
        for name in delta.gone.agents:
            del self.agents[name]
        for row in delta.queues:
            self.queues[row.id] = row
            self.minutes[row.id][row.minute.at] = row.minute
        self.calls |= {row.call_id: row for row in delta.calls}
        self.agents |= {row.id: row for row in delta.agents}
        self.assigned += delta.assigned

    def lost(self) -> None:
        """The link is gone: what is shown is old until the next snapshot."""
        self.rev = None

    @property
    def shows(self) -> tuple[Mapping[str, Any], ...]:
        """Every row, whatever order they came in."""
        assert self.broken is None, self.broken
        return self.queues, self.calls, self.agents, _latest(self.assigned)

    def order(self, queue: str) -> list[str]:
        """The waiting calls of a queue as its page sorts them."""
        rows = [row for row in self.calls.values() if row.queue == queue and row.state == "waiting"]
        return [row.call_id for row in sorted(rows, key=lambda r: (-r.band, r.due_at, r.call_id))]


def _latest(assigned: list[Assigned]) -> dict[str, Assigned]:
    """A page keeps as many as a snapshot has."""
    newest = sorted(assigned, key=lambda a: (a.at, a.call_id))[-50:]
    told = {f"{a.at} {a.call_id} {a.agent_id}": a for a in newest}
    assert len(told) == len(newest), "an assignment is told once"
    return told


async def watching(
    pool: Pool, sub: str = "boss", queues: tuple[str, ...] = (), node: VirtualNode | None = None
) -> Wallboard:
    """A supervisor's board that has had its first snapshot."""
    board = Wallboard(pool.supervisor(sub, queues))
    await board.client.enter(node)
    assert isinstance(await board.client.ask(BoardWatch()), Ok)
    await board.client.hear(BoardSnapshot)
    return board


def part(board: Wallboard, *queues: str) -> tuple[dict[str, CallRow], dict[str, AgentRow]]:
    """The calls and agents of a board that are within those queues, less whom else a why considered: of those
    one who sees a part is told only the agents whom he saw then."""
    agents = {name: row for name, row in board.agents.items() if not set(queues).isdisjoint(row.queues)}
    calls = {name: row for name, row in board.calls.items() if row.queue in queues}
    return {name: evolve(row, why={**row.why, "considered": {}}) for name, row in calls.items()}, agents


def truth(memory: MemoryPool, policy: Policy) -> tuple[dict[str, Any], ...]:
    """The rows of queues (less their figures), calls and agents, made of what is stored and nothing else."""
    now = memory.clock.now()
    scene = Scene(policy)
    scene.put({ref: memory.stored(ref) for ref in memory.hashes}, now)
    board = scene.snapshot(now)
    return (
        {row.id: figureless(row) for row in board.queues},
        {row.call_id: row for row in board.calls},
        {row.id: row for row in board.agents},
    )


def figureless(row: QueueRow) -> QueueRow:
    """A queue's row without what it takes an hour to know."""
    nothing = Minute(at=0, arrived=0, answered=0, in_time=0, abandoned=0, waiting=row.waiting)
    unknown = dict.fromkeys(("service_level", "abandonment", "ewt_ms", "ewt_error"))
    return evolve(row, answered=0, abandoned=0, minute=nothing, **unknown)
