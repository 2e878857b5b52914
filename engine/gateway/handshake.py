"""The HTTP upgrade: who may come in at all. No I/O here.

A request is judged whole, before any WebSocket library sees it; the library then gets a request that we wrote
ourselves, with nothing of the client's in it but its key. What is refused gets one plain HTTP answer.
"""

import base64
import re
from http import HTTPStatus

import h11
from attrs import frozen

from engine.domain.limits import HEADERS

_HOST = re.compile(r"[A-Za-z0-9._:\[\]-]{1,255}")
_TOKENS = re.compile(r"[ \t]*,[ \t]*")

Headers = tuple[tuple[str, str], ...]


class Rejected(Exception):
    """The upgrade is refused with this HTTP status."""

    def __init__(self, status: HTTPStatus, *headers: tuple[str, str]) -> None:
        super().__init__(f"{status.value} {status.phrase}")
        self.status = status
        self.headers: Headers = headers

    @property
    def response(self) -> bytes:
        body = f"{self.status.phrase}\n"
        headers = (
            *self.headers,
            ("Content-Type", "text/plain"),
            ("Content-Length", str(len(body))),
            ("Connection", "close"),
        )
        lines = [f"HTTP/1.1 {self.status.value} {self.status.phrase}"]
        lines += [f"{name}: {value}" for name, value in headers]
        return "\r\n".join([*lines, "", body]).encode("ascii")


BAD_REQUEST = HTTPStatus.BAD_REQUEST


@frozen
class Door:
    """What may be asked for. Without a subprotocol none is needed; without origins (None) any is welcome."""

    paths: frozenset[str]
    subprotocol: str | None
    origins: frozenset[str] | None


@frozen
class Entry:
    """An upgrade that is granted."""

    path: str
    key: str

    def request(self, subprotocol: str | None) -> bytes:
        """The same wish in our own words, for the library."""
        offered = f"Sec-WebSocket-Protocol: {subprotocol}\r\n" if subprotocol else ""
        return (
            f"GET {self.path} HTTP/1.1\r\nHost: gateway\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {self.key}\r\n{offered}\r\n"
        ).encode("ascii")


def plausible(begin: bytes) -> bool:
    """Whether the first bytes of a connection can become an upgrade: TLS and other protocols cannot."""
    return begin[:4] == b"GET "[: len(begin)]


def judge(head: bytes, door: Door) -> Entry:
    """Read the upgrade request `head`, blank line included. Raises Rejected."""
    request = _parsed(head)
    target = request.target.decode("ascii")
    path, query, _ = target.partition("?")
    if query:  # whatever it holds: secrets have no place in a URL
        raise Rejected(BAD_REQUEST)
    if path not in door.paths:
        raise Rejected(HTTPStatus.NOT_FOUND)
    fields = _Fields(request)
    if "upgrade" not in fields.tokens("connection") or fields.tokens("upgrade") != ["websocket"]:
        raise Rejected(HTTPStatus.UPGRADE_REQUIRED, ("Upgrade", "websocket"), ("Connection", "Upgrade"))
    if fields.only("sec-websocket-version") != "13":
        raise Rejected(HTTPStatus.UPGRADE_REQUIRED, ("Sec-WebSocket-Version", "13"))
    _judge_origin(fields, door)
    if door.subprotocol is not None and door.subprotocol not in fields.listed("sec-websocket-protocol"):
        raise Rejected(BAD_REQUEST)
    return Entry(path, _key(fields.only("sec-websocket-key")))


def _parsed(head: bytes) -> h11.Request:
    """The request line and headers, if they are HTTP/1.1, a GET, have one Host and no body."""
    parser = h11.Connection(h11.SERVER, max_incomplete_event_size=len(head))
    try:
        parser.receive_data(head)
        request = parser.next_event()
    except h11.RemoteProtocolError:
        raise Rejected(BAD_REQUEST) from None
    if type(request) is not h11.Request or request.method != b"GET" or request.http_version != b"1.1":
        raise Rejected(BAD_REQUEST)
    names = [name for name, _ in request.headers]
    if len(names) > HEADERS or b"content-length" in names or b"transfer-encoding" in names:
        raise Rejected(BAD_REQUEST)
    if _HOST.fullmatch(_Fields(request).only("host")) is None:
        raise Rejected(BAD_REQUEST)
    return request


class _Fields:
    """A request's headers; values that are not ASCII are refused where they are looked at."""

    def __init__(self, request: h11.Request) -> None:
        self._headers = request.headers

    def all(self, name: str) -> list[str]:
        found = [value for key, value in self._headers if key == name.encode()]
        if not all(value.isascii() for value in found):
            raise Rejected(BAD_REQUEST)
        return [value.decode("ascii") for value in found]

    def only(self, name: str) -> str:
        """The value of a header that must be there once."""
        values = self.all(name)
        if len(values) != 1:
            raise Rejected(BAD_REQUEST)
        return values[0]

    def listed(self, name: str) -> list[str]:
        """A comma-separated list, over all headers of that name."""
        return [each for value in self.all(name) for each in _TOKENS.split(value.strip())]

    def tokens(self, name: str) -> list[str]:
        return [each.lower() for each in self.listed(name)]


def _judge_origin(fields: _Fields, door: Door) -> None:
    """Native apps send none; a browser's must be one of ours, to the letter."""
    origins = fields.all("origin")
    if len(origins) > 1:
        raise Rejected(BAD_REQUEST)
    if origins and door.origins is not None and origins[0] not in door.origins:
        raise Rejected(HTTPStatus.FORBIDDEN)


def _key(key: str) -> str:
    try:
        nonce = base64.b64decode(key, validate=True)
    except ValueError:
        raise Rejected(BAD_REQUEST) from None
    if len(nonce) != 16:
        raise Rejected(BAD_REQUEST)
    return key
