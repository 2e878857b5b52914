"""The HTTP side: what it answers, what it survives, and that its falls are its own."""

import json
import socket
import struct
from typing import Any

import pytest
import structlog
import trio
import trio.testing
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from engine.web import app as web
from engine.web.app import contained, reachable, serve_http

from .serving import FakeStatus, ask, get, serving

UPGRADE = (
    b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


async def test_what_it_answers() -> None:
    status = FakeStatus()
    async with serving(status) as port:
        assert (await get(port, "/healthz"))[::2] == (200, b"ok\n")
        assert json.loads((await get(port, "/version"))[2]) == {
            "name": "giliran",
            "version": "1.2.3",
            "node": "node-1",
        }
        assert json.loads((await get(port, "/client.json"))[2]) == {
            "ws": "ws://127.0.0.1:8765",
            "others": [],
            "subprotocol": "giliran.v1",
        }
        assert (await get(port, "/nothing"))[0] == 404


async def test_other_nodes_are_told_and_may_be_spoken_to() -> None:
    others = ("wss://b.bank.example/ws", "wss://b.bank.example/other", "ws://10.0.0.7:8765")
    async with serving(FakeStatus(other_ws_urls=others)) as port:
        _, headers, body = await get(port, "/client.json")
    assert json.loads(body)["others"] == list(others)
    policy = headers["content-security-policy"]
    assert "; connect-src 'self' ws://127.0.0.1:8765 wss://b.bank.example ws://10.0.0.7:8765; " in policy


async def test_readiness_gives_its_reasons() -> None:
    status = FakeStatus()
    async with serving(status) as port:
        code, _, body = await get(port, "/readyz")
        assert (code, json.loads(body)) == (200, {"ready": True, "reasons": []})
        status.reasons = ["draining", "store away"]
        code, _, body = await get(port, "/readyz")
        assert (code, json.loads(body)) == (503, {"ready": False, "reasons": ["draining", "store away"]})


async def test_metrics_are_those_of_the_node() -> None:
    status = FakeStatus()
    status.metrics.waited("general", 1_500)
    async with serving(status) as port:
        code, headers, body = await get(port, "/metrics")
    assert code == 200
    assert headers["content-type"].startswith("text/plain")
    assert b'giliran_wait_seconds_sum{queue="general"} 1.5' in body


@pytest.mark.parametrize("path", ["/client.json", "/nothing", "/falls"])
async def test_every_answer_is_guarded(path: str) -> None:
    async def falls(_request: Request) -> Response:
        raise RuntimeError("a page fell")

    async with serving(FakeStatus(), [Route("/falls", falls)]) as port:
        _, headers, _ = await get(port, path)
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'self'; connect-src 'self' ws://127.0.0.1:8765; ")
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "deny"
    assert "server" not in headers


async def test_a_page_that_falls_does_not_take_the_server_with_it() -> None:
    async def falls(_request: Request) -> Response:
        raise RuntimeError("a page fell")

    status = FakeStatus()
    async with serving(status, [Route("/falls", falls)]) as port:
        assert (await get(port, "/falls"))[0] == 500
        assert (await get(port, "/healthz"))[0] == 200
    assert status.restarts == 0


def reset(stream: trio.SocketStream) -> None:
    """Close with a TCP reset."""
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    stream.socket.close()


ABUSES: dict[str, bytes] = {
    "upgrade": UPGRADE,
    "upgrade with a wrong version": UPGRADE.replace(b"Version: 13", b"Version: 8"),
    "upgrade without a key": UPGRADE.replace(b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", b""),
    "garbage": bytes(range(256)) * 8,
    "TLS hello": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 500,
    "HTTP/2 preface and garbage": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\xff" * 200,
    "h2c upgrade": b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\n"
    b"Upgrade: h2c\r\nHTTP2-Settings: !!!!\r\n\r\n",
    "half a request": b"GET /healthz HTTP/1.1\r\nHo",
    "headers too big": b"GET / HTTP/1.1\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
    "two lengths": b"POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
    "nothing": b"",
}


@pytest.mark.parametrize("abuse", ABUSES.values(), ids=ABUSES.keys())
async def test_after_abuse_and_a_reset_the_next_request_is_answered(abuse: bytes) -> None:
    status = FakeStatus()
    async with serving(status) as port:
        for _ in range(3):
            stream = await trio.open_tcp_stream("127.0.0.1", port)
            await stream.send_all(abuse)
            reset(stream)
            assert (await get(port, "/healthz"))[0] == 200
    assert status.restarts == 0


@pytest.mark.parametrize("abuse", ["upgrade", "garbage", "TLS hello", "two lengths"])
async def test_abuse_is_answered_with_an_end(abuse: str) -> None:
    async with serving(FakeStatus()) as port:
        answer = await ask(port, ABUSES[abuse])
        assert b"101 " not in answer[:20]
        assert (await get(port, "/healthz"))[0] == 200


async def test_a_peer_that_reads_nothing_cannot_hold_up_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    sending = trio.Event()

    async def big(_request: Request) -> Response:
        sending.set()
        return Response(b"x" * 30_000_000)

    monkeypatch.setattr(web, "UNREAD_TIMEOUT_MS", 500)
    with trio.fail_after(20):
        async with serving(FakeStatus(), [Route("/big", big)]) as port:
            greedy = await trio.open_tcp_stream("127.0.0.1", port)
            await greedy.send_all(b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n")
            await sending.wait()
            assert (await get(port, "/healthz"))[0] == 200
        await greedy.aclose()


async def test_an_end_is_not_told_as_a_fall() -> None:
    with structlog.testing.capture_logs() as logs:
        async with serving(FakeStatus()) as port:
            await get(port, "/healthz")
    assert logs == []


async def test_an_address_that_is_taken_is_said_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        await serve_http("127.0.0.1", taken.getsockname()[1], FakeStatus())


async def test_what_falls_starts_again_ever_later(autojump_clock: Any) -> None:
    starts: list[float] = []
    restarts: list[float] = []

    async def falls() -> None:
        starts.append(trio.current_time())
        await trio.sleep(100 if len(starts) == 8 else 0)
        raise ExceptionGroup("fell", [RuntimeError("a"), OSError("b")])

    began = trio.current_time()
    with trio.move_on_after(150):
        await contained(falls, lambda: restarts.append(trio.current_time()))
    pauses = [b - a for a, b in zip([began, *starts], starts, strict=False)]
    assert pauses[1:9] == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 100.1])
    assert len(restarts) >= len(starts) - 1


async def test_containing_does_not_stand_in_the_way_of_cancellation(autojump_clock: Any) -> None:
    with trio.move_on_after(3) as scope:
        await contained(trio.sleep_forever, lambda: None)
    assert scope.cancelled_caught
    assert trio.current_time() == pytest.approx(3)


@pytest.mark.parametrize(
    ("url", "host", "expected"),
    [
        ("ws://127.0.0.1:8765", "evil.example", "ws://127.0.0.1:8765"),
        ("ws://0.0.0.0:8765", "10.1.2.3:8080", "ws://10.1.2.3:8765"),
        ("ws://[::]:8765", "[::1]:8080", "ws://[::1]:8765"),
        ("wss://0.0.0.0:8765/ws", "bank.example", "wss://bank.example:8765/ws"),
        ("ws://0.0.0.0:8765", "x; script-src *", "ws://0.0.0.0:8765"),
        ("ws://0.0.0.0:8765", "", "ws://0.0.0.0:8765"),
    ],
)
def test_the_websocket_is_where_the_browser_came_by(url: str, host: str, expected: str) -> None:
    assert reachable(url, host) == expected
