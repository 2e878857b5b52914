"""Waiting for a replica, where a bank wants commits to survive the loss of the primary.

Replication is one ordered stream, so `INCR confirm` followed by `WAIT 1` on a connection of its own
confirms every change answered before it: one round for however many. Never inside the commit pipeline:
there a stalled replica would hold up every later change. What is not confirmed in time is answered as
unknown, and safe to repeat.
"""

from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue

import redis

from engine.store.operation import Operation
from engine.store.wire import LOST

#: How long one round waits for a replica.
CONFIRM_MS = 200


class Confirmer:
    """Stands between the link and the store: passes answered ops on once a replica has them, or has not."""

    def __init__(
        self, client: "redis.Redis", key: str, deliver: Callable[[Sequence[Operation]], None]
    ) -> None:
        self._client = client
        self._key = key
        self._deliver = deliver
        self._inbox: SimpleQueue[Sequence[Operation] | None] = SimpleQueue()

    def put(self, ops: Sequence[Operation]) -> None:
        """Take what the link has answers for."""
        self._inbox.put(ops)

    def stop(self) -> None:
        """End the thread once it has passed on what it took."""
        self._inbox.put(None)

    def work(self) -> None:
        """What the confirmer's thread runs."""
        ops: list[Operation] = []
        while True:
            taken = self._inbox.get() if not ops else self._next()
            if taken:
                ops += taken
                continue
            if ops:
                confirmed = self._round()
                for op in ops:
                    op.confirmed = confirmed
                self._deliver(ops)
                ops = []
            if taken is None:
                return

    def _next(self) -> Sequence[Operation] | None:
        try:
            return self._inbox.get_nowait()
        except Empty:
            return ()

    def _round(self) -> bool:
        with self._client.pipeline(transaction=False) as pipe:
            pipe.incr(self._key)
            pipe.wait(1, CONFIRM_MS)
            try:
                replies = pipe.execute(raise_on_error=False)
            except LOST:
                return False
        return isinstance(replies[1], int) and replies[1] >= 1
