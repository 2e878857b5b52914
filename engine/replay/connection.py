"""A client's WebSocket on a stream of our own, so that it is closed however the connection ends.

trio-websocket's client waits for the server to close TCP and then leaves its own side of it open.
What passes is counted where it does, at the people's end, and may be held up there (`Tap`).
"""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import trio
from attrs import define, field
from trio_websocket import ConnectionClosed, HandshakeError, WebSocketConnection, wrap_client_stream
from wsproto.utilities import LocalProtocolError

from engine.replay.cost import Traffic

SUBPROTOCOL = "giliran.v1"
CONNECT_S, CLOSE_S = 5.0, 2.0
#: Frames that may lie unread.
UNREAD = 32
#: What a server that is away looks like, or one that will not have us; and, as trio-websocket has it, one
#: that pings us while we close.
AWAY = (
    *(OSError, HandshakeError, ConnectionClosed, LocalProtocolError),
    *(trio.BrokenResourceError, trio.TooSlowError),
)

Stream = trio.SocketStream | trio.SSLStream[trio.SocketStream]


@define(eq=False)
class Tap:
    """What a client's connections run through: it can be closed, so that nothing is read, and be cut."""

    _open: bool = True
    _opened: trio.Event = field(factory=trio.Event)
    _reading: trio.CancelScope | None = None
    #: what runs through it now
    stream: trio.abc.AsyncResource | None = None

    def close(self) -> None:
        """Not a byte is read from now on, not even by who waits for one."""
        self._open = False
        if self._reading is not None:
            self._reading.cancel()

    def open(self) -> None:
        self._open = True
        self._opened.set()
        self._opened = trio.Event()

    async def opened(self) -> None:
        while not self._open:
            await self._opened.wait()

    async def cut(self) -> None:
        """The connection is gone, without a word."""
        self.open()
        if self.stream is not None:
            await trio.aclose_forcefully(self.stream)

    async def take(self, stream: Stream, max_bytes: int | None) -> bytes | bytearray:
        while True:
            await self.opened()
            with trio.CancelScope() as self._reading:
                return await stream.receive_some(max_bytes)


@asynccontextmanager
async def connected(url: str, traffic: Traffic, tap: Tap) -> AsyncIterator[WebSocketConnection]:
    """A connection to `url`, ws or wss, while the block lasts. Raises what is in `AWAY`, also in groups."""
    with trio.fail_after(CONNECT_S):
        stream: Any = await counted(url, traffic, tap)
        tap.stream = stream
    try:
        async with trio.open_nursery() as nursery:
            where = urlsplit(url)
            with trio.fail_after(CONNECT_S):
                socket = await wrap_client_stream(
                    nursery,
                    stream,
                    where.netloc,
                    where.path or "/",
                    subprotocols=[SUBPROTOCOL],
                    message_queue_size=UNREAD,
                )
            try:
                yield socket
            finally:
                with trio.move_on_after(CLOSE_S):
                    await socket.aclose()
                nursery.cancel_scope.cancel()
    finally:
        tap.stream = None
        await trio.aclose_forcefully(stream)


async def counted(url: str, traffic: Traffic, tap: Tap | None = None) -> "Counted":
    """A stream to the host and port of `url`, over TLS where its scheme says so."""
    return Counted(await _stream(url), traffic, tap or Tap())


class Counted(trio.abc.HalfCloseableStream):
    """A stream whose bytes are counted in `traffic`, and read through `tap`."""

    def __init__(self, stream: Stream, traffic: Traffic, tap: Tap) -> None:
        self._stream = stream
        self._traffic = traffic
        self._tap = tap

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        await self._stream.send_all(data)
        self._traffic.bytes_sent += len(data)

    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        data = await self._tap.take(self._stream, max_bytes)
        self._traffic.bytes_received += len(data)
        return data

    async def wait_send_all_might_not_block(self) -> None:
        await self._stream.wait_send_all_might_not_block()

    async def send_eof(self) -> None:
        if isinstance(self._stream, trio.SocketStream):
            await self._stream.send_eof()

    async def aclose(self) -> None:
        await self._stream.aclose()


async def _stream(url: str) -> Stream:
    where = urlsplit(url)
    if where.scheme == "wss":
        context = ssl.create_default_context()
        return await trio.open_ssl_over_tcp_stream(
            where.hostname or "", where.port or 443, ssl_context=context
        )
    return await trio.open_tcp_stream(where.hostname or "", where.port or 80)
