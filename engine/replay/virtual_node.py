"""One node of the engine in this process: its store, its actors and its heart, less its sockets.

It can be killed: its tasks end where they stand, nobody says goodbye, and nothing it was about to change gets
through any more.
"""

from collections.abc import Callable
from typing import Any

import trio

from engine.actors.context import Context
from engine.actors.directory import Directory
from engine.actors.ids import RandomIds
from engine.actors.leadership import Leadership, Pulse
from engine.actors.ports import Clock, Identity, Metrics
from engine.domain.change import Change, Receipt
from engine.domain.rules import Policy
from engine.gateway.auth import SignedReceipts
from engine.gateway.house import House
from engine.gateway.video import PeerToPeer
from engine.store.memory_store import MemoryPool, MemoryStore

_SECRET = b"a replay's own secret, of no use to anyone"


class MortalStore(MemoryStore):
    """A node's door to the pool, through which a dead node does not get."""

    dead = False

    def die(self) -> None:
        self.dead = True
        self.close()

    async def commit(self, change: Change) -> Receipt:
        await self._live()
        return await super().commit(change)

    async def _reach(self) -> None:
        await self._live()
        await super()._reach()

    async def _live(self) -> None:
        if self.dead:
            await trio.sleep_forever()


class VirtualNode:
    """Everything of it lives in `nursery`, until it is killed."""

    def __init__(
        self,
        pool: MemoryPool,
        clock: Clock,
        *,
        policy: Policy,
        ids: RandomIds,
        pulse: Pulse,
        metrics: Metrics,
        verify: Callable[[str], Identity],
    ) -> None:
        self.alive = True
        self._store = MortalStore(pool)
        self._context = Context(
            store=self._store,
            clock=clock,
            ids=ids,
            policy=policy,
            metrics=metrics,
            receipts=SignedReceipts(_SECRET),
            video=PeerToPeer(),
        )
        self.leadership = Leadership(
            self._context, pulse, position_every_ms=_publishes(policy), deadlines_at_once=1
        )
        self._verify = verify
        self._scope = trio.CancelScope()
        self.house: House | None = None

    async def run(self) -> None:
        with self._scope:
            async with trio.open_nursery() as nursery:
                directory = Directory(self._context, nursery)
                self._store.listen(directory)
                self.house = House(
                    node=self._store.node,
                    reception=directory,
                    verify=self._verify,
                    config_for=_no_config,
                    server_time=self._context.clock.now,
                    now_s=trio.current_time,
                    unix_s=trio.current_time,
                )
                await self.leadership.run()

    def kill(self) -> None:
        """The process is gone."""
        self.alive = False
        self.house = None
        self._store.die()
        self._scope.cancel()


def _publishes(policy: Policy) -> int | None:
    """How often places in the queue are told (ms). Nobody here looks at them but a queue that may be full."""
    return 1_000 if any(queue.max_waiting is not None for queue in policy.queues.values()) else None


def _no_config(_: Identity) -> dict[str, Any]:
    return {}
