"""A WebSocket client that costs next to nothing, so that the server is what is measured (RFC 6455).

It masks with zeros, which is legal and leaves the payload as it is, and reads only what a server of ours
sends: unmasked text, ping and close, each in one frame.
"""

from collections import deque
from urllib.parse import urlsplit

import trio
from attrs import define, field

_TEXT, _CLOSE, _PING, _PONG = 0x1, 0x8, 0x9, 0xA
_MASK = bytes(4)
_RECEIVE_BYTES = 64 * 1024
_KEY = "AAAAAAAAAAAAAAAAAAAAAA=="


class Closed(Exception):
    """The server closed, or was not what it should be."""


@define(eq=False)
class Link:
    """One connection. `send` and `receive` are for one task each."""

    _stream: trio.SocketStream
    _data: bytes = b""
    _frames: deque[bytes] = field(factory=deque)

    @classmethod
    async def open(cls, url: str, path: str = "/", subprotocol: str | None = None) -> "Link":
        """Connect and upgrade. Raises Closed."""
        parts = urlsplit(url)
        assert parts.hostname is not None
        assert parts.port is not None
        stream = await trio.open_tcp_stream(parts.hostname, parts.port)
        lines = [
            f"GET {path} HTTP/1.1",
            f"Host: {parts.netloc}",
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            f"Sec-WebSocket-Key: {_KEY}",
            *([f"Sec-WebSocket-Protocol: {subprotocol}"] if subprotocol else []),
        ]
        await stream.send_all("\r\n".join([*lines, "", ""]).encode())
        head = b""
        while b"\r\n\r\n" not in head:
            more = await stream.receive_some(_RECEIVE_BYTES)
            if not more:
                raise Closed("no upgrade")
            head += more
        head, _, rest = head.partition(b"\r\n\r\n")
        if b" 101 " not in head.partition(b"\r\n")[0]:
            raise Closed(head.decode(errors="replace"))
        return cls(stream, bytes(rest))

    async def send(self, *texts: bytes) -> None:
        """Send messages, all in one write."""
        await self._stream.send_all(b"".join(_frame(_TEXT, text) for text in texts))

    async def receive(self) -> bytes:
        """The next message. Raises Closed."""
        while not self._frames:
            pings = self._parse()
            if pings:
                await self._stream.send_all(b"".join(_frame(_PONG, payload) for payload in pings))
            if not self._frames:
                more = await self._stream.receive_some(_RECEIVE_BYTES)
                if not more:
                    raise Closed("closed without a word")
                self._data += more
        return self._frames.popleft()

    async def aclose(self) -> None:
        """Cut the connection."""
        await trio.aclose_forcefully(self._stream)

    def _parse(self) -> list[bytes]:
        """Take apart what came; the payloads of pings."""
        data, at, pings = self._data, 0, []
        while len(data) - at >= 2:
            opcode, size, begin = data[at] & 0x0F, data[at + 1], at + 2
            if size == 126:
                size, begin = int.from_bytes(data[at + 2 : at + 4], "big"), at + 4
            elif size == 127:
                size, begin = int.from_bytes(data[at + 2 : at + 10], "big"), at + 10
            if len(data) < begin + size:
                break
            payload, at = data[begin : begin + size], begin + size
            if opcode == _PING:
                pings.append(payload)
            elif opcode == _CLOSE:
                raise Closed(f"{int.from_bytes(payload[:2], 'big')} {payload[2:].decode()}")
            elif opcode == _TEXT:
                self._frames.append(payload)
        self._data = data[at:]
        return pings


def _frame(opcode: int, payload: bytes) -> bytes:
    size = len(payload)
    if size < 126:
        return bytes((0x80 | opcode, 0x80 | size)) + _MASK + payload
    return bytes((0x80 | opcode, 0xFE)) + size.to_bytes(2, "big") + _MASK + payload
