"""What the leader publishes to waiting customers: their place and the pace of their queue.

At most once in `every_ms`, and only what changed. It goes to each node as an ephemeral signal, so it costs
the store nothing that lasts.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from engine.actors.context import STANDINGS
from engine.actors.ports import Clock, Store
from engine.domain.board import Board
from engine.domain.change import Unavailable
from engine.domain.estimates import Pace
from engine.domain.limits import RECEIPT_LIFE_MS
from engine.domain.matching import able_agents, takes_requests
from engine.domain.model import Record

#: A customer whose place does not change is told it again, because his resume token comes with it.
RENEW_MS = RECEIPT_LIFE_MS // 2

Standing = tuple[int, int, float | None, bool]  # waiting, agents, busy_ms, open


class Publisher:
    """Follows the board's news and tells the nodes what has become of the order."""

    def __init__(self, store: Store, clock: Clock, every_ms: int | None) -> None:
        self.pace = Pace()
        self._store = store
        self._clock = clock
        self._every_ms = every_ms
        self._queues: dict[str, Standing] = {}
        self._positions: dict[str, int] = {}
        self._nodes: set[str] = set()
        self._renew_at = 0

    def forget(self) -> None:
        """Everything is to be told again: the board is new, or resume tokens grow old."""
        self._queues, self._positions, self._nodes = {}, {}, set()
        self._renew_at = self._clock.now() + RENEW_MS

    def saw(self, board: Board, before: Record | None, after: Record | None) -> None:
        """Learn the pace from calls as they end."""
        self.pace.learn(before, after, board.policy)

    async def run(self, board: Callable[[], Board]) -> None:
        """Publish until cancelled; `board` gives the leader's present one."""
        if self._every_ms is None:
            return
        while True:
            if self._clock.now() >= self._renew_at:
                self.forget()
            for node, body in self.news(board()).items():
                with suppress(Unavailable):
                    await self._store.signal(node, STANDINGS, body)
            await self._clock.sleep_until(self._clock.now() + self._every_ms)

    def news(self, board: Board) -> dict[str, dict[str, Any]]:
        """What each node is to be told now, by node: changed queues, and its callers' changed places."""
        queues = {
            name: (
                len(board.order.get(name, ())),
                able_agents(board, queue),
                self.pace.busy_ms.get(name),
                takes_requests(board, queue),
            )
            for name, queue in board.policy.queues.items()
        }
        changed = {name: now for name, now in queues.items() if self._queues.get(name) != now}
        self._queues = queues
        places: dict[str, dict[str, tuple[str, int]]] = {}
        known, self._positions = self._positions, {}
        for order in board.order.values():
            for position, (_, call_id) in enumerate(order, 1):
                self._positions[call_id] = position
                call = board.calls[call_id]
                if call.node and known.get(call_id) != position:
                    places.setdefault(call.node, {})[call_id] = (call.customer, position)
        nodes = board.nodes()
        fresh, self._nodes = nodes - self._nodes, nodes
        news = {
            n: {"queues": queues if n in fresh else changed, "positions": places.get(n, {})} for n in nodes
        }
        return {n: told for n, told in sorted(news.items()) if told["queues"] or told["positions"]}
