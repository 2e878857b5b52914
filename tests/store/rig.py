"""The rig: one pool made in three ways, the nodes that share it, and an ear to hear what they are told."""

import itertools
from collections.abc import Callable
from typing import Any

import trio

from engine.domain.change import Change
from engine.domain.news import News
from engine.store.embedded import Embedded
from engine.store.keys import Keys
from engine.store.memory_pool import Op
from engine.store.memory_store import MemoryPool, MemoryStore
from engine.store.operation import operation
from engine.store.redis_store import RedisStore
from engine.store.scripts import script
from engine.store.wire import Address

#: Long enough for the slowest machine; a test that waits this long has failed.
PATIENCE_S = 30.0
#: The stores the contract is tested on.
KINDS = ("memory", "valkey", "redis")

_pools = itertools.count(1)


async def until(condition: Callable[[], object]) -> None:
    """Wait for what a thread or another process will do."""
    with trio.fail_after(PATIENCE_S):
        while not condition():  # noqa: ASYNC110  there is nothing to be told by
            await trio.sleep(0.005)


class Ear:
    """A listener that remembers, and can be waited on."""

    def __init__(self) -> None:
        self.heard: list[Any] = []
        self._more = trio.Event()

    def news(self, news: News) -> None:
        self.heard.append(news)
        self._more.set()
        self._more = trio.Event()

    async def hear(self, wanted: Callable[[Any], bool]) -> Any:
        """The first news, heard or to come, that is wanted."""
        seen = 0
        with trio.fail_after(PATIENCE_S):
            while True:
                for news in self.heard[seen:]:
                    if wanted(news):
                        return news
                seen = len(self.heard)
                await self._more.wait()

    async def hear_of(self, kind: type[Any]) -> Any:
        """The first news of that kind."""
        return await self.hear(lambda news: isinstance(news, kind))

    def forget(self) -> None:
        """Begin anew."""
        self.heard.clear()


class Rig:
    """One pool and the nodes that share it."""

    def __init__(self, nursery: trio.Nursery, server: Embedded | None) -> None:
        self._nursery = nursery
        self._server = server
        self.pool = f"test{next(_pools)}"
        self.keys = Keys(self.pool)
        self.memory = MemoryPool()
        self.client: Any = None if server is None else Address(server.url).client()

    @property
    def url(self) -> str:
        assert self._server is not None
        return self._server.url

    async def open(self, name: str = "node") -> Any:
        """Another node's store, running."""
        if self._server is None:
            return MemoryStore(self.memory, name)
        store = RedisStore(self.url, pool=self.pool, name=name)
        await self._nursery.start(store.run)
        return store

    def empty(self) -> None:
        """The store loses everything this pool had."""
        if self._server is None:
            self.memory.empty()
        else:
            self.client.delete(*self.client.keys(self.keys.of("*").replace("{", "\\{")))

    def poke(self, ref: str, field: str, value: str) -> None:
        """Write past the door."""
        if self._server is None:
            self.memory.hashes[ref][field] = value
        else:
            self.client.hset(self.keys.of(ref), field, value)

    def replay(self, store: Any, change: Change) -> list[tuple[str, int]]:
        """Send one op twice; what each sending was answered, and its rev."""
        if self._server is None:
            op = Op(store.era, "replayed", 1, change)
            before = self.memory.rev
            first = self.memory.apply(op, store.node)
            again = self.memory.apply(op, store.node)
            assert self.memory.rev == before + 1
            return [("ok", first.receipt.rev), ("again", again.receipt.rev)]
        sent = operation(change, n=1, boot="replayed", node=store.node, era=store.era)
        answers = [script("commit").run(self.client, self.keys.prefix, *sent.args) for _ in range(2)]
        return [(answer[0], int(answer[1])) for answer in answers]
