"""The I/O around an upgrade: read one request head, or turn the client away so that it can read why."""

from http import HTTPStatus

import trio

from engine.domain.limits import HEAD_BYTES, LINGER_S
from engine.gateway.handshake import BAD_REQUEST, Rejected, plausible

_END = b"\r\n\r\n"
_RECEIVE_BYTES = 4096


async def read_head(transport: trio.abc.Stream) -> tuple[bytes, bytes]:
    """The request's head, blank line included, and what came after it.

    Raises Rejected, trio.EndOfChannel if the client went away first, and what the transport raises.
    """
    data = b""
    while True:
        more = bytes(await transport.receive_some(_RECEIVE_BYTES))
        if not more:
            raise trio.EndOfChannel
        data += more
        if not plausible(data):
            raise Rejected(BAD_REQUEST)
        head, end, rest = data.partition(_END)
        if len(head) > HEAD_BYTES:
            raise Rejected(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        if end:
            return head + end, rest


async def turn_away(transport: trio.abc.HalfCloseableStream, rejected: Rejected) -> None:
    """Answer, and read on for a moment: closing over unread bytes would destroy the answer on its way."""
    with trio.move_on_after(LINGER_S):
        await transport.send_all(rejected.response)
        await transport.send_eof()
        while await transport.receive_some(_RECEIVE_BYTES):
            pass
