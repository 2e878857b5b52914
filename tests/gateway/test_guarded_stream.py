"""The stream between the network and the library: frames one by one, and nothing after a Close."""

from collections.abc import Callable

import pytest
import trio
from attrs import define, field
from trio.testing import memory_stream_pair

from engine.actors.ports import CloseCode
from engine.domain.limits import PIECE_BYTES
from engine.gateway.frames import FrameGate, FrameLimits, text_frame
from engine.gateway.guarded_stream import GuardedStream

from .wire import BINARY, CLOSE, TEXT, client_frame


@define
class Witness:
    seen: list[tuple[CloseCode, str]] = field(factory=list)
    begun: list[float] = field(factory=list)

    def violated(self, code: CloseCode, reason: str) -> None:
        self.seen.append((code, reason))

    def unfinished(self, since: float) -> None:
        self.begun.append(since)


@pytest.fixture
def make() -> Callable[[bytes], tuple[trio.abc.Stream, GuardedStream, Witness]]:
    def make(begin: bytes = b"") -> tuple[trio.abc.Stream, GuardedStream, Witness]:
        ours, theirs = memory_stream_pair()
        witness = Witness()
        return ours, GuardedStream(theirs, FrameGate(FrameLimits()), begin, witness), witness

    return make


Make = Callable[
    ..., tuple[trio.StapledStream[trio.abc.SendStream, trio.abc.ReceiveStream], GuardedStream, Witness]
]


async def test_the_upgrade_request_comes_first_then_frames_one_by_one(make: Make) -> None:
    client, stream, _ = make(b"GET /")
    frames = [client_frame(TEXT, b"a"), client_frame(CLOSE, b"\x03\xe8")]
    await client.send_all(b"".join(frames))
    await client.send_stream.aclose()
    assert [await stream.receive_some(4096) for _ in range(4)] == [b"GET /", *frames, b""]


async def test_a_violation_is_told_and_what_follows_is_dropped(make: Make) -> None:
    client, stream, witness = make()
    goodbye = client_frame(CLOSE, b"\x03\xe8")
    await client.send_all(client_frame(BINARY, b"x") + client_frame(TEXT, b"y") + goodbye)
    assert await stream.receive_some(4096) == goodbye
    assert witness.seen == [(CloseCode.NOT_TEXT, "text frames only")]


async def test_frames_of_ours_follow_those_of_the_library(make: Make) -> None:
    client, stream, _ = make()
    await stream.send_all(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")
    await stream.write(text_frame(b"{}"), never)
    assert await client.receive_some() == b"HTTP/1.1 101 Switching Protocols\r\n\r\n" + text_frame(b"{}")


def never() -> None:
    raise AssertionError("one piece is all there is")


async def test_a_big_frame_goes_in_pieces_and_nothing_comes_between_them(make: Make) -> None:
    client, stream, _ = make()
    big, pong = text_frame(b"x" * (2 * PIECE_BYTES)), b"\x8a\x00"
    passed: list[int] = []
    async with trio.open_nursery() as nursery:

        def tell() -> None:
            passed.append(1)
            nursery.start_soon(stream.send_all, pong)

        nursery.start_soon(stream.write, big, tell)
    assert len(passed) == 2
    assert await client.receive_some() == big + pong + pong


async def test_nothing_follows_a_close(make: Make) -> None:
    client, stream, _ = make()
    await stream.send_all(b"\x88\x02\x03\xe8")
    with pytest.raises(trio.ClosedResourceError):
        await stream.write(text_frame(b"{}"), never)
    await stream.aclose()
    assert await client.receive_some() == b"\x88\x02\x03\xe8"


async def test_each_message_has_its_own_time_to_end(
    make: Make, autojump_clock: trio.testing.MockClock
) -> None:
    client, stream, witness = make()
    whole = client_frame(TEXT, b"hello")
    for _ in range(3):
        await client.send_all(whole[3:] + whole[:3] if witness.begun else whole[:3])
        with trio.move_on_after(4):
            while True:
                await stream.receive_some(4096)
    assert witness.begun == [0.0, 4.0, 8.0]
