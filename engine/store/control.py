"""Everything a node asks of Redis beside commits, each question answered or `Unavailable`.

Questions run in threads on connections of their own, in three lines: the heart's (beat, lead, look), which
must never wait behind others, or a busy node would believe that the store was away; long ones, such as
reading a whole pool; and the small ones of sessions, which go out together (`questions.py`). All of them
may be asked twice without harm, and are, once, when the connection turns out to be stale, or to lead to a
primary that is none any more.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

import orjson
import redis
import trio
from attrs import frozen

from engine.domain.change import LEADER, Conflict, Guard, Reaped, Unavailable
from engine.domain.model import Record, Ref
from engine.domain.news import Leader, Resynced
from engine.store.clock import NodeClock, Sample
from engine.store.feed import sound
from engine.store.journal import Entry, entries
from engine.store.keys import FEED, Keys, node_channel
from engine.store.questions import PATIENCE_S, Questions
from engine.store.records import Corrupt, decode
from engine.store.scripts import script
from engine.store.wire import LOST, pairs

#: How long the answer to a long question is waited for. A dead connection shows much sooner than that.
LONG_PATIENCE_S = 30.0

#: How often the journal is trimmed.
TRIM_S = 60.0

T = TypeVar("T")
Client = redis.Redis


@frozen
class Look:
    """The store at a glance. `seqs` are the numbers of the channels' last messages."""

    era: str
    sample: Sample
    skew_ms: int
    rev: int
    seqs: Mapping[str, int]


@frozen
class Bid:
    """What became of a bid for the lead; `last_at` is when the leader before it had last beaten."""

    leader: Leader
    mine: bool
    last_at: int | None


class Control:
    """Made on the trio thread; used there."""

    def __init__(self, client: Client, keys: Keys) -> None:
        self._client = client
        self._keys = keys
        self._questions = Questions(client)
        self._heart = trio.CapacityLimiter(1)
        self._long = trio.CapacityLimiter(1)

    async def serve(self) -> None:
        """Put the small questions, until cancelled."""
        await self._questions.serve()

    async def rest(self) -> None:
        """Return once no thread uses the connections any more, also for those who gave up waiting."""
        for limiter in (self._heart, self._long):
            async with limiter:
                pass

    async def _ask(self, question: Callable[[], T], limiter: trio.CapacityLimiter) -> T:
        def twice() -> T:
            try:
                return question()
            except (redis.ConnectionError, redis.exceptions.ReadOnlyError):
                self._client.connection_pool.disconnect(inuse_connections=False)
                return question()

        with trio.move_on_after(PATIENCE_S if limiter is self._heart else LONG_PATIENCE_S):
            try:
                return await trio.to_thread.run_sync(twice, limiter=limiter, abandon_on_cancel=True)
            except LOST as error:
                raise Unavailable(str(error)) from error
        raise Unavailable("too many questions are waiting")

    def _run(self, name: str, *args: str) -> Any:
        return script(name).run(self._client, self._keys.prefix, *args)

    async def _beat(self, name: str, *args: str) -> Any:
        return await self._ask(partial(self._run, name, *args), self._heart)

    async def found(self, era: str) -> None:
        """Give a store that has no era this one."""
        await self._ask(partial(self._client.set, self._keys.of("era"), era, nx=True), self._heart)

    async def look(self, channels: Sequence[str]) -> Look:
        """Era, clock, rev and channels' numbers."""
        sent_ms = NodeClock.monotonic_ms()
        era, (seconds, micros), skew, rev, seqs = await self._beat("look", *channels)
        received_ms = NodeClock.monotonic_ms()
        pool_ms = int(seconds) * 1000 + int(micros) / 1000 + int(skew)
        numbers = {channel: int(seq) for channel, seq in zip(channels, seqs, strict=True)}
        return Look(era, Sample(sent_ms, received_ms, pool_ms), int(skew), int(rev), numbers)

    async def snapshot(self, channel: str) -> tuple[int, Resynced]:
        """Everything a channel holds, and the number of its last message."""
        node = "" if channel == FEED else channel.removeprefix("node:")

        def whole() -> tuple[int, Resynced]:
            seq, rev, era, flat = self._run("snapshot", channel, node)
            hashes = zip(flat[::2], map(pairs, flat[1::2]), strict=True)
            return int(seq), Resynced(int(rev), era, sound(hashes))

        return await self._ask(whole, self._long)

    async def read(self, refs: Iterable[Ref]) -> dict[Ref, Record]:
        """The records of `refs`, absent ones left out. Raises `Corrupt`."""
        wanted = tuple(refs)
        held = await self._questions.ask(*[("HGETALL", self._keys.of(ref)) for ref in wanted])
        return {ref: _record(ref, fields) for ref, fields in zip(wanted, held, strict=True) if fields}

    async def rank(self, queue: str, call_id: str) -> int | None:
        """How many waiting calls stand before this one; None if it does not wait."""
        waiting = self._keys.of(f"waiting:{queue}")
        [found] = await self._questions.ask(("ZRANK", waiting, f"call:{call_id}"))
        if isinstance(found, Exception):
            raise Unavailable(str(found)) from found
        return None if found is None else int(found)

    async def index(self, name: str) -> dict[Ref, int]:
        """An index's members and their scores."""
        ask = partial(self._client.zrange, self._keys.of(name), 0, -1, withscores=True)
        found: Any = await self._ask(ask, self._long)
        return {ref: int(score) for ref, score in found}

    async def journal(self, after: str, limit: int) -> tuple[Entry, ...]:
        """At most `limit` entries after the entry named `after`."""
        ask = partial(entries, self._client, self._keys, after=after, limit=limit)
        return tuple(await self._ask(ask, self._long))

    async def trim(self, retention_ms: int) -> None:
        """Drop what the journal has kept long enough."""
        await self._ask(partial(self._run, "trim", str(retention_ms)), self._long)

    async def keep_trimmed(self, retention_ms: int) -> None:
        """Trim for ever, now and then."""
        while True:
            with suppress(Unavailable):
                await self.trim(retention_ms)
            await trio.sleep(TRIM_S)

    async def beat(self, node: str, *, first: bool) -> dict[str, int]:
        """Raise a node's beat; every node's. Raises Reaped."""
        answer, *rest = await self._beat("beat", node, "1" if first else "0")
        if answer == "reaped":
            raise Reaped(node)
        return {name: int(beat) for name, beat in pairs(rest[0]).items()}

    async def condemn(self, node: str, token: str, what: str) -> tuple[Ref, ...]:
        """ "condemn" or "bury" a node; the refs it holds. Raises Conflict unless `token` leads."""
        answer, *rest = await self._beat("condemn", node, token, what)
        if answer == "conflict":
            raise Conflict({}, (Guard(LEADER, "token", token),))
        return tuple(sorted(rest[0]))

    async def lead(self, seen: Leader | None, nonce: str, node: str, at: int) -> Bid:
        """Bid for the lead."""
        known = "" if seen is None else f"{seen.epoch} {seen.beat} {seen.nonce}"
        mine, flat_before, flat_after = await self._beat("lead", "bid", nonce, node, str(at), known)
        before, after = pairs(flat_before), pairs(flat_after)
        leader = Leader(int(after["epoch"]), after["nonce"], after["node"], int(after["beat"]))
        return Bid(leader, bool(mine), int(before["at"]) if "at" in before else None)

    async def resign(self, nonce: str) -> None:
        """Hand over the lead, if that nonce has it."""
        await self._beat("lead", "resign", nonce)

    async def set_skew(self, nonce: str, old: int, new: int) -> None:
        """Continue pool time over a jump of the store's clock; for the leader."""
        await self._beat("lead", "skew", nonce, str(old), str(new))

    def signal(self, node: str, to: Ref, body: Mapping[str, Any]) -> None:
        """Publish a signal to a node, soon."""
        payload = f"signal {to} {orjson.dumps(body).decode()}"
        self._questions.post("PUBLISH", self._keys.of(node_channel(node)), payload)


def _record(ref: Ref, fields: Any) -> Record:
    if isinstance(fields, Exception):
        raise Corrupt(ref, "its type")
    return decode(ref, fields)
