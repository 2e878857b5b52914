"""A node of the pool without sockets: it says that it holds people, beats for them, and changes what they do.

Its records are the engine's own, made by the engine's moves through the one door; the engine cannot tell its
people from others, gives them calls and waits for their answers.
"""

import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import trio
from attrs import define, field

from bench.sightings import Made
from engine.domain.change import Change, Conflict
from engine.domain.model import Agent, Call, Customer, Record, Ref
from engine.domain.news import Changed, News, Resynced
from engine.domain.rules import Policy
from engine.store.redis_store import RedisStore

BEAT_S = 1.0


@define(eq=False)
class Pool:
    """What this node holds, as last heard, and every change it made."""

    store: RedisStore
    policy: Policy
    calls: dict[str, Call] = field(factory=dict)
    agents: dict[str, Agent] = field(factory=dict)
    customers: dict[str, Customer] = field(factory=dict)
    made: list[Made] = field(factory=list)
    #: changes refused because the engine had been there first
    conflicts: int = 0
    #: set by the next news
    changed: trio.Event = field(factory=trio.Event)
    _changing: set[Ref] = field(factory=set)

    @classmethod
    @asynccontextmanager
    async def joined(cls, url: str, policy: Policy) -> AsyncIterator["Pool"]:
        """A node of its own while this is open."""
        pool = cls(RedisStore(url, name="bench"), policy)
        async with trio.open_nursery() as nursery:
            await nursery.start(pool.store.run)
            pool.store.listen(pool)
            await pool.store.beat()
            nursery.start_soon(pool._beat)
            yield pool
            nursery.cancel_scope.cancel()

    async def _beat(self) -> None:
        while True:
            await trio.sleep(BEAT_S)
            await self.store.beat()

    def now(self) -> int:
        """Pool time, ms."""
        return self.store.clock.now()

    def ahead_ms(self) -> float:
        """By how much pool time, which is told in whole ms, is ahead of this machine's clock."""
        return self.now() + 0.5 - time.time() * 1000

    # what is known

    def news(self, news: News) -> None:
        if isinstance(news, Changed | Resynced):
            for ref, record in news.records.items():
                self._hear(ref, record)
            self.changed.set()
            self.changed = trio.Event()

    def _hear(self, ref: Ref, record: Record | None) -> None:
        kind, _, name = ref.partition(":")
        held: dict[str, Record] = getattr(self, f"{kind}s")
        known = held.get(name)
        if record is None or (isinstance(record, Call) and not record.live):
            held.pop(name, None)
        elif known is None or record.version > known.version:
            held[name] = record

    def free(self, record: Record) -> bool:
        """Whether no change of ours to it is on its way."""
        return record.ref not in self._changing

    # what is done

    async def commit(self, change: Change) -> bool:
        """Make it; whether the engine had not been there first."""
        with self._held(change):
            at_ms = time.time() * 1000
            try:
                receipt = await self.store.commit(change)
            except Conflict:
                self.conflicts += 1
                return False
            self.made.append(Made(receipt.rev, at_ms))
            return True

    @contextmanager
    def _held(self, change: Change) -> Iterator[None]:
        refs = {write.ref for write in change.writes}
        self._changing |= refs
        try:
            yield
        finally:
            self._changing -= refs
