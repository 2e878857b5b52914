"""A client's WebSocket on a stream of our own, so that it is closed however the connection ends.

trio-websocket's client waits for the server to close TCP and then leaves its own side of it open.
What passes is counted where it does, at the people's end.
"""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import trio
from trio_websocket import ConnectionClosed, HandshakeError, WebSocketConnection, wrap_client_stream

from engine.replay.cost import Traffic

SUBPROTOCOL = "giliran.v1"
CONNECT_S, CLOSE_S = 5.0, 2.0
#: Frames that may lie unread.
UNREAD = 32
#: What a server that is away looks like, or one that will not have us.
AWAY = (OSError, HandshakeError, ConnectionClosed, trio.BrokenResourceError, trio.TooSlowError)

Stream = trio.SocketStream | trio.SSLStream[trio.SocketStream]


@asynccontextmanager
async def connected(url: str, traffic: Traffic) -> AsyncIterator[WebSocketConnection]:
    """A connection to `url`, ws or wss, while the block lasts. Raises what is in `AWAY`, also in groups."""
    with trio.fail_after(CONNECT_S):
        stream: Any = await counted(url, traffic)
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
        await trio.aclose_forcefully(stream)


async def counted(url: str, traffic: Traffic) -> "Counted":
    """A stream to the host and port of `url`, over TLS where its scheme says so."""
    return Counted(await _stream(url), traffic)


class Counted(trio.abc.HalfCloseableStream):
    """A stream whose bytes are counted in `traffic`."""

    def __init__(self, stream: Stream, traffic: Traffic) -> None:
        self._stream = stream
        self._traffic = traffic

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        await self._stream.send_all(data)
        self._traffic.bytes_sent += len(data)

    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        data = await self._stream.receive_some(max_bytes)
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
