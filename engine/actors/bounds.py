"""How much of the wallboard one supervisor sees, and whom he may command."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from attrs import evolve, field, frozen

from engine.actors.board_notices import AgentRow, Assigned, BoardDelta, BoardSnapshot, CallRow, Gone

Explained = TypeVar("Explained", CallRow, Assigned)


@frozen
class Bounds:
    """What one supervisor sees: the calls of these queues and the agents who serve any; empty = everything.

    It remembers which rows were shown, because what leaves his view is gone for him.
    """

    queues: frozenset[str] = frozenset()
    _calls: set[str] = field(factory=set)
    _agents: set[str] = field(factory=set)

    def sees_queue(self, queue: str) -> bool:
        return not self.queues or queue in self.queues

    def sees_agent(self, queues: Iterable[str]) -> bool:
        return not self.queues or not self.queues.isdisjoint(queues)

    def snapshot(self, board: BoardSnapshot) -> BoardSnapshot:
        """His part of the whole."""
        if not self.queues:
            return board
        self._calls.clear()
        self._agents.clear()
        agents, _ = self._agents_of(board)
        calls, _ = self._calls_of(board)
        return evolve(
            board,
            queues=[row for row in board.queues if self.sees_queue(row.id)],
            calls=calls,
            agents=agents,
            assigned=self._assigned_of(board),
            history={name: told for name, told in board.history.items() if self.sees_queue(name)},
        )

    def delta(self, board: BoardDelta, from_rev: int) -> BoardDelta | None:
        """His part of what changed, as what follows the frame of `from_rev`; None if he sees none of it."""
        part = self._part(board) if self.queues else board
        seen = (part.queues, part.calls, part.agents, part.assigned, part.gone.calls, part.gone.agents)
        return evolve(part, from_rev=from_rev) if any(seen) else None

    def _part(self, board: BoardDelta) -> BoardDelta:
        agents, logged_out = self._agents_of(board)
        calls, left = self._calls_of(board)
        gone = Gone(
            calls=left + [name for name in board.gone.calls if name in self._calls],
            agents=logged_out + [name for name in board.gone.agents if name in self._agents],
        )
        self._calls.difference_update(gone.calls)
        self._agents.difference_update(gone.agents)
        return evolve(
            board,
            queues=[row for row in board.queues if self.sees_queue(row.id)],
            calls=calls,
            agents=agents,
            assigned=self._assigned_of(board),
            gone=gone,
        )

    def _agents_of(self, board: BoardSnapshot | BoardDelta) -> tuple[list[AgentRow], list[str]]:
        return _seen(board.agents, self._agents, "id", lambda row: self.sees_agent(row.queues))

    def _calls_of(self, board: BoardSnapshot | BoardDelta) -> tuple[list[CallRow], list[str]]:
        calls, left = _seen(board.calls, self._calls, "call_id", lambda row: self.sees_queue(row.queue))
        return [self._explained(row) for row in calls], left

    def _assigned_of(self, board: BoardSnapshot | BoardDelta) -> list[Assigned]:
        return [self._explained(row) for row in board.assigned if self.sees_queue(row.queue)]

    def _explained(self, row: Explained) -> Explained:
        """With a why that names none but the agents he sees."""
        if "considered" not in row.why:
            return row
        seen = {name: why for name, why in row.why["considered"].items() if name in self._agents}
        return evolve(row, why={**row.why, "considered": seen})


def _seen(
    rows: list[Any], shown: set[str], key: str, sees: Callable[[Any], bool]
) -> tuple[list[Any], list[str]]:
    """The rows that he sees, and the names of those that he saw and sees no more."""
    seen = [row for row in rows if sees(row)]
    names = {getattr(row, key) for row in seen}
    left = [name for row in rows if (name := getattr(row, key)) in shown and name not in names]
    shown.update(names)
    return seen, left
