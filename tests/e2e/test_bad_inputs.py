"""Bad input to a whole node: each is answered as documented, and after each somebody else is served.

One node takes them all, one after another, in the order of these tables. The numbers are those of the list of
bad inputs that the engine was designed against.
"""

import json
import socket
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
import trio
from attrs import frozen

from .house import House
from .jwt import mint
from .process import SECRET
from .wire import Wire, connected

KEY = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
OFFER = "Sec-WebSocket-Protocol: giliran.v1\r\n"
VERSION = "Sec-WebSocket-Version: 13\r\n"
UPGRADE = "Connection: Upgrade\r\nUpgrade: websocket\r\n"
#: The longest that anything refused may keep its connection: five seconds to shake hands, two to close.
GONE_S = 15.0


def request(*parts: str, line: str = "GET /customer HTTP/1.1", host: str = "Host: x\r\n") -> bytes:
    return f"{line}\r\n{host}{''.join(parts)}\r\n".encode()


@frozen
class Raw:
    """Bytes on a fresh TCP connection; `status` is that of the answer, 0 for none at all."""

    name: str
    data: bytes
    status: int
    reset: bool = False
    times: int = 1


GOOD = (UPGRADE, VERSION, KEY, OFFER)
RAW = [
    Raw("B1 plain GET", request(), 426),
    Raw("B1 another path", request(line="GET / HTTP/1.1"), 404),
    Raw("B2 plain GET and reset", request(), 0, reset=True, times=20),
    Raw("B3 TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64), 400),
    Raw("B3 TLS and reset", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 0, reset=True, times=20),
    Raw("B3 random bytes", bytes(range(128, 256)) * 4 + b"\r\n\r\n", 400),
    Raw("B6 a header too long", request(*GOOD, f"X: {'a' * 100_000}\r\n"), 431),
    Raw("B6 too many headers", request(*GOOD, "".join(f"X{n}: y\r\n" for n in range(500))), 400),
    Raw("B7 no key", request(UPGRADE, VERSION, OFFER), 400),
    Raw("B7 short key", request(UPGRADE, VERSION, OFFER, "Sec-WebSocket-Key: abc\r\n"), 400),
    Raw("B7 two keys", request(*GOOD, KEY), 400),
    Raw("B8 version 8", request(UPGRADE, KEY, OFFER, "Sec-WebSocket-Version: 8\r\n"), 426),
    Raw("B8 no version", request(UPGRADE, KEY, OFFER), 400),
    Raw("B9 HTTP/1.0", request(*GOOD, line="GET /customer HTTP/1.0"), 400),
    Raw("B9 POST", request(*GOOD, line="POST /customer HTTP/1.1"), 400),
    Raw("B9 no host", request(*GOOD, host=""), 400),
    Raw("B9 two hosts", request(*GOOD, "Host: y\r\n"), 400),
    Raw("B10 null origin", request(*GOOD, "Origin: null\r\n"), 403),
    Raw("B10 another origin", request(*GOOD, "Origin: https://bank.example.evil.com\r\n"), 403),
    Raw("B11 unknown path", request(*GOOD, line="GET /admin HTTP/1.1"), 404),
    Raw("B11 dots", request(*GOOD, line="GET /customer/../agent HTTP/1.1"), 404),
    Raw("B11 not ASCII", request(*GOOD, line="GET /cust\u00f6mer HTTP/1.1"), 400),
    Raw("B12 no subprotocol", request(UPGRADE, VERSION, KEY), 400),
    Raw("B12 unknown subprotocol", request(UPGRADE, VERSION, KEY, "Sec-WebSocket-Protocol: chat\r\n"), 400),
    Raw("B20 a token in the query", request(*GOOD, line="GET /customer?token=abc HTTP/1.1"), 400),
]


async def test_bad_handshakes(house: House) -> None:
    for case in RAW:
        for _ in range(case.times):
            status = await _answer(house.one.url, case)
            assert status == case.status or case.reset, f"{case.name}: {status}"
        await house.serves()
    assert house.one.running
    assert "fault" not in house.one.log()
    assert "abc" not in house.one.log(), "B20 what is in a query is never logged"


async def _answer(url: str, case: Raw) -> int:
    where = urlsplit(url)
    with trio.fail_after(GONE_S):
        stream = await trio.open_tcp_stream(where.hostname or "", where.port or 0)
        async with stream:
            if case.reset:
                stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            said = b""
            try:
                await stream.send_all(case.data)
                while not case.reset and (chunk := await stream.receive_some()):
                    said += chunk
            except trio.BrokenResourceError:
                pass
    return int(said.split(b" ", 2)[1]) if said else 0


async def test_whoever_says_nothing_is_cut(house: House) -> None:
    """B4, B5: fifty at once, some dribbling; the others are served meanwhile."""
    where = urlsplit(house.one.url)

    async def silent(dribbles: bool) -> None:
        async with await trio.open_tcp_stream(where.hostname or "", where.port or 0) as stream:
            try:
                if dribbles:
                    for byte in b"GET /customer HT":
                        await stream.send_all(bytes([byte]))
                        await trio.sleep(0.5)
                await stream.receive_some()
            except trio.BrokenResourceError:
                pass

    with trio.fail_after(GONE_S):
        async with trio.open_nursery() as nursery:
            for n in range(50):
                nursery.start_soon(silent, n % 5 == 0)
            await house.serves()


@frozen
class Said:
    """Texts said after the welcome; the code of the last error, the close code if it closes, its field."""

    name: str
    texts: tuple[str, ...]
    code: str | None = None
    close: int | None = None
    field: str | None = None
    role: str = "customer"


def frame(type_: str, **fields: Any) -> str:
    return json.dumps({"type": type_, **fields})


ASK = {"request_id": "r1", "queue": "general"}
SAID = [
    Said("B35 not JSON", ("hello?",), "bad_frame"),
    Said("B35 empty", ("",), "bad_frame"),
    Said("B35 an array", ("[]",), "bad_frame"),
    Said("B35 null", ("null",), "bad_frame"),
    Said("B35 a number", ("7",), "bad_frame"),
    Said("B35 a byte order mark", ('\ufeff{"type": "ping"}',), "bad_frame"),
    Said("B35 three times", ("x", "y", "z"), "bad_frame", 4000),
    Said("B36 deep", ("[" * 15_000,), "bad_frame"),
    Said("B37 NaN", ('{"type": "ping", "ref": NaN}',), "bad_frame"),
    Said("B37 too great a number", ('{"type": "signal", "data": 1e999}',), "bad_frame"),
    Said("B37 a long integer", ('{"type": "signal", "data": ' + "9" * 10_000 + "}",), "bad_frame"),
    Said("B37 a key twice", ('{"type": "ping", "type": "ping"}',), "bad_frame"),
    Said("B28 a lone surrogate", ('{"type": "signal", "data": "\\ud800"}',), "bad_frame"),
    Said("B38 no type", ("{}",), "bad_field", field="type"),
    Said("B38 unknown type", (frame("call.teleport"),), "unknown_type"),
    Said("B38 a field too many", (frame("call.request", **ASK, priority=9),), "bad_field", field="priority"),
    Said("B38 a field too few", (frame("call.request", queue="general"),), "bad_field", field="request_id"),
    Said("B38 a number for a text", (frame("call.request", request_id=5, queue="general"),), "bad_field"),
    Said("B38 true for 1", (frame("call.rate", call_id="c", score=True),), "bad_field", field="score"),
    Said("B38 1.0 for 1", (frame("call.rate", call_id="c", score=1.0),), "bad_field", field="score"),
    Said("B38 '5' for 5", (frame("call.rate", call_id="c", score="5"),), "bad_field", field="score"),
    *(
        Said(f"B39 the id {n}", (frame("call.request", request_id=bad, queue="general"),), "bad_field")
        for n, bad in enumerate(["", "a" * 65, "a\0b", "a\r\nb", "{tag}", "*", "a\u200bb", "аbc", "'; --"])
    ),
    Said("B39 a foreign queue", (frame("call.request", request_id="r", queue="nowhere"),), "no_such_queue"),
    Said("B24 an agent's command", (frame("offer.accept", offer_id="o"),), "not_allowed"),
    Said("B24 three of them", (frame("offer.accept", offer_id="o"),) * 3, "not_allowed", 4000),
    Said("B40 nothing to cancel", (frame("call.cancel"),), "wrong_state"),
    Said("B40 nothing to accept", (frame("offer.accept", offer_id="o"),), "offer_gone", role="agent"),
    Said("B40 no call to hang up", (frame("call.hangup"),), "wrong_state", role="agent"),
    Said(
        "B40 no such state", (frame("state.set", state="asleep"),), "bad_field", field="state", role="agent"
    ),
    Said("B40 a busy state", (frame("state.set", state="on_call"),), "bad_field", role="agent"),
    Said(
        "B40 a thousand skills",
        (frame("call.request", **ASK, skills={f"s{n}": 1 for n in range(999)}),),
        "bad_field",
    ),
    Said("B30 too big", (frame("call.rate", call_id="c", score=1, comment="x" * 20_000),), None, 1009),
    Said("B30 a signal too big", (frame("signal", data="x" * 70_000),), None, 1009),
    Said("B33 a flood", (frame("ping"),) * 300, "too_fast", 4008),
    Said("a second hello", (frame("hello", token="x"),), "wrong_state"),
]


async def test_bad_frames(house: House) -> None:
    for case in SAID:
        who = house.agent("bad-agent", ready=False) if case.role == "agent" else house.customer("bad")
        async with who as wire:
            await _say_all(wire, case.texts)
            if case.code is not None:
                error = await wire.hear("error", code=case.code)
                assert "message" in error, case.name
                assert case.field in (None, error.get("field")), f"{case.name}: {error}"
            if case.close is not None:
                assert await wire.close_code() == case.close, case.name
            else:
                assert (await wire.ask("ping"))["type"] == "pong", f"{case.name}: the session lives on"
        await house.serves()
    assert house.one.running


async def _say_all(wire: Wire, texts: tuple[str, ...]) -> None:
    try:
        for text in texts:
            await wire.send(text)
    except (trio.BrokenResourceError, trio.ClosedResourceError, OSError):
        return
    except Exception as error:  # the library's word for "closed meanwhile" is not public in one place
        if type(error).__name__ != "ConnectionClosed":
            raise


async def _nothing(_: Wire) -> None:
    """Not a word."""


@pytest.mark.parametrize("role", ["customer", "agent"])
async def test_who_does_not_say_hello_properly_is_closed(house: House, role: str) -> None:
    other = "agent" if role == "customer" else "customer"
    good, wrong = mint(SECRET, role, "budi"), mint(SECRET, other, "budi")
    first: list[tuple[Callable[[Wire], Any], int]] = [
        (lambda wire: wire.say("ping"), 4002),
        (lambda wire: wire.say("call.hangup"), 4002),
        (lambda wire: wire.say("hello", token="nonsense"), 4003),
        (lambda wire: wire.say("hello", token=wrong), 4003),
        (lambda wire: wire.say("hello", token=good[:-2] + "xx"), 4003),
        (lambda wire: wire.say("hello", token=mint(SECRET, role, "budi", exp=1)), 4003),
        (lambda wire: wire.say("hello", token=mint(SECRET, role, "budi", aud="another")), 4003),
        (
            lambda wire: wire.say("hello", token=mint(SECRET[::-1], role, "budi")),
            4003,
        ),
        (lambda wire: wire.say("hello", token=good.rpartition(".")[0] + "."), 4003),
        (_nothing, 4002),
    ]
    for say, code in first:
        async with connected(house.one.url, f"/{role}") as wire:
            await say(wire)
            assert await wire.close_code() == code
    await house.serves()


async def test_broken_frames_harm_only_their_own_connection(house: House) -> None:
    """B27, B29, B31, B32, B34: what no client of ours sends."""
    mask = b"\x01\x02\x03\x04"
    frames = {
        "unmasked": b"\x81\x02hi",
        "reserved opcode": b"\x83\x80" + mask,
        "reserved bit": b"\xc1\x80" + mask,
        "a ping of 126 bytes": b"\x89\xfe\x00\x7e" + mask + bytes(126),
        "close code 1005": b"\x88\x82" + mask + bytes(a ^ b for a, b in zip(b"\x03\xed", mask, strict=False)),
        "a close of one byte": b"\x88\x81" + mask + b"\x00",
        "invalid UTF-8": b"\x81\x82" + mask + bytes(a ^ b for a, b in zip(b"\xff\xfe", mask, strict=False)),
        "binary": b"\x82\x81" + mask + b"\x00",
        "2^40 announced": b"\x81\xff" + (1 << 40).to_bytes(8, "big") + mask,
        "2^63 announced": b"\x81\xff" + (1 << 63).to_bytes(8, "big") + mask,
        "one-byte fragments": b"\x01\x81" + mask + b"\x00" + (b"\x00\x81" + mask + b"\x00") * 5_000,
        "a flood of pings": (b"\x89\x80" + mask) * 10_000,
        "pings across our close": (b"\x88\x80" + mask) + (b"\x89\x80" + mask) * 100,
    }
    open_still = set(frames)

    async def send(n: int, name: str) -> None:
        try:
            async with _raw(house.one.url, f"raw-{n}") as stream:
                await stream.send_all(frames[name])
                while await stream.receive_some():
                    pass
        except trio.BrokenResourceError:
            pass
        open_still.discard(name)

    with trio.move_on_after(GONE_S):
        async with trio.open_nursery() as nursery:
            for n, name in enumerate(frames):
                nursery.start_soon(send, n, name)
                await house.serves()
    assert not open_still
    await house.serves()
    assert house.one.running


@asynccontextmanager
async def _raw(url: str, sub: str) -> AsyncIterator[trio.SocketStream]:
    """A TCP stream on which a customer has said hello, and on which anything may follow."""
    where = urlsplit(url)
    hello = json.dumps({"type": "hello", "token": mint(SECRET, "customer", sub)}).encode()
    async with await trio.open_tcp_stream(where.hostname or "", where.port or 0) as stream:
        await stream.send_all(request(*GOOD))
        await stream.send_all(b"\x81\xfe" + len(hello).to_bytes(2, "big") + bytes(4) + hello)
        yield stream


async def test_clients_that_do_not_read_do_not_slow_the_others(house: House) -> None:
    """B33, F16: they ask for more than they read; the others are served meanwhile."""
    ping = json.dumps({"type": "ping", "ref": "x" * 60}).encode()

    async def deaf(n: int) -> None:
        try:
            async with _raw(house.one.url, f"deaf-{n}") as stream:
                while True:
                    await stream.send_all(b"\x81" + bytes([0x80 | len(ping)]) + bytes(4) + ping)
        except trio.BrokenResourceError:
            pass

    with trio.fail_after(GONE_S):
        async with trio.open_nursery() as nursery:
            for n in range(20):
                nursery.start_soon(deaf, n)
            await house.serves()
