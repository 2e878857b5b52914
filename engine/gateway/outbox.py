"""What waits to be written to one client: messages, made frames when their turn has come, and pings.

A message that waits may take in the one that comes after it (`merge`), so that what is said of a board to
somebody who reads slowly does not pile up.
"""

from collections.abc import Callable
from typing import Any

from attrs import define, field, frozen

from engine.domain.limits import PIECE_BYTES
from engine.gateway.frames import ping_frame

#: A message as a whole frame.
Frame = Callable[[Any], bytes]
#: One message that says what both say, in place of one that waits and the next; None if there is none.
Merge = Callable[[Any, Any], Any]


def apart(_waiting: Any, _message: Any) -> None:
    """Each message by itself."""


@frozen
class _Ping:
    payload: bytes


@define(eq=False)
class Outbox:
    _frame: Frame
    _merge: Merge
    _most: int
    _waiting: list[Any] = field(factory=list, init=False)

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def put(self, message: Any) -> bool:
        """Let it wait; False if too many wait already."""
        if self._waiting and (both := self._merge(self._waiting[-1], message)) is not None:
            self._waiting[-1] = both
        elif len(self._waiting) < self._most:
            self._waiting.append(message)
        else:
            return False
        return True

    def put_ping(self, payload: bytes) -> None:
        self._waiting.append(_Ping(payload))

    def clear(self) -> None:
        self._waiting.clear()

    def take(self) -> tuple[bytes, int]:
        """The next frames, to be written together, and how many of them are messages."""
        batch: list[bytes] = []
        size = taken = messages = 0
        for message in self._waiting:
            taken += 1
            if isinstance(message, _Ping):
                batch.append(ping_frame(message.payload))
            else:
                batch.append(self._frame(message))
                messages += 1
            size += len(batch[-1])
            if size >= PIECE_BYTES:
                break
        del self._waiting[:taken]
        return b"".join(batch), messages
