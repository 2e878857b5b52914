"""What strangers do to an open port, over the real network. After each, another client is served."""

import json
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest
import trio
from structlog.testing import capture_logs

from engine.domain import limits

from .fakes import FakeReception, FakeSession
from .wire import (
    BINARY,
    CLOSE,
    PING,
    PONG,
    TEXT,
    Node,
    WireClient,
    client_frame,
    real_node,
    upgrade_request,
)

TLS_HELLO = bytes.fromhex("16030100c8010000c40303") + bytes(range(200))


@pytest.fixture
async def node() -> AsyncIterator[Node]:
    async with real_node() as node:
        yield node
        assert node.gateway.tally.faults == 0
        await node.serves()


async def reset(client: WireClient) -> None:
    """End the TCP connection with RST, as a crashed or hostile peer does."""
    assert isinstance(client.stream, trio.SocketStream)
    client.stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    await client.stream.aclose()


async def in_session(node: Node, token: str = "agent:ayu") -> WireClient:
    client = await node.connect()
    await client.hello(token)
    return client


REJECTED: dict[str, tuple[bytes, int]] = {
    "a plain page": (b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", 404),
    "a plain page of ours": (b"GET /agent HTTP/1.1\r\nHost: localhost\r\n\r\n", 426),
    "a TLS hello": (TLS_HELLO, 400),
    "noise": (b"\0\xff" * 50, 400),
    "a header of 100 KB": (upgrade_request(X="x" * 100_000), 431),
    "a path of 60 KB": (upgrade_request("/" + "x" * 60_000), 431),
    "2,000 headers": (upgrade_request(X=["1"] * 2000), 431),
    "another site's page": (upgrade_request(Origin="https://bank.example.evil.com"), 403),
    "version 8": (upgrade_request(Sec_WebSocket_Version="8"), 426),
    "a token in the URL": (upgrade_request("/agent?token=secret"), 400),
}


@pytest.mark.parametrize(("request_", "status"), REJECTED.values(), ids=REJECTED.keys())
async def test_a_bad_request_is_answered_and_closed(node: Node, request_: bytes, status: int) -> None:
    client = await node.connect()
    with trio.fail_after(30):
        assert await client.upgrade(request_) == status
        assert await client.ending() is None
    assert node.gateway.tally.refused == {status: 1}


@pytest.mark.parametrize("request_", [case[0] for case in REJECTED.values()], ids=REJECTED.keys())
async def test_a_bad_request_followed_by_a_reset_harms_nobody(node: Node, request_: bytes) -> None:
    for _ in range(20):
        client = await node.connect()
        await client.stream.send_all(request_[:2000])
        await reset(client)


async def test_a_reset_in_every_stage(node: Node) -> None:
    for _ in range(20):
        await reset(await node.connect())
        asked = await node.connect()
        await asked.stream.send_all(upgrade_request())
        await reset(asked)
        upgraded = await node.connect()
        await upgraded.upgrade()
        await reset(upgraded)
        unfinished = await in_session(node)
        await unfinished.stream.send_all(b"\x81\xfe")
        await reset(unfinished)
    await node.down_to(0)
    assert {session.gone_times for session in node.reception.sessions} == {1}


async def test_pings_cross_our_close_and_a_reset_follows(node: Node) -> None:
    for _ in range(20):
        client = await in_session(node)
        pings = client_frame(PING, b"x") * 20
        await client.stream.send_all(pings + client_frame(BINARY, b"x") + pings)
        await client.stream.send_all(pings)
        await reset(client)


BAD_FRAMES: dict[str, tuple[dict[str, Any] | str, dict[str, Any]]] = {
    "unknown type": ({"type": "call.park", "ref": "r"}, {"code": "unknown_type", "ref": "r"}),
    "missing field": ({"type": "offer.accept"}, {"code": "bad_field", "field": "offer_id"}),
    "extra field": ({"type": "ping", "agent_id": "b"}, {"code": "bad_field", "field": "agent_id"}),
    "wrong kind": ({"type": "offer.accept", "offer_id": 5}, {"code": "bad_field", "field": "offer_id"}),
    "a bad id": ({"type": "offer.accept", "offer_id": "{tag}"}, {"code": "bad_field", "field": "offer_id"}),
    "NaN": ('{"type": "signal", "data": NaN}', {"code": "bad_frame"}),
    "1e999": ('{"type": "signal", "data": 1e999}', {"code": "bad_frame"}),
    "doubled keys": ('{"type": "ping", "type": "ping"}', {"code": "bad_frame"}),
    "a lone surrogate": ('{"type": "signal", "data": "\\ud800"}', {"code": "bad_frame"}),
    "64 KB of brackets": ("[" * limits.SIGNAL_BYTES, {"code": "bad_frame"}),
    "not JSON": ("hello", {"code": "bad_frame"}),
    "an array": ("[]", {"code": "bad_frame"}),
    "the customer's command": ({"type": "call.cancel", "ref": "r"}, {"code": "not_allowed", "ref": "r"}),
    "the supervisor's command": ({"type": "board.watch"}, {"code": "not_allowed"}),
}


@pytest.mark.parametrize(("frame", "answer"), BAD_FRAMES.values(), ids=BAD_FRAMES.keys())
async def test_a_bad_frame_is_answered_and_the_session_goes_on(
    node: Node, frame: dict[str, Any] | str, answer: dict[str, Any]
) -> None:
    client = await in_session(node)
    await client.say(frame)
    error = await client.hear()
    assert error["type"] == "error"
    assert error | answer == error
    await client.say({"type": "ping", "ref": "still here"})
    assert (await client.hear())["ref"] == "still here"
    for _ in range(2):
        await client.say(frame)
    assert await client.ending() == 4000


ENDS: dict[str, tuple[bytes, int | None]] = {
    "a binary frame": (client_frame(BINARY, b"{}"), 1003),
    "a message of 64 KB and a byte": (client_frame(TEXT, b" " * (limits.SIGNAL_BYTES + 1)), 1009),
    "16 KB that are no signal": (
        client_frame(TEXT, json.dumps({"type": "ping", "ref": "x" * limits.MESSAGE_BYTES}).encode()),
        1009,
    ),
    "70,000 fragments": (
        client_frame(TEXT, b" ", final=False) + client_frame(0, b" ", final=False) * 70_000,
        4008,
    ),
    "a flood of pings": (client_frame(PING, b"x") * 10_000, 4008),
    "a flood of pongs": (client_frame(PONG, b"x") * 10_000, 4008),
    "a flood of messages": (client_frame(TEXT, b'{"type":"ping"}') * 200, 4008),
    "an unmasked frame": (client_frame(TEXT, b"{}", masked=False), None),
    "a reserved bit": (client_frame(TEXT, b"{}", rsv=4), None),
    "a reserved opcode": (client_frame(3, b"{}"), None),
    "a ping of 126 bytes": (client_frame(PING, b"x" * 126), None),
    "a Close of one byte": (client_frame(CLOSE, b"x"), None),
    "close code 1005": (client_frame(CLOSE, (1005).to_bytes(2, "big")), None),
    "invalid UTF-8": (client_frame(TEXT, b"\xff\xfe"), None),
    "noise": (bytes(range(256)) * 10, None),
}


@pytest.mark.parametrize(("sent", "code"), ENDS.values(), ids=ENDS.keys())
async def test_what_ends_a_connection(node: Node, sent: bytes, code: int | None) -> None:
    client = await in_session(node)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_send_anyway, client, sent)
        assert await client.ending() == code
        nursery.cancel_scope.cancel()
    await node.down_to(0)
    assert node.reception.last.gone_times == 1


async def _send_anyway(client: WireClient, data: bytes) -> None:
    with suppress(trio.BrokenResourceError):  # closed before it was all said
        await client.stream.send_all(data)


@pytest.mark.parametrize("token", ["agent", "agent:", "customer:ayu", "supervisor:ayu", "x" * 8000])
async def test_a_refused_token_closes_without_a_word(node: Node, token: str) -> None:
    client = await node.connect()
    await client.upgrade()
    await client.say({"type": "hello", "token": token})
    opcode, payload = await client.receive()
    assert (opcode, payload) == (CLOSE, (4003).to_bytes(2, "big") + b"token refused")


async def test_a_hundred_thousand_bytes_of_noise_in_a_thousand_connections(node: Node) -> None:
    async def shout(i: int) -> None:
        client = await node.connect()
        if i % 2:
            await client.upgrade()
        await client.stream.send_all(bytes((i * j) % 251 for j in range(100)))
        await reset(client)

    for i in range(0, 1000, 50):
        async with trio.open_nursery() as nursery:
            for j in range(50):
                nursery.start_soon(shout, i + j)


class Faulty(FakeReception):
    """A reception with a bug."""

    def enter(self, *args: Any) -> FakeSession:
        raise RuntimeError("a bug")


async def test_an_exception_ends_one_connection_and_is_counted() -> None:
    async with real_node() as node:
        good = await in_session(node, "agent:good")
        sound = node.gateway._house.reception
        object.__setattr__(node.gateway._house, "reception", Faulty())
        bad = await node.connect()
        with capture_logs() as logs:
            await bad.upgrade()
            await bad.say({"type": "hello", "token": "agent:bad"})
            assert await bad.ending() is None
            await node.down_to(1)
        assert [entry["event"] for entry in logs] == ["a connection failed"]
        assert node.gateway.tally.faults == 1
        object.__setattr__(node.gateway._house, "reception", sound)
        await good.say({"type": "ping", "ref": "p"})
        assert (await good.hear())["ref"] == "p"
        await node.serves()


async def test_a_full_node_says_so_before_the_upgrade() -> None:
    async with real_node(sockets=2) as node:
        inside = [await in_session(node, f"agent:a{i}") for i in range(2)]
        outside = await node.connect()
        await outside.stream.send_all(upgrade_request())
        head = await outside.read_head()
        assert head.startswith(b"HTTP/1.1 503 ")
        assert b"\r\nRetry-After: 5\r\n" in head
        await inside[0].send(CLOSE, (1000).to_bytes(2, "big"))
        await node.down_to(1)
        await node.serves()


async def test_the_sixth_socket_of_one_person_is_closed(node: Node) -> None:
    clients = [await in_session(node, "agent:many") for _ in range(5)]
    sixth = await node.connect()
    await sixth.upgrade()
    await sixth.say({"type": "hello", "token": "agent:many"})
    assert (await sixth.receive())[1] == (4009).to_bytes(2, "big") + b"too many connections"
    for client in clients:
        await client.say({"type": "ping", "ref": "p"})
        assert (await client.hear())["ref"] == "p"
