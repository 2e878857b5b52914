"""The store in memory: the same door, the same semantics, for virtual time and tests.

A change happens at once, on the task that commits it; the node that made it is told before the others and
before its receipt. Nothing here is random or waits unless `Faults` asks, so a plain replay is deterministic.

Faults are drawn from the pool's own `Random`: late commits, late answers, conflicts nobody caused, outcomes
that stay unknown (the answer was lost, or the request was and arrives later), messages lost or doubled, and
channels that come up only a while after the store did. A lost message shows at the channel's next, or at the
node's next beat, and leads to a `Resynced`.
"""

from bisect import bisect_right
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from operator import itemgetter
from typing import Any, Protocol

import orjson
import trio

from engine.domain.change import LEADER, Change, Conflict, Guard, NotSent, Reaped, Receipt, Unknown
from engine.domain.model import Record, Ref
from engine.domain.news import Changed, Leader, Lease, News, Service, Signalled
from engine.store.journal import Entry
from engine.store.keys import CONDEMNED, FEED, node_channel
from engine.store.memory_pool import Clock, Done, Faults, MemoryPool, Op
from engine.store.records import decode_fact

__all__ = ["Faults", "MemoryPool", "MemoryStore"]


class Listener(Protocol):
    """Whoever is told; must not block."""

    def news(self, news: News) -> None: ...


class MemoryStore:
    """One node's door to a `MemoryPool`; see `actors.ports.Store` for what each method promises."""

    def __init__(self, pool: MemoryPool, name: str = "node") -> None:
        self._pool = pool
        self._boot = pool.join(self)
        self._node = f"{name}-{self._boot}"
        self._channel = node_channel(self._node)
        self._era = pool.era
        self._n = 0
        self._lost: list[Op] = []
        self._gaps: set[str] = set()
        self._coming_up: set[str] = set()
        self._nursery: trio.Nursery | None = None
        self._listeners: list[Listener] = []
        self._watchers: list[Listener] = []
        pool.nodes[self._node] = 0

    @property
    def node(self) -> str:
        return self._node

    @property
    def era(self) -> str:
        return self._era

    @property
    def available(self) -> bool:
        return self._pool.available

    @property
    def clock(self) -> Clock:
        """Pool time."""
        return self._pool.clock

    def close(self) -> None:
        """This node is gone: it is told nothing more."""
        self._pool.leave(self)

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Needed only where channels come up late."""
        async with trio.open_nursery() as self._nursery:
            task_status.started()
            await trio.sleep_forever()

    async def commit(self, change: Change) -> Receipt:
        self._n += 1
        op = Op(self._era, self._boot, self._n, change)
        try:
            if self._pool.faults is not None:
                await self._suffer(op, self._pool.faults)
            return self._send(op).receipt
        finally:
            await self._answered(self._pool.faults)

    async def _answered(self, faults: Faults | None) -> None:
        if faults is not None and faults.answer_ms:
            await trio.sleep(self._pool.random.randrange(faults.answer_ms + 1) / 1000)
        else:
            await trio.lowlevel.checkpoint()

    async def _suffer(self, op: Op, faults: Faults) -> None:
        random = self._pool.random
        if faults.delay_ms:
            with trio.CancelScope(shield=True):
                await trio.sleep(random.randrange(faults.delay_ms + 1) / 1000)
        if not self._pool.available:
            raise NotSent("the store is away")
        self._resend()
        if random.random() < faults.conflict and op.change.writes:
            raise Conflict({w.ref: self._pool.stored(w.ref) for w in op.change.writes})
        if random.random() < faults.unknown:
            self._lost.append(op)
            if random.random() < 0.5:
                self._resend()
            raise Unknown("the answer was lost")

    def _resend(self) -> None:
        while self._lost and self._pool.available:
            op = self._lost.pop(0)
            try:
                self._send(op)
            except (Conflict, NotSent, Reaped):
                continue

    def _send(self, op: Op) -> Done:
        if not self._pool.available:
            raise NotSent("the store is away")
        done = self._pool.apply(op, self._node)
        self._pool.acknowledge(op)
        if self._channel in done.channels:
            self._tell(self._listeners, done.news)
        self._tell(self._watchers, done.news)
        self._pool.publish(done, self)
        return done

    async def read(self, refs: Iterable[Ref]) -> Mapping[Ref, Record]:
        await self._reach()
        found = ((ref, self._pool.stored(ref)) for ref in refs)
        return {ref: record for ref, record in found if record is not None}

    async def rank(self, queue: str, call_id: str) -> int | None:
        await self._reach()
        line, ref = self._pool.indexes.get(f"waiting:{queue}", {}), f"call:{call_id}"
        if ref not in line:
            return None
        mine = (line[ref], ref)
        return sum((score, other) < mine for other, score in line.items())

    async def index(self, name: str) -> dict[Ref, int]:
        """An index's members and their scores."""
        await self._reach()
        return dict(self._pool.indexes.get(name, {}))

    async def journal(self, after: str = "", limit: int = 1000) -> tuple[Entry, ...]:
        """At most `limit` entries of the journal, after the entry `after`, or after that instant."""
        await self._reach()
        instant, _, number = after.partition("-")
        journal = self._pool.journal
        start = int(number) if number else bisect_right(journal, int(instant or -1), key=itemgetter(0))
        return tuple(
            Entry(f"{at}-{rev}", rev, op, tuple(decode_fact(f) for f in facts))
            for at, rev, op, facts in journal[start : start + limit]
        )

    async def _reach(self) -> None:
        await trio.lowlevel.checkpoint()
        if not self._pool.available:
            raise NotSent("the store is away")

    def listen(self, listener: Listener) -> None:
        self._listeners.append(listener)

    def watch(self, listener: Listener) -> AbstractAsyncContextManager[None]:
        return self._watching(listener)

    @asynccontextmanager
    async def _watching(self, listener: Listener) -> AsyncIterator[None]:
        await self._reach()
        listener.news(self._pool.snapshot(FEED))
        self._watchers.append(listener)
        try:
            yield
        finally:
            self._watchers.remove(listener)

    async def signal(self, node: str, to: Ref, body: Mapping[str, Any]) -> None:
        await trio.lowlevel.checkpoint()
        if self._pool.available:
            self._pool.signal(node, Signalled(to, orjson.loads(orjson.dumps(body))))

    async def beat(self) -> Mapping[str, int]:
        await self._reach()
        self._resend()
        for channel in sorted(self._gaps - self._coming_up):
            self._resync(channel)
        beat = self._pool.nodes.get(self._node, CONDEMNED)
        if beat == CONDEMNED:
            raise Reaped(self._node)
        self._pool.nodes[self._node] = beat + 1
        return dict(self._pool.nodes)

    async def condemn(self, node: str, token: str) -> tuple[Ref, ...]:
        await self._reach()
        self._lead_by(token)
        self._pool.nodes[node] = CONDEMNED
        return tuple(sorted(self._pool.indexes.get(f"sessions:{node}", ())))

    async def bury(self, node: str, token: str) -> None:
        await self._reach()
        self._lead_by(token)
        if self._pool.nodes.get(node) == CONDEMNED and not self._pool.indexes.get(f"sessions:{node}"):
            del self._pool.nodes[node]

    def _lead_by(self, token: str) -> None:
        if self._pool.leader.get("token") != token:
            raise Conflict({}, (Guard(LEADER, "token", token),))

    async def lead(self, seen: Leader | None, nonce: str) -> Lease:
        await self._reach()
        now = self._pool.clock.now()
        held, stored = self._pool.leader, _leader(self._pool.leader)
        silence_ms = now - int(held.get("at", now))
        mine = bool(stored.nonce) and stored.nonce == nonce
        if mine:
            held.update(beat=str(stored.beat + 1), at=str(now))
        elif not stored.nonce or (seen is not None and _same(seen, stored)):
            new = Leader(stored.epoch + 1, nonce, self._node, 0)
            held.update(epoch=str(new.epoch), nonce=nonce, node=new.node, beat="0", token=new.token)
            held["at"] = str(now)
            mine = True
        return Lease(_leader(held), mine, silence_ms)

    async def resign(self, leader: Leader) -> None:
        await self._reach()
        if self._pool.leader.get("token") == leader.token:
            self._pool.leader.update(nonce="", token="", node="")

    def message(self, channel: str, news: Changed) -> None:
        """A message arrives over a channel, once, twice or never."""
        faults, random = self._pool.faults, self._pool.random
        if channel in self._coming_up:
            return
        if channel in self._gaps:
            self._resync(channel)
            return
        if faults is not None and random.random() < faults.lost:
            self._gaps.add(channel)
            return
        for _ in range(2 if faults is not None and random.random() < faults.doubled else 1):
            self._tell(self._audience(channel), news)

    def signalled(self, news: Signalled) -> None:
        """A signal arrives."""
        self._tell(self._listeners, news)

    def went(self) -> None:
        """The store was lost."""
        self._tell(self._listeners, Service(False))

    def came_back(self) -> None:
        """The store is back; what was held is replaced."""
        if self._era != self._pool.era:
            self._era = self._pool.era
            self._pool.nodes[self._node] = 0
        self._tell(self._listeners, Service(True))
        self._resend()
        faults = self._pool.faults
        for channel in (self._channel, FEED):
            if faults is not None and faults.feed_ms and self._nursery is not None:
                self._coming_up.add(channel)
                self._nursery.start_soon(
                    self._come_up, channel, self._pool.random.randrange(faults.feed_ms + 1)
                )
            else:
                self._resync(channel)

    async def _come_up(self, channel: str, after_ms: int) -> None:
        await trio.sleep(after_ms / 1000)
        if channel in self._coming_up and self._pool.available:
            self._resync(channel)

    def _resync(self, channel: str) -> None:
        self._gaps.discard(channel)
        self._coming_up.discard(channel)
        self._tell(self._audience(channel), self._pool.snapshot(channel))

    def _audience(self, channel: str) -> list[Listener]:
        return self._watchers if channel == FEED else self._listeners

    def _tell(self, listeners: list[Listener], news: News) -> None:
        for listener in tuple(listeners):
            listener.news(news)


def _leader(held: Mapping[str, str]) -> Leader:
    return Leader(
        int(held.get("epoch", 0)), held.get("nonce", ""), held.get("node", ""), int(held.get("beat", 0))
    )


def _same(seen: Leader, stored: Leader) -> bool:
    return (seen.epoch, seen.nonce, seen.beat) == (stored.epoch, stored.nonce, stored.beat)
