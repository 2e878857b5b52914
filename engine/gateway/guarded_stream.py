"""The stream between the network and the WebSocket library: every byte of a client passes the frame gate.

To the library it is an ordinary stream that begins with the upgrade request. Frames arrive one by one, so
what the library makes of one is done before it sees the next. The library answers pings and closes; whole
frames of our own go between its frames by `write`, many in one piece, and none after a Close.
"""

from collections.abc import Callable
from math import inf
from typing import Protocol

import trio

from engine.actors.ports import CloseCode
from engine.domain.limits import PIECE_BYTES
from engine.gateway.frames import FrameGate, Violation, is_close


class Watcher(Protocol):
    """Who is told what the gate sees."""

    def violated(self, code: CloseCode, reason: str) -> None:
        """The client sent what ends its connection."""
        ...

    def unfinished(self, since: float) -> None:
        """A message has begun, and what came of it so far ends in the middle."""
        ...


class GuardedStream(trio.abc.Stream):
    """`transport` behind `gate`. `begin` is what the library reads first."""

    __slots__ = (
        "_begin",
        "_gate",
        "_lock",
        "_message",
        "_said_close",
        "_transport",
        "_watcher",
        "unfinished_since",
    )

    def __init__(self, transport: trio.abc.Stream, gate: FrameGate, begin: bytes, watcher: Watcher) -> None:
        self._transport = transport
        self._gate = gate
        self._begin = begin
        self._watcher = watcher
        self._lock = trio.Lock()
        self._message = 0
        self._said_close = False
        #: since when a message is unfinished; inf if none is
        self.unfinished_since = inf

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        """No checkpoint while frames are at hand: the library makes one for each message it hands over."""
        if self._begin:
            begin, self._begin = self._begin, b""
            return begin
        piece = self._take()
        while not piece:
            data = await self._transport.receive_some(max_bytes)
            if not data:
                return b""
            self._gate.feed(bytes(data))
            piece = self._take()
        return piece

    def _take(self) -> bytes:
        now = trio.current_time()
        while True:
            try:
                piece = self._gate.take(now)
            except Violation as violation:
                self._watcher.violated(violation.code, violation.reason)
                continue
            self._note_unfinished(now)
            return piece

    def _note_unfinished(self, now: float) -> None:
        if not self._gate.unfinished:
            self.unfinished_since = inf
        elif self.unfinished_since == inf or self._gate.messages != self._message:
            self._message = self._gate.messages
            self.unfinished_since = now
            self._watcher.unfinished(now)

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """The library's own: the answer to the upgrade, pongs, Close."""
        async with self._lock:
            self._said_close = is_close(data)
            await self._transport.send_all(data)

    async def write(self, frames: bytes, passed: Callable[[], None]) -> None:
        """Our own, in pieces, between which nothing else goes; `passed` is called after each but the last.

        Raises trio.ClosedResourceError once Close was said.
        """
        async with self._lock:
            if self._said_close:
                raise trio.ClosedResourceError
            pieces = memoryview(frames)
            for at in range(0, len(frames), PIECE_BYTES):
                if at:
                    passed()
                await self._transport.send_all(pieces[at : at + PIECE_BYTES])

    async def wait_send_all_might_not_block(self) -> None:
        await self._transport.wait_send_all_might_not_block()

    async def aclose(self) -> None:
        await self._transport.aclose()
