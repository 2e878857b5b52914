"""A pool's truth in memory: what Redis is to the other store, shared by the `MemoryStore` of each node.

It keeps encoded hashes and decodes whatever leaves it. `apply` is commit.lua in Python, in the same order;
the two are held to one contract by the same tests. Nothing here is random and nothing waits.
"""

from collections.abc import Iterable
from random import Random
from typing import Any, Protocol

from attrs import field, frozen

from engine.domain.change import LEADER, Change, Conflict, Guard, NotSent, Reaped, Receipt
from engine.domain.model import Record, Ref, indexes, nodes
from engine.domain.news import Changed, Resynced, Signalled
from engine.store.clock import VirtualClock
from engine.store.keys import CONDEMNED, FEED, IN, node_channel
from engine.store.records import Corrupt, Fields, decode, encode, encode_fact


class Clock(Protocol):
    """Pool time, as `actors.ports.Clock` has it."""

    def now(self) -> int: ...

    async def sleep_until(self, at_ms: int) -> None: ...


class Node(Protocol):
    """A node's store, as its pool tells it things."""

    @property
    def node(self) -> str: ...

    def message(self, channel: str, news: Changed) -> None:
        """A message arrives over a channel."""
        ...

    def signalled(self, news: Signalled) -> None:
        """A signal arrives."""
        ...

    def went(self) -> None:
        """The store was lost."""
        ...

    def came_back(self) -> None:
        """The store is back."""
        ...


@frozen(kw_only=True)
class Faults:
    """What goes wrong, as probabilities per commit (or per message and node), and the longest delays.

    `delay_ms`: until a change arrives; `answer_ms`: from then until its answer does, which news may overtake;
    `feed_ms`: from the store's return until a node's channels are read again.
    """

    delay_ms: int = 0
    answer_ms: int = 0
    feed_ms: int = 0
    conflict: float = 0.0
    unknown: float = 0.0
    lost: float = 0.0
    doubled: float = 0.0


@frozen
class Op:
    """A change under its name, so that sending it twice does it once."""

    era: str
    boot: str
    n: int
    change: Change
    name: str = field(init=False)

    @name.default
    def _name(self) -> str:
        return f"{self.boot}:{self.n}"


@frozen
class Done:
    """An applied op: its receipt, and the message that goes out on its channels."""

    receipt: Receipt
    news: Changed
    channels: set[str]


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
        self._done: dict[str, Done] = {}
        self._stores: list[Node] = []

    @property
    def era(self) -> str:
        return f"era{self._eras}"

    def join(self, store: Node) -> str:
        """Register a new boot of a node; its name."""
        self._boots += 1
        self._stores.append(store)
        return f"b{self._boots}"

    def leave(self, store: Node) -> None:
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

    def apply(self, op: Op, node: str) -> Done:
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
                    channels.update(map(node_channel, nodes(side)))
        facts = [encode_fact(f) for f in op.change.facts]
        self.journal.append((self.clock.now(), self.rev, op.name, facts))
        done = Done(Receipt(self.rev, written), Changed(self.rev, written), channels)
        self._done[op.name] = done
        return done

    def acknowledge(self, op: Op) -> None:
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
        standing = indexes(record)
        fields = self.hashes[ref] = encode(record, version + 1, op, standing)
        for name, score in standing.items():
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

    def publish(self, done: Done, sender: Node) -> None:
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
