"""What waits to be written: in order, in batches, up to a bound, and taken in by what waits before it."""

from typing import Any

from engine.domain.limits import PIECE_BYTES
from engine.gateway.frames import ping_frame
from engine.gateway.outbox import Outbox, apart


def framed(message: str) -> bytes:
    return message.encode()


def joined(waiting: str, message: str) -> str | None:
    """Texts of one letter become one."""
    return waiting + message if waiting[0] == message[0] else None


def full(*messages: str, merge: Any = apart, most: int = 4) -> Outbox:
    made = Outbox(framed, merge, most)
    assert all(made.put(message) for message in messages)
    return made


def test_what_waits_goes_together_and_is_counted() -> None:
    box = full("a", "b")
    box.put_ping(b"1")
    assert box.take() == (b"ab" + ping_frame(b"1"), 2)
    assert not box


def test_what_is_big_ends_a_batch() -> None:
    big = "x" * PIECE_BYTES
    box = full("a", big, "b")
    assert box.take() == (f"a{big}".encode(), 2)
    assert box.take() == (b"b", 1)


def test_too_many_are_too_many_but_what_is_taken_in_takes_no_place() -> None:
    assert not full("a", "b", "c", "d").put("e")
    box = full("a", "b", "c", "d1", "d2", "d3", merge=joined)
    assert not box.put("e")
    assert box.take() == (b"abcd1d2d3", 4)


def test_only_the_next_one_is_taken_in() -> None:
    box = full("a", "b", "a", merge=joined)
    box.put_ping(b"1")
    box.clear()
    assert not box
    assert full("a", "b", "a", merge=joined).take() == (b"aba", 3)
