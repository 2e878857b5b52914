"""What the actors need of the world, as small protocols. Actors and store never import each other."""

from collections.abc import Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from enum import IntEnum
from typing import Any, Protocol

from attrs import field, frozen

from engine.actors.notices import Notice, Video
from engine.actors.requests import Request
from engine.domain.change import Change, Receipt
from engine.domain.facts import Fact
from engine.domain.lifecycle import Party
from engine.domain.model import Call, Record, Ref
from engine.domain.news import Leader, Lease, News


class CloseCode(IntEnum):
    """WebSocket close codes the engine uses."""

    NORMAL = 1000
    #: not a text frame
    NOT_TEXT = 1003
    #: a message over 16 KB (a `signal`: 64 KB)
    TOO_BIG = 1009
    #: the node goes away: reconnect
    GOING_AWAY = 1012
    #: too slow a client, or too much at once
    OVERLOADED = 1013
    #: the third bad frame within a minute
    BAD_FRAMES = 4000
    #: a newer session of the same person took over: do not reconnect by itself
    REPLACED = 4001
    #: no `hello` within 5 s
    NO_HELLO = 4002
    #: the token is refused or has expired (not while a call is held)
    TOKEN = 4003
    #: too many messages (20 a second, 100 at once), pings or fragments
    TOO_FAST = 4008
    #: this person has too many connections: one of them must be closed first
    CROWDED = 4009


@frozen(kw_only=True)
class Identity:
    """Who a token says its bearer is; bound to the socket for its life. `expires_s` is Unix time."""

    sub: str
    role: str
    name: str = ""
    expires_s: int = 0
    tier: str = "regular"
    attributes: Mapping[str, str] = field(factory=dict)
    queues: tuple[str, ...] = ()
    skills: Mapping[str, int] = field(factory=dict)


class Clock(Protocol):
    """Pool time: one clock for all nodes, integer ms, never backwards."""

    def now(self) -> int: ...

    async def sleep_until(self, at_ms: int) -> None:
        """Return once `now() >= at_ms`."""
        ...


class Ids(Protocol):
    """Fresh ids of the form `[A-Za-z0-9_-]{1,64}`."""

    def call(self, now: int) -> str:
        """A call id; as text, ids sort by creation."""
        ...

    def fresh(self) -> str:
        """An unguessable id for a session, an offer or a nonce."""
        ...


class Listener(Protocol):
    """Whoever the store tells its news. Called on the trio thread; must not block."""

    def news(self, news: News) -> None: ...


class Entry(Protocol):
    """What the journal keeps of one change. `id` sorts by time."""

    @property
    def id(self) -> str: ...

    @property
    def facts(self) -> tuple[Fact, ...]: ...


class Store(Protocol):
    """The one door. Implementations: RedisStore, MemoryStore; one contract suite runs on both."""

    @property
    def node(self) -> str:
        """This boot's name, `<name>-<boot>`."""
        ...

    @property
    def era(self) -> str:
        """The store's era; a store that came back empty has a new one."""
        ...

    @property
    def available(self) -> bool: ...

    async def commit(self, change: Change) -> Receipt:
        """Apply all of `change` or nothing.

        Raises Conflict (something differed), NotSent or Unknown (store away), Reaped. Cancelling the
        caller never cancels the change once it was handed over. This node's listener and watcher hear of
        the records at once, before the receipt is returned.
        """
        ...

    async def read(self, refs: Iterable[Ref]) -> Mapping[Ref, Record]:
        """The stored records of `refs`, absent ones left out. Raises Unavailable."""
        ...

    async def rank(self, queue: str, call_id: str) -> int | None:
        """How many waiting calls stand before this one; None if it does not wait. Raises Unavailable."""
        ...

    async def index(self, name: str) -> Mapping[Ref, int]:
        """The members of an index and their scores. Raises Unavailable."""
        ...

    async def journal(self, after: str = "", limit: int = 1000) -> tuple["Entry", ...]:
        """At most `limit` entries of the journal, those after the entry `after`, or after that instant (ms).
        Raises Unavailable."""
        ...

    def listen(self, listener: Listener) -> None:
        """Tell `listener` this node's news: records whose sockets it holds, signals, service."""
        ...

    def watch(self, listener: Listener) -> AbstractAsyncContextManager[None]:
        """While open, tell `listener` of every record of the pool, a `Resynced` of all of them first."""
        ...

    async def signal(self, node: str, to: Ref, body: Mapping[str, Any]) -> None:
        """Pass an ephemeral message to the holder of `to` on `node`. Lost if nobody holds it."""
        ...

    async def beat(self) -> Mapping[str, int]:
        """Raise this node's beat, registering it the first time; every node's beat (-1: condemned).

        Raises Reaped, Unavailable.
        """
        ...

    async def condemn(self, node: str, token: str) -> tuple[Ref, ...]:
        """Refuse that boot from now on; the refs whose sockets it held. For the leader of `token`."""
        ...

    async def bury(self, node: str, token: str) -> None:
        """Forget a condemned boot whose refs have all been dropped."""
        ...

    async def lead(self, seen: Leader | None, nonce: str) -> Lease:
        """Bid for the lead: renew if `nonce` leads, take over if `seen` is still exactly what is stored
        (or nobody leads), else only look. Raises Unavailable."""
        ...

    async def resign(self, leader: Leader) -> None:
        """Hand over the lead at once, if it is still held."""
        ...


class Client(Protocol):
    """The other end of a session, as its actor sees it. Neither call blocks."""

    def tell(self, notice: Notice) -> None: ...

    def close(self, code: CloseCode, reason: str) -> None: ...


class MailboxFull(Exception):
    """The session has not kept up; its connection is closed (1013) and nobody else is touched."""


class Session(Protocol):
    """An actor, as the gateway sees it. Nothing here blocks."""

    @property
    def holds_call(self) -> bool: ...

    def ask(self, ref: str | None, request: Request) -> None:
        """Hand over a client's request; answered by `Ok` or `Error` if `ref` was given (errors always).
        Raises MailboxFull."""
        ...

    def renew(self, identity: Identity) -> None:
        """The client showed a fresh token of the same sub and role."""
        ...

    def gone(self) -> None:
        """The socket is gone: drop the link and end."""
        ...


class Reception(Protocol):
    """Where the gateway turns an authenticated hello into a session."""

    def enter(self, identity: Identity, client: Client, resume: str | None) -> Session:
        """`identity.role` is that of the path, customer, agent or supervisor."""
        ...


class Receipts(Protocol):
    """Signed resume tokens, from which a customer's place can be rebuilt if the store lost it."""

    def sign(self, claims: Mapping[str, Any]) -> str: ...

    def verify(self, token: str) -> Mapping[str, Any] | None: ...


class Meeting(Protocol):
    """How the two sides of a connected call meet on video."""

    def of(self, call: Call, side: Party) -> Video:
        """What that side's page needs. Made anew each time it is told: what lets it in may expire."""
        ...


class Metrics(Protocol):
    """What the actors count; names are those of `/metrics`."""

    def refused(self) -> None:
        """The matchmaker's change met a conflict."""
        ...
