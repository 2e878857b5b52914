"""A client written from the wire format alone: JSON text frames over a WebSocket, nothing of the engine."""

import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar
from urllib.parse import urlsplit

import trio
from attrs import define, field
from trio_websocket import ConnectionClosed, HandshakeError, WebSocketConnection, wrap_client_stream
from wsproto.utilities import LocalProtocolError

SUBPROTOCOL = "giliran.v1"
PATIENCE_S = 15.0
#: What a server that is away, or is going away, looks like; the last is a ping that crosses our own close.
AWAY = (
    OSError,
    HandshakeError,
    ConnectionClosed,
    trio.BrokenResourceError,
    trio.TooSlowError,
    LocalProtocolError,
)

Frame = dict[str, Any]
T = TypeVar("T")


@define(eq=False)
class Wire:
    """One WebSocket. `frames` is all that came, with when by this machine's monotonic clock."""

    socket: WebSocketConnection
    stream: trio.SocketStream
    frames: list[Frame] = field(factory=list)
    times: list[float] = field(factory=list)
    #: the close code, once closed; 1006 if the connection just ended
    closed: int | None = None
    _read: int = 0
    _refs: int = 0
    _news: trio.Event = field(factory=trio.Event)

    async def listen(self) -> None:
        try:
            while True:
                frame = json.loads(await self.socket.get_message())
                self.frames.append(frame)
                self.times.append(time.monotonic())
                self._ring()
        except ConnectionClosed as closed:
            self.closed = 1006 if closed.reason is None else closed.reason.code
        finally:
            self._ring()

    def _ring(self) -> None:
        self._news.set()
        self._news = trio.Event()

    async def say(self, type_: str, **fields: Any) -> None:
        await self.socket.send_message(json.dumps({"type": type_, **fields}))

    async def send(self, text: str) -> None:
        """Whatever it is, as it is."""
        await self.socket.send_message(text)

    async def ask(self, type_: str, **fields: Any) -> Frame:
        """Say it with a ref; its `ok` or `error`."""
        self._refs += 1
        ref = f"r{self._refs}"
        await self.say(type_, ref=ref, **fields)
        return await self.until(
            lambda: next((f for f in self.frames if f.get("ref") == ref), None),
            PATIENCE_S,
            f"answer to {type_}",
        )

    async def hear(self, type_: str, within_s: float = PATIENCE_S, **fields: Any) -> Frame:
        """The next frame of that type with those fields; what came before it counts as read."""

        def find() -> Frame | None:
            for at in range(self._read, len(self.frames)):
                frame = self.frames[at]
                if frame["type"] == type_ and all(frame.get(k) == v for k, v in fields.items()):
                    self._read = at + 1
                    return frame
            return None

        return await self.until(find, within_s, f"{type_} {fields or ''}")

    async def next(self, until: float) -> Frame | None:
        """The next frame; None once it is closed, or at that instant of trio's clock."""
        with trio.CancelScope(deadline=until):
            while self._read >= len(self.frames):
                if self.closed is not None:
                    return None
                await self._news.wait()
            self._read += 1
            return self.frames[self._read - 1]
        return None

    async def close_code(self, within_s: float = PATIENCE_S) -> int:
        """The code it was closed with, once it is."""
        return await self.until(lambda: self.closed, within_s, "close")

    async def until(self, find: Callable[[], T | None], within_s: float, what: str) -> T:
        """What `find` finds, looked for whenever a frame has come."""
        with trio.move_on_after(within_s):
            while True:
                news = self._news
                if (found := find()) is not None:
                    return found
                if self.closed is not None:
                    break
                await news.wait()
        raise AssertionError(f"no {what} but {self.frames[self._read :]}, closed {self.closed}")

    def unread(self, type_: str) -> list[Frame]:
        return [frame for frame in self.frames[self._read :] if frame["type"] == type_]

    async def cut(self) -> None:
        """The link is gone, without a goodbye."""
        await trio.aclose_forcefully(self.stream)


@asynccontextmanager
async def connected(url: str, path: str) -> AsyncIterator[Wire]:
    """A WebSocket while the block lasts, that has not said hello."""
    where = urlsplit(url)
    with trio.fail_after(PATIENCE_S):
        stream = await trio.open_tcp_stream(where.hostname or "", where.port or 80)
    leaving = False
    try:
        async with trio.open_nursery() as nursery:
            with trio.fail_after(PATIENCE_S):
                socket = await wrap_client_stream(
                    nursery, stream, where.netloc, path, subprotocols=[SUBPROTOCOL], message_queue_size=64
                )
            wire = Wire(socket, stream)
            nursery.start_soon(wire.listen)
            try:
                yield wire
            finally:
                leaving = True
                with trio.move_on_after(1):
                    await socket.aclose()
                nursery.cancel_scope.cancel()
    except* LocalProtocolError:
        if not leaving:  # a ping that crosses our own close kills the library's reader
            raise
    finally:
        await trio.aclose_forcefully(stream)


@asynccontextmanager
async def entered(url: str, role: str, token: str, **hello: Any) -> AsyncIterator[Wire]:
    """A client who has said hello and was welcomed."""
    async with connected(url, f"/{role}") as wire:
        await wire.say("hello", token=token, **hello)
        await wire.hear("welcome")
        yield wire
