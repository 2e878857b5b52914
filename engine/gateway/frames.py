"""The frame gate: what of a client's WebSocket frames reaches the library at all (RFC 6455, section 5.2).

The gate reads frame headers only, as the bytes come, and hands on one frame at a time. It ends what no client
of ours does: a message announced too large, one in too many pieces, a binary one, pings or pongs without end.
Once we are closing it hands on nothing but the client's Close, so no ping can meet a connection that may not
answer it any more. What is against the protocol is handed on: the library knows how to fail it.
"""

from attrs import define, field, frozen

from engine.actors.ports import CloseCode
from engine.domain.limits import CONTROLS_BURST, CONTROLS_PER_S, FRAGMENTS, SIGNAL_BYTES
from engine.gateway.bucket import Bucket

_CONTINUATION, TEXT, BINARY, _CLOSE, PING, _PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
_CONTROL_BYTES = 125


@frozen
class FrameLimits:
    """What a client's frames may be."""

    message_bytes: int = SIGNAL_BYTES
    fragments: int = FRAGMENTS
    binary: bool = False
    controls_per_s: float = CONTROLS_PER_S
    controls_burst: float = CONTROLS_BURST


class Violation(Exception):
    """A frame that ends the connection. The gate is closing from here on."""

    def __init__(self, code: CloseCode, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


@define(eq=False)
class FrameGate:
    """One client's frames. `feed` it what came, then `take` until there is nothing to take."""

    _limits: FrameLimits
    #: hand on nothing but Close from the next frame on
    closing: bool = field(default=False, init=False)
    #: messages begun so far
    messages: int = field(default=0, init=False)
    #: pings of ours that are not answered yet, oldest first: payload, and by when it must be
    awaited: tuple[tuple[bytes, float], ...] = field(default=(), init=False)
    _data: bytes = field(default=b"", init=False)
    _at: int = field(default=0, init=False)
    #: bytes of the present frame's payload that are still to come, and whether they are handed on
    _left: int = field(default=0, init=False)
    _passing: bool = field(default=True, init=False)
    #: the message that is not finished yet
    _open: bool = field(default=False, init=False)
    _fragments: int = field(default=0, init=False)
    _message_bytes: int = field(default=0, init=False)
    _controls: Bucket | None = field(default=None, init=False)

    @property
    def unfinished(self) -> bool:
        """Whether a frame or a message has begun and not ended."""
        return self._open or self._left > 0 or self._at < len(self._data)

    def feed(self, data: bytes) -> None:
        self._data = self._data[self._at :] + data if self._at < len(self._data) else data
        self._at = 0

    def take(self, now: float) -> bytes:
        """The next bytes to hand on, of one frame at most; empty: feed more. Raises Violation."""
        while True:
            if self._left:
                piece = self._data[self._at : self._at + self._left]
                self._at += len(piece)
                self._left -= len(piece)
                if self._passing or not piece:
                    return piece
            else:
                begin = self._at
                if not self._begin_frame(now):
                    return b""
                if self._passing:
                    end = min(self._at + self._left, len(self._data))
                    self._left -= end - self._at
                    self._at = end
                    return self._data if end - begin == len(self._data) else self._data[begin:end]

    def _begin_frame(self, now: float) -> bool:
        """Step over the next frame's header and judge it; False if it is not all there yet."""
        data, at = self._data, self._at
        if len(data) - at < 2:
            return False
        first, length = data[at], data[at + 1] & 0x7F
        opcode = first & 0x0F
        size = 2 + (4 if data[at + 1] & 0x80 else 0) + {126: 2, 127: 8}.get(length, 0)
        whole_control = opcode >= _CLOSE and length <= _CONTROL_BYTES
        if len(data) - at < size + (length if whole_control else 0):
            return False
        if length == 126:
            length = int.from_bytes(data[at + 2 : at + 4], "big")
        elif length == 127:
            length = int.from_bytes(data[at + 2 : at + 10], "big")
        self._at += size
        self._left = length
        self._passing = opcode == _CLOSE or not self.closing
        answer = opcode == _PONG and whole_control and self._answers(data[at + size - 4 : at + size + length])
        if not self.closing and not answer:
            self._judge(opcode, bool(first & 0x80), length, now)
        return True

    def _answers(self, masked: bytes) -> bool:
        """Whether a pong is to a ping of ours, which it answers with all before it; and no client's whim."""
        if not self.awaited:
            return False
        payload = _unmasked(masked)
        for n, (asked, _) in enumerate(self.awaited, 1):
            if asked == payload:
                self.awaited = self.awaited[n:]
                return True
        return False

    def _judge(self, opcode: int, final: bool, length: int, now: float) -> None:
        if opcode > _CLOSE:
            self._judge_control(now)
        elif opcode < _CLOSE:
            if opcode == BINARY and not self._limits.binary:
                self._violate(CloseCode.NOT_TEXT, "text frames only")
            if opcode != _CONTINUATION:
                self.messages += 1
                self._fragments = self._message_bytes = 0
            self._fragments += 1
            self._message_bytes += length
            self._open = not final
            if self._message_bytes > self._limits.message_bytes:
                self._violate(CloseCode.TOO_BIG, "message too big")
            if self._fragments > self._limits.fragments:
                self._violate(CloseCode.TOO_FAST, "too many fragments")

    def _judge_control(self, now: float) -> None:
        if self._controls is None:
            self._controls = Bucket(self._limits.controls_per_s, self._limits.controls_burst, now)
        if self._controls.take(now):
            self._violate(CloseCode.TOO_FAST, "too many pings")

    def _violate(self, code: CloseCode, reason: str) -> None:
        self.closing = True
        self._passing = False
        raise Violation(code, reason)


def _unmasked(masked: bytes) -> bytes:
    """A payload of which the first four bytes are the mask."""
    mask, payload = masked[:4], masked[4:]
    return bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))


def server_frame(opcode: int, payload: bytes) -> bytes:
    """A server's frame: final and unmasked."""
    size = len(payload)
    if size <= _CONTROL_BYTES:
        return bytes((0x80 | opcode, size)) + payload
    if size < 2**16:
        return bytes((0x80 | opcode, 126)) + size.to_bytes(2, "big") + payload
    return bytes((0x80 | opcode, 127)) + size.to_bytes(8, "big") + payload


def text_frame(payload: bytes) -> bytes:
    return server_frame(TEXT, payload)


def ping_frame(payload: bytes) -> bytes:
    return server_frame(PING, payload)


def is_close(frame: bytes | bytearray | memoryview) -> bool:
    return frame[0] == 0x80 | _CLOSE
