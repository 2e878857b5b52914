"""A WebSocket client of a few lines over any stream, able to do what no honest client does."""

import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import trio
from attrs import define, field

from engine.gateway.server import Gateway

from .fakes import FakeReception, house

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10

HEADERS = {
    "Host": "localhost",
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Protocol": "giliran.v1",
}


def upgrade_request(
    path: str = "/agent", line: str | None = None, **changes: str | list[str] | None
) -> bytes:
    """An upgrade request. A header is changed by its name with underscores; None leaves it out."""
    headers: dict[str, Any] = HEADERS | {name.replace("_", "-"): value for name, value in changes.items()}
    lines = [line or f"GET {path} HTTP/1.1"]
    for name, value in headers.items():
        for each in value if isinstance(value, list) else [value]:
            if each is not None:
                lines.append(f"{name}: {each}")
    return "\r\n".join([*lines, "", ""]).encode("utf-8")


def client_frame(
    opcode: int, payload: bytes = b"", *, final: bool = True, masked: bool = True, rsv: int = 0
) -> bytes:
    first = (0x80 if final else 0) | rsv << 4 | opcode
    size, mask_bit = len(payload), 0x80 if masked else 0
    if size < 126:
        head = bytes((first, mask_bit | size))
    elif size < 2**16:
        head = bytes((first, mask_bit | 126)) + size.to_bytes(2, "big")
    else:
        head = bytes((first, mask_bit | 127)) + size.to_bytes(8, "big")
    if not masked:
        return head + payload
    mask = os.urandom(4)
    return head + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))


@define(eq=False)
class WireClient:
    """One end of a stream, speaking frames."""

    stream: trio.abc.Stream
    _data: bytes = field(default=b"", init=False)

    async def upgrade(self, request: bytes | None = None) -> int:
        """Ask for the upgrade; the status of the answer."""
        await self.stream.send_all(request if request is not None else upgrade_request())
        return int((await self.read_head()).split()[1])

    async def read_head(self) -> bytes:
        while b"\r\n\r\n" not in self._data:
            await self._more()
        head, _, self._data = self._data.partition(b"\r\n\r\n")
        return head

    async def send(self, opcode: int, payload: bytes = b"", **how: Any) -> None:
        await self.stream.send_all(client_frame(opcode, payload, **how))

    async def say(self, message: dict[str, Any] | str) -> None:
        text = message if isinstance(message, str) else json.dumps(message)
        await self.send(TEXT, text.encode())

    async def receive(self) -> tuple[int, bytes]:
        """The next frame: opcode and payload. Raises trio.EndOfChannel when the stream ends."""
        size = await self._peek(2)
        length = size[1]
        at = 2
        if length == 126:
            length, at = int.from_bytes((await self._peek(4))[2:4], "big"), 4
        elif length == 127:
            length, at = int.from_bytes((await self._peek(10))[2:10], "big"), 10
        frame = await self._peek(at + length)
        self._data = self._data[at + length :]
        return frame[0] & 0x0F, frame[at : at + length]

    async def hear(self) -> dict[str, Any]:
        """The next message; the server's pings are passed over."""
        while True:
            opcode, payload = await self.receive()
            if opcode == TEXT:
                return dict(json.loads(payload))
            assert opcode == PING, (opcode, payload)

    async def ending(self, *, answer: bool = True) -> int | None:
        """Read on until the stream ends; the code of the server's Close, None if there was none."""
        code = None
        try:
            while True:
                opcode, payload = await self.receive()
                if opcode == CLOSE:
                    code = int.from_bytes(payload[:2], "big")
                    if answer:
                        with suppress(trio.BusyResourceError):  # still shouting
                            await self.send(CLOSE, payload[:2])
        except (trio.EndOfChannel, trio.BrokenResourceError):
            return code

    async def hello(self, token: str = "agent:ayu") -> dict[str, Any]:
        """Upgrade and say hello; the welcome."""
        role = token.partition(":")[0]
        assert await self.upgrade(upgrade_request(f"/{role}")) == 101
        await self.say({"type": "hello", "token": token})
        welcome = await self.hear()
        assert welcome["type"] == "welcome"
        return welcome

    async def _peek(self, size: int) -> bytes:
        while len(self._data) < size:
            await self._more()
        return self._data

    async def _more(self) -> None:
        more = await self.stream.receive_some(65536)
        if not more:
            raise trio.EndOfChannel
        self._data += bytes(more)


class MemoryListener(trio.abc.Listener[trio.abc.HalfCloseableStream]):
    """Connections without a network; a failure can be put in their place."""

    def __init__(self) -> None:
        self._come, self._queue = trio.open_memory_channel[Any](1000)

    def connect(self, lockstep: bool = False) -> WireClient:
        """`lockstep`: nothing is buffered, so that a client that does not read is felt at once."""
        make = trio.testing.lockstep_stream_pair if lockstep else trio.testing.memory_stream_pair
        ours, theirs = make()
        self._come.send_nowait(theirs)
        return WireClient(ours)

    def fail(self, error: OSError) -> None:
        self._come.send_nowait(error)

    async def accept(self) -> Any:
        come = await self._queue.receive()
        if isinstance(come, OSError):
            raise come
        return come

    async def aclose(self) -> None:
        await trio.lowlevel.checkpoint()


@define(eq=False)
class Node:
    """A gateway at work, its actors faked."""

    gateway: Gateway
    reception: FakeReception
    listener: MemoryListener
    port: int = 0
    clients: list[WireClient] = field(factory=list)

    async def connect(self) -> WireClient:
        """Over the loopback network."""
        client = WireClient(await trio.open_tcp_stream("127.0.0.1", self.port))
        self.clients.append(client)
        return client

    async def down_to(self, sockets: int) -> None:
        """Wait until so many connections are left."""
        while self.gateway.sockets().total() > sockets:  # noqa: ASYNC110 - the network is real here
            await trio.sleep(0.005)

    async def serves(self) -> None:
        """Another client is welcomed, asked and answered: the health check after each abuse."""
        client = await self.connect() if self.port else self.listener.connect()
        await client.hello("agent:another")
        await client.say({"type": "ping", "ref": "p"})
        assert (await client.hear())["type"] == "pong"
        await client.send(CLOSE, (1000).to_bytes(2, "big"))
        assert await client.ending() == 1000


@asynccontextmanager
async def virtual_node(**changes: Any) -> AsyncIterator[Node]:
    """Without a network, for a test with a virtual clock."""
    reception, listener = FakeReception(), MemoryListener()
    gateway = Gateway(house(reception, trio.current_time), frozenset({"https://bank.example"}), **changes)
    with trio.fail_after(1000):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(gateway.serve_on, [listener])
            yield Node(gateway, reception, listener)
            nursery.cancel_scope.cancel()


@asynccontextmanager
async def real_node(**changes: Any) -> AsyncIterator[Node]:
    """On a loopback port. A test that takes long has hung."""
    reception = FakeReception()
    gateway = Gateway(house(reception, trio.current_time), frozenset({"https://bank.example"}), **changes)
    with trio.fail_after(60):
        async with trio.open_nursery() as nursery:
            port = await nursery.start(gateway.serve, "127.0.0.1", 0)
            node = Node(gateway, reception, MemoryListener(), port)
            try:
                yield node
            finally:
                for client in node.clients:
                    await trio.aclose_forcefully(client.stream)
                nursery.cancel_scope.cancel()
