"""The node's WebSocket door: it accepts, counts, keeps time for every link, and empties the house.

One task per listener accepts, one looks at all deadlines every `SWEEP_EVERY_S`; each connection lives in a
nursery of its own. Beyond `SOCKETS` a client is told 503 before the upgrade; beyond that and
`REFUSALS_AT_ONCE` it is closed unheard, so that refusing costs a bounded number of tasks. Running out of file
descriptors makes accepting rest, not end.
"""

import errno
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import AsyncExitStack
from http import HTTPStatus

import structlog
import trio
from attrs import define, field

from engine.actors.board_notices import BoardDelta
from engine.actors.ports import CloseCode
from engine.domain import limits
from engine.gateway import codec
from engine.gateway.connection import Connection, Terms
from engine.gateway.conversation import Conversation
from engine.gateway.frames import text_frame
from engine.gateway.handshake import Door, Rejected
from engine.gateway.hearer import Hearer
from engine.gateway.house import House
from engine.gateway.messages import Role, ServerMessage
from engine.gateway.tally import Tally
from engine.gateway.upgrade import turn_away

_log = structlog.get_logger("gateway")

SUBPROTOCOL = "giliran.v1"
PATHS = {f"/{role.value}": role for role in Role}

#: The process or the system has no room for one more socket just now.
_NO_ROOM = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


def _frame(message: ServerMessage) -> bytes:
    return text_frame(codec.encode(message))


def _merge(waiting: ServerMessage, message: ServerMessage) -> ServerMessage | None:
    """What changed on a board, and then what changed after that."""
    if type(waiting) is BoardDelta and type(message) is BoardDelta:
        return waiting.and_then(message)
    return None


class Dialogue:
    """A conversation over a link: what comes is decoded, what goes is encoded by the link."""

    __slots__ = ("talk",)

    def __init__(self, talk: Conversation) -> None:
        self.talk = talk

    @property
    def due_at(self) -> float:
        return self.talk.due_at

    def hear(self, message: str | bytes) -> None:
        assert isinstance(message, str), "the gate lets no binary frame pass"
        try:
            ref, said = codec.decode(message)
        except codec.BadFrame as bad:
            self.talk.refuse(bad.ref, bad.refused)
        except codec.TooBig:
            self.talk.too_big()
        else:
            self.talk.receive(ref, said)

    def tick(self) -> None:
        self.talk.tick()

    def lost(self) -> None:
        self.talk.lost()


@define(eq=False)
class Gateway:
    """The WebSocket side of one node."""

    _house: House
    _origins: frozenset[str]
    _sockets: int = limits.SOCKETS
    tally: Tally = field(factory=Tally)
    _terms: Terms = field(init=False)
    _connections: set[Connection] = field(factory=set, init=False)
    _talks: dict[Connection, Conversation] = field(factory=dict, init=False)
    _turned_away: int = field(default=0, init=False)
    _draining: bool = field(default=False, init=False)
    _left: trio.Event = field(factory=trio.Event, init=False)

    def __attrs_post_init__(self) -> None:
        door = Door(frozenset(PATHS), SUBPROTOCOL, self._origins)
        self._terms = Terms(door=door, open=self._open, frame=_frame, merge=_merge, tally=self.tally)

    async def serve(
        self, host: str, port: int, *, task_status: trio.TaskStatus[int] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """Accept connections until cancelled. Starts with the port it listens on."""
        listeners = await trio.open_tcp_listeners(port, host=host)
        task_status.started(listeners[0].socket.getsockname()[1])
        await self.serve_on(listeners)

    async def serve_on(self, listeners: Sequence[trio.abc.Listener[trio.abc.HalfCloseableStream]]) -> None:
        """Accept from listeners that are open already, and close them when cancelled."""
        async with AsyncExitStack() as open_listeners, trio.open_nursery() as nursery:
            for listener in listeners:
                await open_listeners.enter_async_context(listener)
                nursery.start_soon(self._accept, listener, nursery)
            nursery.start_soon(self._sweep)

    def sockets(self) -> Counter[str]:
        """Open sockets by role; those that have not been upgraded yet as `none`."""
        count = Counter(talk.role.value for talk in self._talks.values())
        count["none"] = len(self._connections) - len(self._talks)
        return count

    async def drain(self, within_s: float) -> None:
        """Send everybody elsewhere; returns when all have left.

        New clients get 503. Whoever has an offer pending stays until it ends, for `within_s` at most.
        """
        self._draining = True
        for talk in self._everyone():
            talk.drain(random.randrange(limits.DRAIN_SPREAD_MS))
        with trio.move_on_after(within_s):
            await self._empty()
        await self.close_all(CloseCode.GOING_AWAY, "going away")

    async def close_all(self, code: CloseCode, reason: str) -> None:
        """Close every socket, whatever is pending; returns when all are gone. New ones may come."""
        for talk in self._everyone():
            talk.dismiss(code, reason)
        with trio.move_on_after(limits.CLOSE_S + limits.HANDSHAKE_S):
            await self._empty()

    def _everyone(self) -> Iterable[Conversation]:
        return list(self._talks.values())

    async def _empty(self) -> None:
        while self._connections:
            self._left = trio.Event()
            await self._left.wait()

    # Accepting

    async def _accept(
        self, listener: trio.abc.Listener[trio.abc.HalfCloseableStream], nursery: trio.Nursery
    ) -> None:
        while True:
            try:
                stream = await listener.accept()
            except OSError as error:
                if error.errno not in _NO_ROOM:
                    raise
                _log.warning("no room for a connection", errno=error.errno)
                await trio.sleep(limits.ACCEPT_REST_S)
                continue
            nursery.start_soon(self._admit, stream)

    async def _admit(self, stream: trio.abc.HalfCloseableStream) -> None:
        if len(self._connections) >= self._sockets or self._draining:
            await self._refuse(stream)
            return
        connection = Connection(stream, self._terms)
        self._connections.add(connection)
        try:
            await connection.run()
        finally:
            self._connections.discard(connection)
            self._talks.pop(connection, None)
            self._left.set()

    async def _refuse(self, stream: trio.abc.HalfCloseableStream) -> None:
        status = HTTPStatus.SERVICE_UNAVAILABLE
        self.tally.refused[status.value] += 1
        self._turned_away += 1
        try:
            if self._turned_away <= limits.REFUSALS_AT_ONCE:
                rejected = Rejected(status, ("Retry-After", str(limits.RETRY_AFTER_S)))
                await turn_away(stream, rejected)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass
        finally:
            self._turned_away -= 1
            await trio.aclose_forcefully(stream)

    def _open(self, path: str, connection: Connection) -> Hearer:
        talk = Conversation(PATHS[path], self._house, connection)
        self._talks[connection] = talk
        if self._draining:
            talk.drain(random.randrange(limits.DRAIN_SPREAD_MS))
        return Dialogue(talk)

    # Keeping time

    async def _sweep(self) -> None:
        """Every link's deadlines, by one task: a task or a timer for each would cost memory."""
        while True:
            await trio.sleep(limits.SWEEP_EVERY_S)
            now = trio.current_time()
            for connection in [each for each in self._connections if each.due_at <= now]:
                connection.tick()
