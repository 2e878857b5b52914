"""The channels a node follows: its own always, the whole pool's while somebody watches.

One thread listens on them; for each there is a `Channel` that judges what was heard, and those who are told.
A watcher joins with the next `Resynced`, so nobody hears of a change before he has seen the whole.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Protocol

import trio
from attrs import define, field

from engine.domain.change import Unavailable
from engine.domain.news import Changed, News, Resynced
from engine.store.control import Control
from engine.store.decoded import Decoded
from engine.store.feed import Channel, Subscription
from engine.store.handoff import Handoff
from engine.store.keys import FEED, Keys
from engine.store.wire import Address


class Listener(Protocol):
    """Whoever is told; must not block."""

    def news(self, news: News) -> None: ...


@define(eq=False)
class Audience:
    """Who is told of a channel's news, and who waits to be told everything first."""

    listeners: list[Listener] = field(factory=list)
    joining: list[tuple[Listener, trio.Event]] = field(factory=list)

    def tell(self, news: News) -> None:
        """Tell everybody."""
        if isinstance(news, Resynced):
            for listener, joined in self.joining:
                self.listeners.append(listener)
                joined.set()
            self.joining.clear()
        for listener in tuple(self.listeners):
            listener.news(news)


@define(eq=False)
class Followed:
    """One channel that is followed."""

    channel: Channel
    up: trio.Event = field(factory=trio.Event)
    #: everything has been read at least once
    synced: trio.Event = field(factory=trio.Event)
    #: a snapshot is being read, and whether by now it is too old to be of use
    reading: bool = False
    stale: bool = False
    #: the channel's number when last looked at: by the next look that message must have come
    looked: int = 0


class Following:
    """Everything on the trio thread, within the store's nursery."""

    def __init__(
        self,
        address: Address,
        keys: Keys,
        control: Control,
        handoff: Handoff,
        nursery: trio.Nursery,
        *,
        decoded: Decoded,
        suspect: Callable[[], None],
    ) -> None:
        self._decoded = decoded
        self._control = control
        self._nursery = nursery
        self._suspect = suspect
        self._live = False
        self._told_rev = 0
        self._looked_rev = 0
        self._followed: dict[str, Followed] = {}
        self._subscription = Subscription(
            address.wire,
            keys,
            up=lambda name: handoff.put(partial(self._up, name)),
            came=lambda batch: handoff.put(partial(self._came, batch)),
            lost=lambda: handoff.put(suspect),
        )
        self._thread = handoff.thread("feed", self._subscription.work)

    def follow(self, name: str, audience: Audience) -> Followed:
        """Follow a channel from now on."""
        followed = self._followed[name] = Followed(Channel(name, audience.tell, decoded=self._decoded))
        self._subscription.follow(name)
        return followed

    def unfollow(self, name: str) -> None:
        """Follow it no more."""
        del self._followed[name]
        self._subscription.unfollow(name)

    @property
    def channels(self) -> tuple[str, ...]:
        """What is followed."""
        return tuple(self._followed)

    @asynccontextmanager
    async def watching(self, audience: Audience, listener: Listener) -> AsyncIterator[None]:
        """Tell `listener` of the whole pool; entered once it has been told everything."""
        joined = trio.Event()
        audience.joining.append((listener, joined))
        try:
            followed = self._followed.get(FEED) or self.follow(FEED, audience)
            if followed.up.is_set():
                self._resync(followed)
            await joined.wait()
            yield
        finally:
            audience.joining[:] = [pair for pair in audience.joining if pair[0] is not listener]
            if listener in audience.listeners:
                audience.listeners.remove(listener)
            if not audience.listeners and not audience.joining and FEED in self._followed:
                self.unfollow(FEED)

    def told(self, op: str, changed: Changed, channels: frozenset[str]) -> None:
        """This node made a change: tell it ahead of its messages."""
        self._told_rev = max(self._told_rev, changed.rev)
        for name in channels & self._followed.keys():
            self._followed[name].channel.told(op, changed)

    def went(self) -> None:
        """The store is away: every channel must be subscribed and read again."""
        self._live = False
        self._restart()

    def _restart(self) -> None:
        self._told_rev = self._looked_rev = 0
        for followed in self._followed.values():
            followed.up = trio.Event()
            followed.stale = followed.reading
            followed.channel.begin()
        self._subscription.restart()

    def came_back(self, *, new_era: bool) -> None:
        """The store is there: read every channel that is subscribed, and the others as they come up."""
        self._live = True
        for followed in self._followed.values():
            if new_era:
                followed.channel.forget()
            followed.looked = 0
            if followed.up.is_set():
                self._resync(followed)

    def looked(self, rev: int, seqs: Mapping[str, int]) -> None:
        """Compare with the store: what it had published by the last look must have come by this one, and
        what it had answered by then it must still know."""
        behind = any(followed.channel.behind(followed.looked) for followed in self._followed.values())
        if behind or rev < self._looked_rev:
            self._restart()
        self._looked_rev = max(rev, self._told_rev)
        for name, followed in self._followed.items():
            followed.looked = seqs.get(name, followed.looked)
            if followed.channel.resyncing and followed.up.is_set() and not followed.reading:
                self._resync(followed)

    async def stop(self) -> None:
        """End the thread."""
        self._subscription.stop()
        await trio.to_thread.run_sync(self._thread.join)

    def _up(self, name: str) -> None:
        followed = self._followed.get(name)
        if followed is not None:
            followed.up.set()
            followed.channel.begin()
            if self._live:
                self._resync(followed)

    def _came(self, batch: Sequence[tuple[str, str]]) -> None:
        for name, payload in batch:
            followed = self._followed.get(name)
            if followed is not None and not followed.channel.message(payload):
                self._resync(followed)

    def _resync(self, followed: Followed) -> None:
        followed.channel.begin()
        if followed.reading:
            followed.stale = True
        else:
            followed.reading = True
            self._nursery.start_soon(self._read, followed)

    async def _read(self, followed: Followed) -> None:
        try:
            followed.stale = True
            while followed.stale:
                followed.stale = False
                seq, now = await self._control.snapshot(followed.channel.name)
        except Unavailable:
            self._suspect()
            return
        finally:
            followed.reading = False
        followed.synced.set()
        if not followed.channel.snapshot(seq, now):
            self._resync(followed)
