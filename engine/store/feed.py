"""Following a channel: what is news, what has been told already, and when everything must be read again.

Redis is the truth and pub/sub is only fast: a message may be lost, so each carries its channel's number.
A number left out, a new connection or (looked at every second) a number that was published and never came
leads to a resync: messages are kept back, one snapshot is read together with the channel's number, those
it contains are dropped, and `Resynced` replaces what was known.

A node is told of its own changes at once, ahead of their messages. So until such a message passes by, what
older messages say of those records is dropped, and the message itself is skipped before it is decoded.

A failover may lose what was answered: the new primary never saw it, and its message will never come. It shows
by a snapshot without a change that was answered before it was asked for, by a message that ought to have
come after ours and comes instead of it, or by numbers that go back. Then the store is right and we were
not: everything is read again, and the lost change is told no more.

`Channel` holds these rules and does no I/O; `Subscription` is a connection and a thread that feed it.
"""

import threading
from collections.abc import Callable, Iterable
from functools import partial

import orjson
import structlog
from attrs import define, field

from engine.domain.model import Record, Ref
from engine.domain.news import Changed, News, Resynced, Signalled
from engine.store.decoded import Decoded, Records
from engine.store.keys import Keys
from engine.store.records import Corrupt, Fields, decode
from engine.store.wire import LOST, Wire, backoff_s

#: How soon a subscription's thread notices what it is told to do; it sleeps in the kernel meanwhile.
POLL_S = 0.1
#: How many messages are handed over at once.
MOST_TOGETHER = 256

log = structlog.get_logger(__name__)


@define(eq=False)
class Channel:
    """One channel, as one node follows it. `tell` is called with its news."""

    name: str
    tell: Callable[[News], None]
    #: whether messages are kept back until a snapshot is read
    resyncing: bool = True
    decoded: Decoded = field(factory=Decoded)
    _seq: int = 0
    _rev: int = 0
    _kept: list[str] = field(factory=list)
    _ahead: dict[str, Changed] = field(factory=dict)
    _ahead_rev: dict[Ref, int] = field(factory=dict)
    #: own changes that the snapshot must contain
    _due: frozenset[str] = frozenset()

    def begin(self) -> None:
        """What comes now must wait for a snapshot, which is to be asked for after this."""
        self.resyncing = True
        self._kept.clear()
        self._due = frozenset(self._ahead)

    def message(self, payload: str) -> bool:
        """Take a message; False if something before it was lost, and a resync has begun."""
        if payload.startswith("signal "):
            _, to, body = payload.split(" ", 2)
            self.tell(Signalled(to, orjson.loads(body)))
            return True
        if self.resyncing:
            self._kept.append(payload)
            return True
        seq_text, rev_text, op, body = payload.split(" ", 3)
        seq, rev = int(seq_text), int(rev_text)
        if seq <= self._seq and rev <= self._rev:
            return True
        if seq != self._seq + 1 or self._overtakes(op, rev):
            self.begin()
            self._kept.append(payload)
            return False
        self._seq, self._rev = seq, rev
        if op in self._ahead:
            self._passed(op)
        else:
            self._news(rev, self.decoded.of(op, partial(_records, body)))
        return True

    def told(self, op: str, changed: Changed) -> None:
        """This node made a change that goes to this channel: tell it now, unless its message was faster."""
        if not self.resyncing and changed.rev <= self._rev:
            return
        self._ahead[op] = changed
        for ref in changed.records:
            self._ahead_rev[ref] = changed.rev
        self.tell(changed)

    def snapshot(self, seq: int, now: Resynced) -> bool:
        """End the resync: everything the channel held at `seq`. False if a message is missing even so."""
        self.resyncing = False
        self._seq, self._rev = seq, now.rev
        for op, changed in tuple(self._ahead.items()):
            if changed.rev > now.rev and op in self._due:
                log.error("change_lost", op=op, rev=changed.rev)
                self._passed(op)
            elif changed.rev <= now.rev:
                self._passed(op)
        self.tell(now)
        for changed in self._ahead.values():
            self.tell(changed)
        kept, self._kept = self._kept, []
        complete = True
        for payload in kept:
            complete = self.message(payload) and complete
        return complete

    def forget(self) -> None:
        """The store is of a new era: numbers and revs begin again."""
        self._ahead.clear()
        self._ahead_rev.clear()

    def behind(self, seq: int) -> bool:
        """Whether the message numbered `seq`, published a while ago, never came."""
        return not self.resyncing and self._seq < seq

    def _overtakes(self, op: str, rev: int) -> bool:
        """Whether the message of an own, earlier change ought to have come before this one."""
        for own, changed in self._ahead.items():
            return own != op and changed.rev <= rev
        return False

    def _passed(self, op: str) -> None:
        changed = self._ahead.pop(op)
        for ref in changed.records:
            if self._ahead_rev.get(ref) == changed.rev:
                del self._ahead_rev[ref]

    def _news(self, rev: int, records: Records) -> None:
        if self._ahead_rev:
            records = {ref: each for ref, each in records.items() if self._ahead_rev.get(ref, 0) <= rev}
        if records:
            self.tell(Changed(rev, records))


def _records(body: str) -> Records:
    hashes: dict[Ref, Fields | None] = orjson.loads(body)
    records: dict[Ref, Record | None] = {ref: None for ref, held in hashes.items() if held is None}
    records.update(sound((ref, held) for ref, held in hashes.items() if held is not None))
    return records


def sound(hashes: Iterable[tuple[Ref, Fields]]) -> dict[Ref, Record]:
    """The records of `hashes`; a corrupt one is reported and left out, so that the others go on."""
    records = {}
    for ref, fields in hashes:
        try:
            records[ref] = decode(ref, fields)
        except Corrupt as error:
            log.error("record_corrupt", ref=error.ref, field=error.field)
    return records


class Subscription:
    """A connection of its own that listens on the channels it is told to, for a thread that runs `work`.

    `up` is called with a channel's name whenever it has (again) been subscribed to, `came` with batches of
    (name, message), `lost` when there is no connection to be had: all on the thread.
    """

    def __init__(
        self,
        connect: Callable[[], Wire],
        keys: Keys,
        *,
        up: Callable[[str], None],
        came: Callable[[list[tuple[str, str]]], None],
        lost: Callable[[], None],
    ) -> None:
        self._connect = connect
        self._keys = keys
        self._up, self._came, self._lost = up, came, lost
        self._wanted: dict[str, object] = {}
        self._restarting = threading.Event()
        self._stopping = threading.Event()

    def follow(self, name: str) -> None:
        """Listen on a channel too; `up` is called even if it was (and is still) listened on."""
        self._wanted[name] = object()

    def unfollow(self, name: str) -> None:
        """Listen on it no more."""
        self._wanted.pop(name, None)

    def restart(self) -> None:
        """Have the thread drop its connection and make a new one."""
        self._restarting.set()

    def stop(self) -> None:
        """End the thread."""
        self._stopping.set()

    def work(self) -> None:
        """What the thread runs."""
        failures = 0
        while not self._stopping.is_set():
            wire = None
            try:
                wire = self._connect()
                failures = 0
                self._listen(wire)
            except LOST:
                failures += 1
            finally:
                if wire is not None:
                    wire.close()
            if failures > 1:
                self._lost()
                self._stopping.wait(backoff_s(failures))

    def _listen(self, wire: Wire) -> None:
        self._restarting.clear()
        subscribed: dict[str, object] = {}
        while not self._restarting.is_set() and not self._stopping.is_set():
            wanted = self._wanted.copy()
            new = [name for name, asked in wanted.items() if subscribed.get(name) is not asked]
            old = [name for name in subscribed if name not in wanted]
            for verb, names in (("SUBSCRIBE", new), ("UNSUBSCRIBE", old)):
                if names:
                    wire.send([(verb, *map(self._keys.of, names))])
            subscribed = wanted
            self._receive(wire)

    def _receive(self, wire: Wire) -> None:
        """Take everything that has come, or wait a while for something to come."""
        batch: list[tuple[str, str]] = []
        while len(batch) < MOST_TOGETHER and wire.readable(0 if batch else POLL_S):
            reply = wire.reply()
            if isinstance(reply, Exception):
                raise reply
            kind, channel, payload = reply
            name = channel.removeprefix(self._keys.prefix)
            if kind == "message":
                batch.append((name, payload))
            elif kind == "subscribe":
                self._up(name)
        if batch:
            self._came(batch)
