"""One connection's life, from the accepted TCP stream to its certain end. Whatever happens here stays here.

    judge the upgrade (5 s) ─▶ converse: read, hear, repeat ─▶ say goodbye (2 s) ─▶ TCP close

Two tasks live as long as the connection: the library's reader, and the one that hears what it read. A third
is there while something is being written. Nothing here cancels the reader: the end is always that the TCP
stream is closed under it, upon which it ends by itself, with whoever waits for it. Every wait has a deadline:
a peer that stops reading is cut after `WRITE_S`, one that ignores our Close after `CLOSE_S`, one that does
not answer a ping as soon as its time is up. One that reads slowly but steadily is kept, and while it reads it
is not pinged: what is being written is before the ping.

The hearer is called synchronously and never waits, so a client's pings are answered however busy its session.
"""

from collections.abc import Callable
from math import inf
from typing import Any

import structlog
import trio
from attrs import define, field, frozen
from trio_websocket import ConnectionClosed, WebSocketConnection, wrap_server_stream

from engine.actors.ports import CloseCode
from engine.domain import limits
from engine.gateway.frames import FrameGate, FrameLimits
from engine.gateway.guarded_stream import GuardedStream
from engine.gateway.handshake import Door, Rejected, judge
from engine.gateway.hearer import Hearer
from engine.gateway.outbox import Frame, Merge, Outbox, apart
from engine.gateway.tally import Tally
from engine.gateway.upgrade import read_head, turn_away

_log = structlog.get_logger("gateway")

_RECEIVE_BYTES = 4096
_NO_CODE = 1006
#: How a peer's disappearance shows, whatever we were doing.
_GONE = (ConnectionClosed, trio.BrokenResourceError, trio.ClosedResourceError, trio.EndOfChannel)


@frozen(kw_only=True)
class Terms:
    """What all connections of a listener have in common."""

    door: Door
    #: makes the hearer of a link that came in by this path
    open: Callable[[str, "Connection"], Hearer]
    #: of what waits to be written
    frame: Frame
    merge: Merge = apart
    frames: FrameLimits = field(factory=FrameLimits)
    outbox_frames: int = limits.OUTBOX_FRAMES
    tally: Tally = field(factory=Tally)


@define(eq=False)
class Connection:
    """A client's link. `send`, `close`, `ping` and `tick` are for the trio thread and do not block."""

    _transport: trio.abc.HalfCloseableStream
    _terms: Terms
    #: when `tick` has something to do
    due_at: float = field(default=inf, init=False)
    _hearer: Hearer | None = field(default=None, init=False)
    _nursery: trio.Nursery | None = field(default=None, init=False)
    _socket: WebSocketConnection | None = field(default=None, init=False)
    _gate: FrameGate = field(init=False)
    _stream: GuardedStream | None = field(default=None, init=False)
    _outbox: Outbox = field(init=False)
    _writing: trio.CancelScope | None = field(default=None, init=False)
    _goodbye: tuple[CloseCode, str] | None = field(default=None, init=False)
    _close_by: float = field(default=inf, init=False)
    _pings: int = field(default=0, init=False)
    _ping_at: float = field(default=inf, init=False)

    def __attrs_post_init__(self) -> None:
        terms = self._terms
        self._gate = FrameGate(terms.frames)
        self._outbox = Outbox(terms.frame, terms.merge, terms.outbox_frames)

    async def run(self) -> None:
        """Live. Returns when the TCP stream is closed; raises nothing but cancellation."""
        try:
            async with trio.open_nursery() as self._nursery:
                await self._live(self._nursery)
        except* _GONE:
            pass
        except* Exception as group:
            self._terms.tally.faults += 1
            _log.error("a connection failed", exc_info=group)
        finally:
            self._nursery = None
            await _cut(self._transport)

    # What the hearer and the node do

    def send(self, message: Any) -> None:
        """Queue a message. A client that lets too many wait is closed."""
        if self._goodbye is not None:
            return
        if not self._outbox.put(message):
            self._outbox.clear()
            self._terms.tally.slow += 1
            self._end(CloseCode.OVERLOADED, "too slow")
            return
        self._write_soon()

    def close(self, code: CloseCode, reason: str) -> None:
        """Write what waits, then close; within `CLOSE_S` it is over. The first call counts."""
        if self._goodbye is None:
            self._goodbye = (code, reason)
            self._close_by = trio.current_time() + limits.CLOSE_S
            if self._writing is not None:
                self._writing.deadline = min(self._writing.deadline, self._close_by)
            self._write_soon()

    def ping(self, within_s: float) -> None:
        """Ask whether the peer is there; without an answer within `within_s` the link is dropped."""
        if self._goodbye is not None:
            return
        self._pings += 1
        payload, by = self._pings.to_bytes(4, "big"), trio.current_time() + within_s
        self._gate.awaited += ((payload, by),)
        self._be_due(by)
        self._outbox.put_ping(payload)
        self._write_soon()

    def tick(self) -> None:
        """Look at the deadlines of this link. To be called once `due_at` has come."""
        self.due_at = inf
        if self._nursery is not None and self._goodbye is None:
            self._nursery.start_soon(self._look)  # a task of ours: what it raises ends this link alone

    # What the gate sees (guarded_stream.Watcher)

    def violated(self, code: CloseCode, reason: str) -> None:
        self._gate.closing = True
        self._end(code, reason)

    def unfinished(self, since: float) -> None:
        self._be_due(since + limits.FRAGMENTS_S)

    # The life

    async def _live(self, nursery: trio.Nursery) -> None:
        try:
            with trio.move_on_after(limits.HANDSHAKE_S):
                self._socket = await self._upgrade(nursery)
        except Rejected as rejected:
            self._terms.tally.refused[rejected.status.value] += 1
            await turn_away(self._transport, rejected)
        if self._socket is not None:
            if self._goodbye is not None:  # over what came together with the upgrade
                self._write_soon()
            await self._converse(self._socket)
        if self._goodbye is None:
            await _cut(self._transport)

    async def _upgrade(self, nursery: trio.Nursery) -> WebSocketConnection:
        head, rest = await read_head(self._transport)
        door = self._terms.door
        entry = judge(head, door)
        self._gate.feed(rest)
        self._stream = GuardedStream(self._transport, self._gate, entry.request(door.subprotocol), self)
        request = await wrap_server_stream(
            nursery,
            self._stream,
            max_message_size=self._terms.frames.message_bytes,
            receive_buffer_size=_RECEIVE_BYTES,
        )
        return await request.accept(subprotocol=door.subprotocol)

    async def _converse(self, socket: WebSocketConnection) -> None:
        tally = self._terms.tally
        tally.accepted += 1
        self._ping_at = trio.current_time() + limits.PING_EVERY_S
        hearer = self._hearer = self._terms.open(socket.path or "", self)
        self.due_at = min(self._ping_at, self.due_at, hearer.due_at)
        try:
            while True:
                message = await socket.get_message()
                tally.frames_in += 1
                hearer.hear(message)
                self._be_due(hearer.due_at)
        except ConnectionClosed as closed:
            theirs = closed.reason.code if closed.reason is not None else _NO_CODE
            tally.ended(theirs if self._goodbye is None else self._goodbye[0])
        finally:
            self._lost()

    def _lost(self) -> None:
        if self._hearer is not None:
            self._hearer.lost()
        self.due_at = inf

    # Time

    async def _look(self) -> None:
        if self._hearer is None or self._goodbye is not None:
            return
        now = trio.current_time()
        if now >= self._pong_by:
            self._terms.tally.silent += 1
            self._drop()
            return
        if now >= self._unfinished_by:
            self.violated(CloseCode.TOO_FAST, "message left unfinished")
            return
        if now >= self._ping_at:
            self._ping_at = now + limits.PING_EVERY_S
            if not self._gate.awaited and self._writing is None:
                self.ping(limits.PONG_S)
        self._hearer.tick()
        self._be_due(min(self._pong_by, self._ping_at, self._unfinished_by, self._hearer.due_at))

    @property
    def _pong_by(self) -> float:
        return min((by for _, by in self._gate.awaited), default=inf)

    @property
    def _unfinished_by(self) -> float:
        return inf if self._stream is None else self._stream.unfinished_since + limits.FRAGMENTS_S

    def _be_due(self, at: float) -> None:
        if at < self.due_at:
            self.due_at = at

    # Writing, and the end

    def _write_soon(self) -> None:
        if self._writing is None and self._nursery is not None and self._socket is not None:
            self._writing = trio.CancelScope()
            self._nursery.start_soon(self._write, self._socket, self._writing)

    async def _write(self, socket: WebSocketConnection, scope: trio.CancelScope) -> None:
        """Write all that waits; then, if we are to close, close."""
        assert self._stream is not None, "a socket without its stream"

        def passed() -> None:
            scope.deadline = min(trio.current_time() + limits.WRITE_S, self._close_by)

        with scope:
            try:
                while self._outbox:
                    passed()
                    frames, messages = self._outbox.take()
                    self._terms.tally.frames_out += messages
                    await self._stream.write(frames, passed)
            except _GONE:
                self._outbox.clear()
        if scope.cancelled_caught:
            self._terms.tally.slow += 1
            self._drop()
        elif self._goodbye is not None:
            await self._say_goodbye(socket, *self._goodbye)
        else:
            self._writing = None

    async def _say_goodbye(self, socket: WebSocketConnection, code: CloseCode, reason: str) -> None:
        self._gate.closing = True
        with trio.CancelScope(deadline=self._close_by):
            await socket.aclose(code, reason)
        await _cut(self._transport)

    def _end(self, code: CloseCode, reason: str) -> None:
        """Close by this side's own decision: whoever hears learns at once."""
        self.close(code, reason)
        self._lost()

    def _drop(self) -> None:
        """The peer is not there: no goodbye."""
        self._outbox.clear()
        self._lost()
        if self._nursery is not None:
            self._nursery.start_soon(_cut, self._transport)


async def _cut(transport: trio.abc.Stream) -> None:
    """Close the TCP stream now, whatever is in flight."""
    await trio.aclose_forcefully(transport)
