"""How much of the wallboard one supervisor sees, and whom he may command."""

from collections.abc import Callable, Iterable
from typing import Any

from attrs import evolve, field, frozen

from engine.actors.board_notices import BoardDelta, BoardSnapshot, Gone


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
        calls, _ = _seen(board.calls, self._calls, "call_id", lambda row: self.sees_queue(row.queue))
        agents, _ = _seen(board.agents, self._agents, "id", lambda row: self.sees_agent(row.queues))
        return evolve(
            board,
            queues=[row for row in board.queues if self.sees_queue(row.id)],
            calls=calls,
            agents=agents,
            assigned=[row for row in board.assigned if self.sees_queue(row.queue)],
            history={name: told for name, told in board.history.items() if self.sees_queue(name)},
        )

    def delta(self, board: BoardDelta, from_rev: int) -> BoardDelta | None:
        """His part of what changed, as what follows the frame of `from_rev`; None if he sees none of it."""
        part = self._part(board) if self.queues else board
        seen = (part.queues, part.calls, part.agents, part.assigned, part.gone.calls, part.gone.agents)
        return evolve(part, from_rev=from_rev) if any(seen) else None

    def _part(self, board: BoardDelta) -> BoardDelta:
        calls, left = _seen(board.calls, self._calls, "call_id", lambda row: self.sees_queue(row.queue))
        agents, logged_out = _seen(board.agents, self._agents, "id", lambda row: self.sees_agent(row.queues))
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
            assigned=[row for row in board.assigned if self.sees_queue(row.queue)],
            gone=gone,
        )


def _seen(
    rows: list[Any], shown: set[str], key: str, sees: Callable[[Any], bool]
) -> tuple[list[Any], list[str]]:
    """The rows that he sees, and the names of those that he saw and sees no more."""
    seen = [row for row in rows if sees(row)]
    names = {getattr(row, key) for row in seen}
    left = [name for row in rows if (name := getattr(row, key)) in shown and name not in names]
    shown.update(names)
    return seen, left
