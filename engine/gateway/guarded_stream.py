"""The stream between the network and the WebSocket library: every byte of a client passes the frame gate.

To the library it is an ordinary stream that begins with the upgrade request. Frames arrive one by one, so
what the library makes of one is done before it sees the next.
"""

from math import inf
from typing import Protocol

import trio

from engine.actors.ports import CloseCode
from engine.gateway.frames import FrameGate, Violation


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

    __slots__ = ("_begin", "_gate", "_lock", "_message", "_transport", "_watcher", "unfinished_since")

    def __init__(self, transport: trio.abc.Stream, gate: FrameGate, begin: bytes, watcher: Watcher) -> None:
        self._transport = transport
        self._gate = gate
        self._begin = begin
        self._watcher = watcher
        self._lock = trio.Lock()
        self._message = 0
        #: since when a message is unfinished; inf if none is
        self.unfinished_since = inf

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        if self._begin:
            begin, self._begin = self._begin, b""
            await trio.lowlevel.checkpoint()
            return begin
        piece = self._take()
        if piece:
            await trio.lowlevel.checkpoint()
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
        async with self._lock:  # the library's frames, and pings of our own between them
            await self._transport.send_all(data)

    async def wait_send_all_might_not_block(self) -> None:
        await self._transport.wait_send_all_might_not_block()

    async def aclose(self) -> None:
        await self._transport.aclose()
