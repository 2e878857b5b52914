"""A person's link, against a real WebSocket server that follows a script."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from random import Random
from typing import Any

import orjson
import pytest
import trio
from attrs import define, field
from trio_websocket import ConnectionClosed, WebSocketConnection, WebSocketRequest, serve_websocket
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, Request, TextMessage

from engine.actors.ports import CloseCode
from engine.gateway.messages import Role, ServerMessage
from engine.replay.frames import UnknownFrame, reader
from engine.replay.link import Link
from engine.replay.people import Deeds, Later, Leave, SimCustomer, Turn
from engine.replay.rows import CallRow

WELCOME = {
    "type": "welcome",
    "protocol": 1,
    "session": "s",
    "node": "n",
    "server_time": 1,
    "state": "idle",
    "config": {},
}
QUEUED = {
    "type": "call.queued",
    "call_id": "c1",
    "queue": "q",
    "position": 1,
    "ewt_ms": {"p50": 1, "p90": 2},
    "resume_token": "place",
}
ENDED = {"type": "call.ended", "call_id": "c1", "reason": "completed", "by": "customer"}
ROW = CallRow(id="r1", arrive_s=0, queue="q", handle_s=1)

Script = Callable[["Visit"], Awaitable[None]]


@define
class Visit:
    """One connection, as the server sees it."""

    socket: WebSocketConnection

    async def hear(self) -> dict[str, Any]:
        frame: dict[str, Any] = orjson.loads(await self.socket.get_message())
        return frame

    async def say(self, *frames: dict[str, Any]) -> None:
        for frame in frames:
            await self.socket.send_message(orjson.dumps(frame).decode())


@define
class Server:
    """Follows one script a connection, and remembers how many there were."""

    scripts: list[Script]
    visits: int = 0
    codes: list[int] = field(factory=list)

    async def serve(self, request: WebSocketRequest) -> None:
        assert request.proposed_subprotocols == ("giliran.v1",)
        visit = Visit(await request.accept(subprotocol="giliran.v1"))
        script = self.scripts[self.visits]
        self.visits += 1
        await script(visit)
        try:
            await visit.socket.get_message()
        except ConnectionClosed as closed:
            self.codes.append(closed.reason.code if closed.reason else 0)


@asynccontextmanager
async def serving(*scripts: Script) -> AsyncIterator[tuple[Server, str]]:
    server = Server(list(scripts))
    async with trio.open_nursery() as nursery:
        started = await nursery.start(partial(serve_websocket, server.serve, "127.0.0.1", 0, None))
        with trio.fail_after(30):
            yield server, f"ws://127.0.0.1:{started.port}"
        nursery.cancel_scope.cancel()


def a_link(url: str, person: Any, speed: float = 1000.0) -> Link:
    return Link((url,), person, reader(Role.CUSTOMER), lambda: "token", Random(1), speed=speed)


async def test_who_loses_his_link_comes_back_with_his_place_and_asks_again() -> None:
    heard: list[dict[str, Any]] = []

    async def first(visit: Visit) -> None:
        assert await visit.hear() == {"type": "hello", "token": "token"}
        await visit.say(WELCOME)
        heard.append(await visit.hear())
        await visit.say(QUEUED)
        await visit.socket.aclose(CloseCode.GOING_AWAY, "going away")

    async def second(visit: Visit) -> None:
        assert (await visit.hear())["resume"] == "place"
        await visit.say({**WELCOME, "state": "waiting"})
        heard.append(await visit.hear())
        await visit.say({"type": "ok", "ref": heard[-1]["ref"]}, QUEUED, ENDED)

    async with serving(first, second) as (server, url):
        link = a_link(url, SimCustomer(ROW))
        await link.run()
    asked = {"type": "call.request", "request_id": "r1", "queue": "q", "ref": "1"}
    assert [{key: frame[key] for key in asked} for frame in heard] == [asked, asked]
    assert (link.connects, link.closes) == (2, {1012: 1, 1000: 1})
    assert server.codes[-1] == CloseCode.NORMAL


async def test_who_finds_nobody_goes_on_to_the_next_address() -> None:
    async def script(visit: Visit) -> None:
        await visit.hear()
        await visit.say(WELCOME)
        await visit.hear()
        await visit.say(QUEUED, ENDED)

    async with serving(script) as (server, url):
        nobody = url.rpartition(":")[0] + ":1"
        link = a_link(url, SimCustomer(ROW))
        link.urls, link.node = (url, nobody), 1
        await link.run()
    assert (server.visits, link.connects, link.node, link.broke) == (1, 1, 3, False)


async def test_a_link_that_is_cut_comes_back_after_its_time_and_says_nothing_before() -> None:
    async def first(visit: Visit) -> None:
        await visit.hear()
        await visit.say(WELCOME)
        await visit.hear()
        await visit.say(QUEUED)

    async def second(visit: Visit) -> None:
        assert (await visit.hear())["resume"] == "place"
        await visit.say(WELCOME, QUEUED, ENDED)

    def saw(message: ServerMessage) -> None:
        if message.type == "call.queued" and link.connects == 1:
            link.drop(50_000)

    async with serving(first, second) as (server, url):
        link = a_link(url, SimCustomer(ROW))
        link.saw = lambda message: (
            link.drop(50_000) if message.type == "call.queued" and link.connects == 1 else None
        )
        await link.run()
    assert (server.visits, link.connects, link.broke) == (2, 2, True)
    assert server.codes[0] not in (CloseCode.NORMAL, CloseCode.GOING_AWAY)


async def test_a_client_that_stops_reading_answers_no_ping_and_hears_all_of_it_later() -> None:
    heard: list[str] = []

    def saw(message: ServerMessage) -> None:
        heard.append(message.type)
        if message.type == "call.queued":
            link.stall(3_600_000_000)
            stalled.set()

    async def script(visit: Visit) -> None:
        await visit.hear()
        await visit.say(WELCOME)
        await visit.hear()
        await visit.say(QUEUED)
        await stalled.wait()
        await visit.say(ENDED)
        with trio.move_on_after(0.3) as asked:
            await visit.socket.ping()
        assert asked.cancelled_caught
        assert heard == ["welcome", "call.queued"]
        link._tap.open()

    async with serving(script) as (_, url):
        stalled, link = trio.Event(), a_link(url, SimCustomer(ROW))
        link.saw = saw
        await link.run()
    assert heard == ["welcome", "call.queued", "call.ended"]
    assert (link.connects, link.closes, link.broke) == (1, {1000: 1}, True)


PING, CLOSE = b"\x89\x00", b"\x88\x02\x03\xe8"


async def test_a_ping_that_comes_while_he_closes_harms_nobody() -> None:
    async def serve(stream: trio.SocketStream) -> None:
        server = WSConnection(ConnectionType.SERVER)
        async for data in stream:
            if data[0] == 0x88:
                await stream.send_all(PING + CLOSE)
                return
            server.receive_data(data)
            for event in server.events():
                if isinstance(event, Request):
                    await stream.send_all(server.send(AcceptConnection(subprotocol="giliran.v1")))
                    for frame in (WELCOME, QUEUED, ENDED):
                        await stream.send_all(server.send(TextMessage(orjson.dumps(frame).decode())))

    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(partial(trio.serve_tcp, serve, 0, host="127.0.0.1"))
        link = a_link(f"ws://127.0.0.1:{listeners[0].socket.getsockname()[1]}", SimCustomer(ROW))
        with trio.fail_after(30):
            await link.run()
        nursery.cancel_scope.cancel()
    assert link.over


async def test_who_was_replaced_stays_away() -> None:
    async def script(visit: Visit) -> None:
        await visit.hear()
        await visit.say(WELCOME)
        await visit.socket.aclose(CloseCode.REPLACED, "replaced by a newer session")

    async with serving(script) as (server, url):
        link = a_link(url, SimCustomer(ROW))
        await link.run()
    assert (server.visits, link.closes) == (1, {4001: 1})


async def test_who_is_told_to_wait_asks_again_then() -> None:
    refs = []

    async def script(visit: Visit) -> None:
        await visit.hear()
        await visit.say(WELCOME)
        refs.append((await visit.hear())["ref"])
        error = {"type": "error", "ref": refs[0], "code": "unavailable", "message": "later", "retry_ms": 1}
        await visit.say(error)
        refs.append((await visit.hear())["ref"])
        await visit.say({"type": "ok", "ref": refs[1]}, QUEUED, ENDED)

    async with serving(script) as (_, url):
        await a_link(url, SimCustomer(ROW)).run()
    assert refs == ["1", "1"]


async def test_a_refused_connection_is_tried_again() -> None:
    """The server is away at first: nothing listens on the port."""

    async def script(visit: Visit) -> None:
        await visit.hear()
        await visit.say(WELCOME)
        await visit.hear()
        await visit.say(QUEUED, ENDED)

    listener = (await trio.open_tcp_listeners(0, host="127.0.0.1"))[0]
    port = listener.socket.getsockname()[1]
    await listener.aclose()
    link, server = a_link(f"ws://127.0.0.1:{port}", SimCustomer(ROW)), Server([script])
    with trio.fail_after(30):
        async with trio.open_nursery() as nursery, trio.open_nursery() as visitor:
            visitor.start_soon(link.run)
            while not link.closes[0]:
                await trio.lowlevel.checkpoint()
            await nursery.start(partial(serve_websocket, server.serve, "127.0.0.1", port, None))
            nursery.start_soon(_cancel_when_over, link, nursery)
    assert (link.connects, link.over) == (1, True)


async def _cancel_when_over(link: Link, nursery: trio.Nursery) -> None:
    while not link.over:
        await trio.lowlevel.checkpoint()
    nursery.cancel_scope.cancel()


@define
class Impatient:
    """Leaves by himself after a while, whatever he is told."""

    told: list[str] = field(factory=list)

    def heard(self, message: ServerMessage) -> Deeds:
        self.told.append(type(message).__name__)
        return (Later(Turn.HANG_UP, 1000), Leave()) if message.type == "call.queued" else ()

    def act(self, later: Later) -> Deeds:
        raise AssertionError("he had left")


async def test_nothing_comes_of_what_he_meant_to_do_once_he_has_left() -> None:
    async def script(visit: Visit) -> None:
        await visit.hear()
        await visit.say(WELCOME, QUEUED, ENDED)

    person = Impatient()
    async with serving(script) as (_, url):
        await a_link(url, person).run()
    assert person.told == ["Welcome", "CallQueued"]


async def test_a_page_that_was_opened_early_is_not_looked_at_before_its_time() -> None:
    async def script(visit: Visit) -> None:
        await visit.hear()
        await visit.say(WELCOME, QUEUED)
        up.set()

    up, person = trio.Event(), Impatient()
    async with serving(script) as (_, url), trio.open_nursery() as nursery:
        nursery.start_soon(a_link(url, person).run, trio.current_time() + 3600)
        await up.wait()
        assert person.told == []
        nursery.cancel_scope.cancel()


def test_a_frame_outside_the_table_is_a_bug() -> None:
    with pytest.raises(UnknownFrame, match=r"customer: offer"):
        reader(Role.CUSTOMER)(b'{"type": "offer"}')
