"""Every deadline of a connection, to the moment, in virtual time and without a network."""

import math
from contextlib import suppress

import pytest
import trio
from structlog.testing import capture_logs
from trio.testing import MockClock, wait_all_tasks_blocked

from engine.actors.notices import CallOffered, Offer, OfferedCall, OfferEnded, Person
from engine.actors.ports import CloseCode
from engine.domain import limits
from engine.domain.lifecycle import OfferEnd

from .fakes import FakeSession
from .wire import CLOSE, PING, PONG, TEXT, WireClient, upgrade_request, virtual_node

OFFER = Offer(
    offer_id="o",
    call=OfferedCall(
        call_id="c",
        queue="q",
        tier="regular",
        customer=Person(id="budi", name="Budi"),
        skills={},
        attributes={},
        waited_ms=0,
    ),
    deadline_at=9,
    why={},
)
#: a sweep may see a deadline this much later
LATE = limits.SWEEP_EVERY_S


@pytest.fixture
def clock(autojump_clock: MockClock) -> MockClock:
    return autojump_clock


async def ended_after(client: WireClient) -> tuple[int | None, float]:
    """The close code, and the seconds from now until the stream ended; Close is not answered."""
    begin = trio.current_time()
    code = await client.ending(answer=False)
    return code, trio.current_time() - begin


async def drip(client: WireClient, data: bytes, every_s: float) -> None:
    """Send byte by byte, whatever becomes of it."""
    with suppress(trio.BrokenResourceError, trio.ClosedResourceError):
        for byte in data:
            await client.stream.send_all(bytes((byte,)))
            await trio.sleep(every_s)


async def test_silence_is_cut_at_five_seconds(clock: MockClock) -> None:
    async with virtual_node() as node:
        client = node.listener.connect()
        assert await ended_after(client) == (None, 5.0)
        await node.serves()


async def test_headers_that_drip_are_cut_at_five_seconds(clock: MockClock) -> None:
    async with virtual_node() as node:
        client = node.listener.connect()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(drip, client, upgrade_request(), 0.5)
            assert await ended_after(client) == (None, 5.0)
            nursery.cancel_scope.cancel()
        await node.serves()


async def test_a_client_that_never_says_hello_is_closed(clock: MockClock) -> None:
    async with virtual_node() as node:
        client = node.listener.connect()
        assert await client.upgrade() == 101
        code, seconds = await ended_after(client)
        assert code == CloseCode.NO_HELLO
        # it does not answer our Close either
        assert 5.0 + limits.CLOSE_S <= seconds <= 5.0 + limits.CLOSE_S + LATE
        await node.serves()


async def test_a_client_that_answers_our_close_is_gone_at_once(clock: MockClock) -> None:
    async with virtual_node() as node:
        client = node.listener.connect()
        await client.hello()
        node.reception.last.client.close(CloseCode.REPLACED, "replaced")
        assert await client.receive() == (CLOSE, b"\x0f\xa1replaced")
        await client.send(CLOSE, b"\x0f\xa1")
        assert await ended_after(client) == (None, 0.0)
        assert node.reception.last.gone_times == 1


async def test_a_client_that_ignores_our_close_is_cut_two_seconds_later(clock: MockClock) -> None:
    async with virtual_node() as node:
        client = node.listener.connect()
        await client.hello()
        node.reception.last.client.close(CloseCode.REPLACED, "replaced")
        assert await ended_after(client) == (CloseCode.REPLACED, limits.CLOSE_S)
        await node.serves()


@pytest.mark.parametrize("size", [2**16 + 1, 2**40, 2**63])
async def test_an_oversized_message_is_closed_over_even_if_the_client_goes_on_sending(
    size: int, clock: MockClock
) -> None:
    async with virtual_node() as node:
        client = node.listener.connect()
        await client.hello()
        await client.stream.send_all(b"\x81\xff" + size.to_bytes(8, "big") + b"mask")
        async with trio.open_nursery() as nursery:
            nursery.start_soon(drip, client, b"x" * 100_000, 0.1)
            assert await ended_after(client) == (CloseCode.TOO_BIG, limits.CLOSE_S)
            nursery.cancel_scope.cancel()
        assert node.reception.last.gone_times == 1
        await node.serves()


async def test_pings_that_cross_our_close_are_not_answered_and_do_no_harm(clock: MockClock) -> None:
    async with virtual_node() as node:
        client = node.listener.connect()
        await client.hello()
        node.reception.last.client.close(CloseCode.REPLACED, "replaced")
        for _ in range(20):
            await client.send(PING, b"are you there")
        assert await client.receive() == (CLOSE, b"\x0f\xa1replaced")
        for _ in range(20):
            await client.send(PING, b"are you there")
        assert await ended_after(client) == (None, limits.CLOSE_S)
        assert node.gateway.tally.faults == 0
        await node.serves()


async def test_a_ping_handed_over_with_what_made_us_close(clock: MockClock) -> None:
    async with virtual_node() as node:
        client = node.listener.connect()
        await client.hello()
        bad = b"\x81\x81\0\0\0\0{"
        await client.stream.send_all((bad + b"\x89\x80\0\0\0\0") * 5)
        assert await client.ending() == CloseCode.BAD_FRAMES
        assert node.gateway.tally.faults == 0


async def test_a_message_left_unfinished_is_closed_after_ten_seconds(clock: MockClock) -> None:
    async with virtual_node() as node:
        client = node.listener.connect()
        await client.hello()
        await trio.sleep(3)
        await client.send(TEXT, b"{", final=False)
        code, seconds = await ended_after(client)
        assert code == CloseCode.TOO_FAST
        assert limits.FRAGMENTS_S <= seconds - limits.CLOSE_S <= limits.FRAGMENTS_S + LATE


@pytest.mark.parametrize("part", [b"\x81", b"\x81\x85", b"\x81\x85mask", b"\x81\x85maskxx"])
async def test_a_frame_left_unfinished_too(part: bytes, clock: MockClock) -> None:
    async with virtual_node() as node:
        client = node.listener.connect()
        await client.hello()
        await client.stream.send_all(part)
        assert (await ended_after(client))[0] == CloseCode.TOO_FAST


async def test_who_is_silent_but_answers_pings_stays(clock: MockClock) -> None:
    async with virtual_node() as node:
        client = node.listener.connect()
        await client.hello()
        begin = trio.current_time()
        for count in range(1, 11):
            opcode, payload = await client.receive()
            assert opcode == PING
            due = begin + count * limits.PING_EVERY_S
            assert due <= trio.current_time() <= due + count * LATE
            await client.send(PONG, payload)
        assert node.reception.last.gone_times == 0


async def test_who_does_not_answer_a_ping_is_dropped_without_ceremony(clock: MockClock) -> None:
    async with virtual_node() as node:
        client = node.listener.connect()
        await client.hello()
        code, seconds = await ended_after(client)
        expected = limits.PING_EVERY_S + limits.PONG_S
        assert code is None
        assert expected <= seconds <= expected + 2 * LATE
        assert node.reception.last.gone_times == 1
        assert node.gateway.tally.silent == 1


async def test_the_pong_of_an_earlier_ping_does_not_count(clock: MockClock) -> None:
    async with virtual_node() as node:
        client = node.listener.connect()
        await client.hello()
        _, first = await client.receive()
        node.reception.last.client.tell(OFFER)
        await client.send(PONG, first)
        _, seconds = await ended_after(client)
        assert limits.OFFER_PONG_S <= seconds <= limits.OFFER_PONG_S + LATE


async def test_an_offer_finds_out_within_three_seconds_that_nobody_is_there(clock: MockClock) -> None:
    async with virtual_node() as node:
        client = node.listener.connect()
        await client.hello()
        node.reception.last.client.tell(OFFER)
        assert (await client.hear())["type"] == "offer"
        code, seconds = await ended_after(client)
        assert (code, node.reception.last.gone_times) == (None, 1)
        assert limits.OFFER_PONG_S <= seconds <= limits.OFFER_PONG_S + LATE


async def test_an_offer_to_somebody_who_is_there(clock: MockClock) -> None:
    async with virtual_node() as node:
        client = node.listener.connect()
        await client.hello()
        node.reception.last.client.tell(OFFER)
        assert (await client.hear())["type"] == "offer"
        opcode, payload = await client.receive()
        assert opcode == PING
        await client.send(PONG, payload)
        await trio.sleep(2 * limits.OFFER_PONG_S)
        assert node.reception.last.gone_times == 0
        await client.say({"type": "offer.accept", "offer_id": "o", "ref": "a"})
        assert await client.hear() == {"type": "ok", "ref": "a"}


async def test_an_expired_token_closes_the_session(clock: MockClock) -> None:
    async with virtual_node() as node:
        client = node.listener.connect()
        await client.hello(f"agent:ayu:{math.ceil(trio.current_time()) + 12}")
        begin = trio.current_time()
        code, _ = await ended_after(client)
        assert code == CloseCode.TOKEN
        assert trio.current_time() - begin <= 12 + LATE + limits.CLOSE_S


class Faulty(FakeSession):
    """A session with a bug that only time brings out."""

    def gone(self) -> None:
        raise RuntimeError("a bug")


async def test_a_fault_in_what_time_brings_ends_one_connection_and_time_goes_on(clock: MockClock) -> None:
    async with virtual_node() as node:
        node.reception.make = Faulty
        client = node.listener.connect()
        await client.hello(f"agent:ayu:{math.ceil(trio.current_time()) + 2}")
        with capture_logs() as logs:
            assert await client.ending() is None
            await wait_all_tasks_blocked()
        assert [entry["event"] for entry in logs] == ["a connection failed"]
        assert node.gateway.tally.faults == 1
        silent = node.listener.connect()
        await silent.upgrade()
        assert await silent.ending() == CloseCode.NO_HELLO


async def test_draining_lets_a_pending_offer_end(clock: MockClock) -> None:
    async with virtual_node() as node:
        idle, offered = node.listener.connect(), node.listener.connect()
        await idle.hello("agent:idle")
        await offered.hello("agent:offered")
        session = node.reception.last
        session.client.tell(OFFER)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(node.gateway.drain, 30.0)
            assert (await idle.hear())["draining"] is True
            assert await idle.ending() == CloseCode.GOING_AWAY
            assert [(await offered.hear())["type"] for _ in range(2)] == ["offer", "service"]
            late = node.listener.connect()
            assert await late.upgrade() == 503
            session.client.tell(OfferEnded(offer_id="o", reason=OfferEnd.RESCINDED))
            assert (await offered.hear())["type"] == "offer.ended"
            opcode, payload = await offered.receive()
            assert (opcode, payload[:2]) == (CLOSE, (1012).to_bytes(2, "big"))
            await offered.send(CLOSE, payload)


async def test_draining_does_not_wait_for_ever(clock: MockClock) -> None:
    async with virtual_node() as node:
        client = node.listener.connect()
        await client.hello("customer:budi")
        node.reception.last.client.tell(CallOffered())
        begin = trio.current_time()
        await node.gateway.drain(7.0)
        assert trio.current_time() - begin == 7.0 + limits.CLOSE_S
        assert node.gateway.sockets().total() == 0


async def test_a_reaped_boot_closes_everybody_and_serves_again(clock: MockClock) -> None:
    async with virtual_node() as node:
        clients = [node.listener.connect() for _ in range(3)]
        for i, client in enumerate(clients):
            await client.hello(f"agent:a{i}")
        node.reception.last.client.tell(OFFER)
        await node.gateway.close_all(CloseCode.GOING_AWAY, "reaped")
        assert [await client.ending() for client in clients] == [CloseCode.GOING_AWAY] * 3
        assert [session.gone_times for session in node.reception.sessions] == [1, 1, 1]
        await node.serves()
