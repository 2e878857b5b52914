"""Clients that read slowly or not at all: cut when they stop, kept while they go on, no burden to others."""

from typing import Any

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from engine.actors.board_notices import BoardDelta, Gone
from engine.actors.notices import Ok, Signal
from engine.actors.ports import CloseCode
from engine.domain import limits
from engine.gateway.codec import encode
from engine.gateway.frames import text_frame

from .wire import CLOSE, PING, PONG, WireClient, virtual_node

#: a sweep may see a deadline this much later
LATE = limits.SWEEP_EVERY_S


@pytest.fixture
def clock(autojump_clock: MockClock) -> MockClock:
    return autojump_clock


async def test_a_client_that_stops_reading_is_cut_and_nobody_else_notices(clock: MockClock) -> None:
    async with virtual_node() as node:
        stuck = node.listener.connect(lockstep=True)
        await stuck.hello("agent:stuck")
        session = node.reception.last
        session.client.tell(Ok(ref="never read"))
        begin = trio.current_time()
        await node.serves()
        assert trio.current_time() == begin
        await trio.sleep(limits.WRITE_S)
        await wait_all_tasks_blocked()
        assert session.gone_times == 1
        assert (node.gateway.tally.slow, node.gateway.tally.faults) == (1, 0)
        assert node.gateway.sockets()["agent"] == 0


BIG = Signal(data="x" * 1_000_000)


async def sip(client: WireClient, size: int, seconds: float) -> None:
    """Read so much, steadily, in so long, 4 KB at a time; or what there is before the end."""
    rest = size
    while rest > 0 and (read := await client.stream.receive_some(min(rest, 4096))):
        rest -= len(read)
        await trio.sleep(seconds * 4096 / size)


async def test_a_client_that_reads_slowly_but_steadily_gets_what_is_big(clock: MockClock) -> None:
    async with virtual_node() as node:
        slow = node.listener.connect(lockstep=True)
        await slow.hello()
        session = node.reception.last
        session.client.tell(BIG)
        await wait_all_tasks_blocked()
        session.client.tell(Ok(ref="after"))
        size = len(text_frame(encode(BIG)))
        await sip(slow, size, 200.0)
        assert (node.gateway.tally.slow, node.gateway.tally.silent, session.gone_times) == (0, 0, 0)
        assert await slow.hear() == {"type": "ok", "ref": "after"}
        while (frame := await slow.receive())[0] != PING:
            pass
        await slow.send(PONG, frame[1])
        await node.serves()
        assert session.gone_times == 0


async def test_what_changes_on_a_board_while_it_is_slow_is_told_together(clock: MockClock) -> None:
    async with virtual_node() as node:
        slow = node.listener.connect(lockstep=True)
        await slow.hello("supervisor:boss")
        session = node.reception.last
        session.client.tell(BIG)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(sip, slow, len(text_frame(encode(BIG))), 200.0)
            for rev in range(5 * limits.OUTBOX_FRAMES):
                nothing: dict[str, Any] = {"queues": [], "calls": [], "agents": [], "assigned": []}
                session.client.tell(BoardDelta(from_rev=rev, rev=rev + 1, gone=Gone(), **nothing))
                await trio.sleep(0.1)
        assert session.gone_times == 0
        told = await slow.hear()
        assert (told["type"], told["from_rev"], told["rev"]) == ("board.delta", 0, 5 * limits.OUTBOX_FRAMES)


async def test_a_client_that_stops_reading_in_the_middle_of_what_is_big_is_cut(clock: MockClock) -> None:
    async with virtual_node() as node:
        stuck = node.listener.connect(lockstep=True)
        await stuck.hello()
        session = node.reception.last
        session.client.tell(BIG)
        await sip(stuck, 30 * limits.PIECE_BYTES, 120.0)
        await trio.sleep(limits.WRITE_S - 2)
        assert session.gone_times == 0, "the next piece is but begun"
        await trio.sleep(2)
        assert (session.gone_times, node.gateway.tally.slow) == (1, 1)
        await wait_all_tasks_blocked()
        assert node.gateway.sockets()["agent"] == 0


async def test_a_big_frame_does_not_delay_a_close(clock: MockClock) -> None:
    async with virtual_node() as node:
        slow = node.listener.connect(lockstep=True)
        await slow.hello()
        session = node.reception.last
        session.client.tell(BIG)
        await sip(slow, 100_000, 20.0)
        session.client.close(CloseCode.REPLACED, "replaced")
        async with trio.open_nursery() as nursery:
            nursery.start_soon(sip, slow, 900_000, 180.0)
            await trio.sleep(limits.CLOSE_S)
            await wait_all_tasks_blocked()
            assert node.gateway.sockets()["agent"] == 0
        assert session.gone_times == 1


async def test_a_client_that_stops_reading_while_we_close_is_cut_after_two_seconds(clock: MockClock) -> None:
    async with virtual_node() as node:
        stuck = node.listener.connect(lockstep=True)
        await stuck.hello()
        session = node.reception.last
        session.client.tell(Ok(ref="never read"))
        await wait_all_tasks_blocked()
        session.client.close(CloseCode.REPLACED, "replaced")
        await trio.sleep(limits.CLOSE_S)
        await wait_all_tasks_blocked()
        assert node.gateway.sockets()["agent"] == 0
        assert node.gateway.tally.faults == 0


async def test_a_client_that_asks_for_pongs_and_does_not_read_them_is_cut(clock: MockClock) -> None:
    async with virtual_node() as node:
        stuck = node.listener.connect(lockstep=True)
        await stuck.hello()
        await stuck.send(PING, b"x")
        limit = limits.PING_EVERY_S + limits.WRITE_S
        await trio.sleep(limit + 2 * LATE)
        await wait_all_tasks_blocked()
        assert node.reception.last.gone_times == 1
        assert node.gateway.sockets()["agent"] == 0


async def test_an_outbox_that_overflows_closes_its_client_only(clock: MockClock) -> None:
    async with virtual_node() as node:
        client = node.listener.connect()
        await client.hello()
        session = node.reception.last
        for i in range(limits.OUTBOX_FRAMES + 1):
            session.client.tell(Ok(ref=str(i)))
        assert session.gone_times == 1
        assert await client.ending() == CloseCode.OVERLOADED
        await node.serves()


async def test_an_outbox_just_full_is_written_in_order(clock: MockClock) -> None:
    async with virtual_node() as node:
        client = node.listener.connect()
        await client.hello()
        for i in range(limits.OUTBOX_FRAMES):
            node.reception.last.client.tell(Ok(ref=str(i)))
        heard = [(await client.hear())["ref"] for _ in range(limits.OUTBOX_FRAMES)]
        assert heard == [str(i) for i in range(limits.OUTBOX_FRAMES)]


async def test_what_was_said_before_a_close_is_heard_before_it(clock: MockClock) -> None:
    async with virtual_node() as node:
        client = node.listener.connect()
        await client.hello()
        session = node.reception.last
        session.client.tell(Ok(ref="last words"))
        session.client.close(CloseCode.GOING_AWAY, "bye")
        session.client.tell(Ok(ref="too late"))
        assert await client.hear() == {"type": "ok", "ref": "last words"}
        assert await client.receive() == (CLOSE, b"\x03\xf4bye")
