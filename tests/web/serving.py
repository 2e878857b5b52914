"""A node's HTTP side served for real, and the smallest client that shows every byte."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import trio
from attrs import define, field
from prometheus_client import CollectorRegistry
from starlette.routing import BaseRoute

from engine.observability.metrics import NodeMetrics
from engine.web.app import serve_http


@define
class FakeStatus:
    node: str = "node-1"
    version: str = "1.2.3"
    ws_url: str = "ws://127.0.0.1:8765"
    other_ws_urls: tuple[str, ...] = ()
    metrics: NodeMetrics = field(factory=NodeMetrics)
    reasons: list[str] = field(factory=list)
    restarts: int = 0

    @property
    def registry(self) -> CollectorRegistry:
        return self.metrics.registry

    def not_ready(self) -> list[str]:
        return self.reasons

    def http_restarted(self) -> None:
        self.restarts += 1


@asynccontextmanager
async def serving(status: FakeStatus, routes: Sequence[BaseRoute] = ()) -> AsyncIterator[int]:
    async with trio.open_nursery() as nursery:
        port: int = await nursery.start(lambda task_status: _serve(status, routes, task_status))
        with trio.fail_after(30):
            yield port
        nursery.cancel_scope.cancel()


async def _serve(status: FakeStatus, routes: Sequence[BaseRoute], task_status: trio.TaskStatus[int]) -> None:
    await serve_http("127.0.0.1", 0, status, routes=routes, task_status=task_status)


async def ask(port: int, request: bytes) -> bytes:
    """Everything the server says until it closes."""
    stream = await trio.open_tcp_stream("127.0.0.1", port)
    async with stream:
        await stream.send_all(request)
        return b"".join([part async for part in stream])


async def get(
    port: int, path: str, host: str = "127.0.0.1", method: str = "GET", **more: str
) -> tuple[int, dict[str, str], bytes]:
    """The answer's status, headers (in lower case) and body; `more` are request headers, _ for -."""
    said = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in more.items())
    request = f"{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{said}\r\n"
    answer = await ask(port, request.encode())
    head, _, body = answer.partition(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines)
    return int(status.split()[1]), headers, body
