"""The store in memory: the same door, the same semantics, for virtual time and tests.

`MemoryPool` is what Redis is to the other one: the truth, shared by the `MemoryStore` of each node. It
keeps encoded hashes and decodes whatever leaves it. Nothing here is random or waits unless `Faults` asks,
so a plain replay is deterministic. A change happens at once, on the task that commits it; the node that
made it is told before the others and before its receipt.

Faults are drawn from the pool's own `Random`: late commits, conflicts nobody caused, outcomes that stay
unknown (the answer was lost, or the request was and arrives later), messages lost or doubled. A lost
message shows at the channel's next, or at the node's next beat, and leads to a `Resynced`.
"""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from random import Random
from typing import Any, Protocol

import orjson
import trio
from attrs import field, frozen

from engine.domain.change import LEADER, Change, Conflict, Guard, NotSent, Reaped, Receipt, Unknown
from engine.domain.model import Record, Ref, indexes, nodes
from engine.domain.news import Changed, Leader, Lease, News, Resynced, Service, Signalled
from engine.store.clock import VirtualClock
from engine.store.journal import Entry
from engine.store.keys import CONDEMNED, FEED, IN, node_channel
from engine.store.records import Corrupt, Fields, decode, decode_fact, encode, encode_fact


class Clock(Protocol):
    """Pool time, as `actors.ports.Clock` has it."""

    def now(self) -> int: ...

    async def sleep_until(self, at_ms: int) -> None: ...


class Listener(Protocol):
    """Whoever is told; must not block."""

    def news(self, news: News) -> None: ...


@frozen(kw_only=True)
class Faults:
    """What goes wrong, as probabilities per commit (or per message and node); `delay_ms` is the most."""

    delay_ms: int = 0
    conflict: float = 0.0
    unknown: float = 0.0
    lost: float = 0.0
    doubled: float = 0.0


@frozen
class _Op:
    """A change under its name, so that sending it twice does it once."""

    era: str
    boot: str
    n: int
    change: Change

    @property
    def name(self) -> str:
        return f"{self.boot}:{self.n}"


@frozen
class _Done:
    """An applied op: its receipt, and the channels its message goes to."""

    receipt: Receipt
    channels: frozenset[str] = field(factory=frozenset)

    @property
    def news(self) -> Changed:
        return Changed(self.receipt.rev, self.receipt.records)


class MemoryPool:
    """A pool's truth. `hashes`, `indexes`, `nodes` and `journal` are open to tests and reports."""

    def __init__(
        self, clock: Clock | None = None, *, random: Random | None = None, faults: Faults | None = None
    ) -> None:
        self.clock: Clock = clock or VirtualClock()
        self.random = random or Random(0)
        self.faults = faults
        self.available = True
        self.hashes: dict[Ref, Fields] = {}
        self.indexes: dict[str, dict[Ref, int]] = {}
        self.nodes: dict[str, int] = {}
        self.leader: Fields = {}
        self.journal: list[tuple[int, int, str, list[dict[str, Any]]]] = []
        self.rev = 0
        self._eras = 1
        self._boots = 0
        self._done: dict[str, _Done] = {}
        self._stores: list[MemoryStore] = []

    @property
    def era(self) -> str:
        return f"era{self._eras}"

    def join(self, store: "MemoryStore") -> str:
        """Register a new boot of a node; its name."""
        self._boots += 1
        self._stores.append(store)
        return f"b{self._boots}"

    def leave(self, store: "MemoryStore") -> None:
        """Tell that node nothing more, as if its process had died."""
        if store in self._stores:
            self._stores.remove(store)

    def away(self) -> None:
        """The store cannot be reached, by any node."""
        self.available = False
        for store in tuple(self._stores):
            store.went()

    def back(self) -> None:
        """The store is back, with what it held."""
        self.available = True
        for store in tuple(self._stores):
            store.came_back()

    def empty(self) -> None:
        """The store lost everything, and is a new era. If it was there, it goes away and comes back."""
        was_there = self.available
        if was_there:
            self.away()
        self._eras += 1
        self.rev = 0
        for held in (self.hashes, self.indexes, self.nodes, self.leader, self.journal, self._done):
            held.clear()
        if was_there:
            self.back()

    def apply(self, op: _Op, node: str) -> _Done:
        """What commit.lua does, in its order."""
        if op.era != self.era:
            raise NotSent("the store is of another era")
        done = self._done.get(op.name)
        if done is not None:
            return done
        if self.nodes.get(node, CONDEMNED) == CONDEMNED:
            raise Reaped(node)
        self._check(op.change)
        self.rev += 1
        written: dict[Ref, Record | None] = {}
        channels = {FEED}
        for write in op.change.writes:
            written[write.ref] = self._put(write.ref, write.version, write.after, op.name)
            for side in (write.before, write.after):
                if side is not None:
                    channels.update(node_channel(n) for n in nodes(side))
        facts = [encode_fact(f) for f in op.change.facts]
        self.journal.append((self.clock.now(), self.rev, op.name, facts))
        done = self._done[op.name] = _Done(Receipt(self.rev, written), frozenset(channels))
        return done

    def acknowledge(self, op: _Op) -> None:
        """Its outcome is known: it will not be sent again."""
        self._done.pop(op.name, None)

    def _check(self, change: Change) -> None:
        failed = tuple(g for g in change.guards if self._field(g) != (g.value or None))
        differing = [w.ref for w in change.writes if not self._is(w.ref, w.version, w.stamp)]
        if failed or differing:
            raise Conflict({ref: self.stored(ref) for ref in differing}, failed)

    def _field(self, guard: Guard) -> str | None:
        held = self.leader if guard.ref == LEADER else self.hashes.get(guard.ref, {})
        return held.get(guard.field) or None

    def _is(self, ref: Ref, version: int, stamp: str) -> bool:
        held = self.hashes.get(ref)
        if held is None:
            return version == 0
        return held.get("version") == str(version) and held.get("stamp") == stamp

    def _put(self, ref: Ref, version: int, record: Record | None, op: str) -> Record | None:
        held = self.hashes.get(ref)
        if held is not None:
            for name in held.get(IN, "").split():
                self.indexes[name].pop(ref, None)
        if record is None:
            del self.hashes[ref]
            return None
        fields = self.hashes[ref] = encode(record, version + 1, op)
        for name, score in indexes(record).items():
            self.indexes.setdefault(name, {})[ref] = score
        return decode(ref, fields)

    def stored(self, ref: Ref) -> Record | None:
        """The record as stored. Raises `Corrupt`."""
        fields = self.hashes.get(ref)
        return None if fields is None else decode(ref, fields)

    def snapshot(self, channel: str) -> Resynced:
        """Everything a channel holds; what is corrupt is left out."""
        refs: Iterable[Ref] = self.hashes
        if channel != FEED:
            held = list(self.indexes.get(f"sessions:{channel.removeprefix('node:')}", ()))
            calls = [f"call:{self.hashes[ref]['call']}" for ref in held if "call" in self.hashes[ref]]
            refs = [ref for ref in (*held, *calls) if ref in self.hashes]
        records = {}
        for ref in refs:
            try:
                records[ref] = decode(ref, self.hashes[ref])
            except Corrupt:
                continue
        return Resynced(self.rev, self.era, records)

    def publish(self, done: _Done, sender: "MemoryStore") -> None:
        """Tell the nodes: the sender has been told already."""
        for store in tuple(self._stores):
            if store is not sender:
                for channel in (FEED, node_channel(store.node)):
                    if channel in done.channels:
                        store.message(channel, done.news)

    def signal(self, node: str, news: Signalled) -> None:
        """Pass a signal to whoever is that node."""
        for store in tuple(self._stores):
            if store.node == node:
                store.signalled(news)


class MemoryStore:
    """One node's door to a `MemoryPool`; see `actors.ports.Store` for what each method promises."""

    def __init__(self, pool: MemoryPool, name: str = "node") -> None:
        self._pool = pool
        self._boot = pool.join(self)
        self._node = f"{name}-{self._boot}"
        self._era = pool.era
        self._n = 0
        self._lost: list[_Op] = []
        self._gaps: set[str] = set()
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
        """There is nothing to run; for symmetry with `RedisStore`."""
        task_status.started()
        await trio.sleep_forever()

    async def commit(self, change: Change) -> Receipt:
        self._n += 1
        op = _Op(self._era, self._boot, self._n, change)
        if self._pool.faults is not None:
            await self._suffer(op, self._pool.faults)
        try:
            return self._send(op).receipt
        finally:
            await trio.lowlevel.checkpoint()

    async def _suffer(self, op: _Op, faults: Faults) -> None:
        random = self._pool.random
        if faults.delay_ms:
            with trio.CancelScope(shield=True):
                await trio.sleep(random.randrange(faults.delay_ms + 1) / 1000)
        self._resend()
        if random.random() < faults.conflict:
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

    def _send(self, op: _Op) -> _Done:
        if not self._pool.available:
            raise NotSent("the store is away")
        done = self._pool.apply(op, self._node)
        self._pool.acknowledge(op)
        if node_channel(self._node) in done.channels:
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
        """At most `limit` entries of the journal, those after the entry named `after`."""
        await self._reach()
        start = int(after.partition("-")[2]) if after else 0
        return tuple(
            Entry(f"{at}-{rev}", rev, op, tuple(decode_fact(f) for f in facts))
            for at, rev, op, facts in self._pool.journal[start : start + limit]
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
        for channel in sorted(self._gaps):
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
        for channel in (node_channel(self._node), FEED):
            self._resync(channel)

    def _resync(self, channel: str) -> None:
        self._gaps.discard(channel)
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
