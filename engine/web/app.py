"""HTTP on a port of its own: health, readiness, metrics, version, and where the WebSocket is.

It reads `Status` and decides nothing. It is contained: whatever goes wrong in it is logged and HTTP alone
starts again, on the same listening socket, while calls go on. Browsers get a strict content policy whose only
addition is the WebSockets' origins: another port is not `'self'`.
"""

import logging
import re
import socket
from collections.abc import Awaitable, Callable, Sequence
from os import dup
from typing import Protocol, cast
from urllib.parse import urlsplit, urlunsplit

import anycorn
import structlog
import trio
from anycorn.typing import Framework
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = structlog.get_logger()

READ_TIMEOUT_S = 10
KEEP_ALIVE_S = 5
#: A peer that takes nothing for so long is cut by the kernel: the server's own send has no deadline.
UNREAD_TIMEOUT_MS = 5_000
FIRST_PAUSE_S, LONGEST_PAUSE_S, CALM_S = 0.1, 5.0, 60.0
SUBPROTOCOL = "giliran.v1"
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(:[0-9]{1,5})?")
_ANY_HOST = frozenset({"0.0.0.0", "::"})
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(self), geolocation=()",
}


class Status(Protocol):
    """What HTTP tells of its node."""

    @property
    def node(self) -> str: ...

    @property
    def version(self) -> str: ...

    @property
    def ws_url(self) -> str:
        """Where browsers reach the WebSocket port; a host of 0.0.0.0 or :: means the host they came by."""
        ...

    @property
    def other_ws_urls(self) -> Sequence[str]:
        """Where they reach other nodes, should this one be away."""
        ...

    @property
    def registry(self) -> CollectorRegistry: ...

    def not_ready(self) -> list[str]:
        """Why this node takes no traffic now, e.g. "store away" or "draining"; empty while it does."""
        ...

    def http_restarted(self) -> None:
        """HTTP fell and starts again; calls were not touched."""
        ...


async def serve_http(
    host: str,
    port: int,
    status: Status,
    *,
    routes: Sequence[BaseRoute] = (),
    task_status: trio.TaskStatus[int] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve until cancelled; reports the bound port. Raises OSError if the address cannot be had."""
    app = make_app(status, routes)
    with await _listen(host, port) as listener:
        task_status.started(listener.getsockname()[1])
        await contained(lambda: _serve(app, listener), status.http_restarted)


async def contained(serve: Callable[[], Awaitable[None]], restarted: Callable[[], None]) -> None:
    """Run `serve` for ever: when it falls or ends, wait longer each time, then run it anew."""
    pause_s = FIRST_PAUSE_S
    while True:
        began = trio.current_time()
        try:
            await serve()
            log.warning("http_ended", again_in_s=pause_s)
        except* Exception:
            log.exception("http_fell", again_in_s=pause_s)
        if trio.current_time() - began > CALM_S:
            pause_s = FIRST_PAUSE_S
        await trio.sleep(pause_s)
        pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
        restarted()


def make_app(status: Status, routes: Sequence[BaseRoute] = ()) -> ASGIApp:
    """The ASGI application; `routes` are tried after the node's own."""

    async def healthz(_request: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def readyz(_request: Request) -> Response:
        reasons = status.not_ready()
        return JSONResponse({"ready": not reasons, "reasons": reasons}, 503 if reasons else 200)

    async def metrics(_request: Request) -> Response:
        return Response(generate_latest(status.registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def version(_request: Request) -> Response:
        return JSONResponse({"name": "giliran", "version": status.version, "node": status.node})

    async def client(request: Request) -> Response:
        url = reachable(status.ws_url, request.headers.get("host", ""))
        return JSONResponse({"ws": url, "others": list(status.other_ws_urls), "subprotocol": SUBPROTOCOL})

    own = {
        "/healthz": healthz,
        "/readyz": readyz,
        "/metrics": metrics,
        "/version": version,
        "/client.json": client,
    }
    app = Starlette(routes=[*(Route(path, answer) for path, answer in own.items()), *routes])
    app.router.redirect_slashes = False  # its redirect names a scheme, which behind a proxy is the wrong one
    return _Guarded(app, status)


def reachable(ws_url: str, host_header: str) -> str:
    """The WebSocket URL for a browser that reached this node by the address in its Host header."""
    parts = urlsplit(ws_url)
    came_by = _HOST.fullmatch(host_header)
    if parts.hostname not in _ANY_HOST or came_by is None:
        return ws_url
    port = "" if parts.port is None else f":{parts.port}"
    return urlunsplit(parts._replace(netloc=came_by[1] + port))


class _Guarded:
    """HTTP only, with security headers on every answer, errors too."""

    def __init__(self, app: ASGIApp, status: Status) -> None:
        self._app = app
        self._status = status

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": "wrong port"})
            return
        if scope["type"] == "lifespan":
            await _live(receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in (*_HEADERS.items(), ("Content-Security-Policy", self._policy(scope))):
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self._app(scope, receive, send_guarded)

    def _policy(self, scope: Scope) -> str:
        hosts = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
        own = reachable(self._status.ws_url, hosts[0] if hosts else "")
        parts = [urlsplit(url) for url in (own, *self._status.other_ws_urls)]
        sockets = " ".join(dict.fromkeys(f"{part.scheme}://{part.netloc}" for part in parts))
        return (
            f"default-src 'self'; connect-src 'self' {sockets}; object-src 'none'; "
            "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )


async def _live(receive: Receive, send: Send) -> None:
    """The server's start and end. Starlette's own answer to a cancellation here would look like a failure."""
    for what in ("startup", "shutdown"):
        await receive()
        await send({"type": f"lifespan.{what}.complete"})


async def _listen(host: str, port: int) -> socket.socket:
    """One listening socket that outlives the server on it. Its accepted sockets inherit its options."""
    [first, *_] = await trio.socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, kind, proto, _, address = first
    listener = socket.socket(family, kind, proto)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNREAD_TIMEOUT_MS)
        listener.bind(address)
        listener.listen(256)
    except OSError:
        listener.close()
        raise
    return listener


async def _serve(app: ASGIApp, listener: socket.socket) -> None:
    config = anycorn.Config()
    config.bind = [f"fd://{dup(listener.fileno())}"]
    config.errorlog = logging.getLogger("giliran.http")
    config.read_timeout = READ_TIMEOUT_S
    config.keep_alive_timeout = KEEP_ALIVE_S
    config.h11_max_incomplete_size = 16 * 1024
    config.include_server_header = False
    await anycorn.serve(cast(Framework, app), config, mode="asgi")
