"""A node's door to a pool in memory that can be shut, as if the node's process were paused."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import trio

from engine.actors.ports import Listener
from engine.domain.change import Change, Receipt
from engine.domain.model import Record, Ref
from engine.domain.news import Leader, Lease
from engine.store.memory_store import MemoryPool, MemoryStore

#: How long a watcher may have to wait for its first sight of the pool.
MOST_BLIND_S = 1.5


class GatedStore(MemoryStore):
    """A node's door to the pool that can be shut: whatever the node asks meanwhile waits."""

    def __init__(self, pool: MemoryPool, name: str) -> None:
        super().__init__(pool, name)
        self._open = self._heart = _opened()

    def shut(self, *, beating: bool = False) -> None:
        """Let nothing through; with `beating` the node still shows that it lives."""
        self._open = trio.Event()
        self._heart = _opened() if beating else self._open

    def reopen(self) -> None:
        self._open.set()

    def watch(self, listener: Listener) -> AbstractAsyncContextManager[None]:
        return self._watching_late(super().watch(listener))

    @asynccontextmanager
    async def _watching_late(self, watching: AbstractAsyncContextManager[None]) -> AsyncIterator[None]:
        """Under faults it takes a while until a watcher sees the pool, as it does with a real store."""
        if self._pool.faults is not None:
            await trio.sleep(self._pool.random.uniform(0, MOST_BLIND_S))
        async with watching:
            yield

    async def commit(self, change: Change) -> Receipt:
        await self._open.wait()
        return await super().commit(change)

    async def read(self, refs: Iterable[Ref]) -> Mapping[Ref, Record]:
        await self._open.wait()
        return await super().read(refs)

    async def beat(self) -> Mapping[str, int]:
        await self._heart.wait()
        return await super().beat()

    async def lead(self, seen: Leader | None, nonce: str) -> Lease:
        await self._heart.wait()
        return await super().lead(seen, nonce)


def _opened() -> trio.Event:
    event = trio.Event()
    event.set()
    return event
