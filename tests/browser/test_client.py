"""The reference client by itself: a socket that the test speaks through, and a clock that it moves.

The module runs in a real page whose clock stands still unless a test moves it, so every pause is exact.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from attrs import define
from playwright.sync_api import Page

from .house import House
from .person import Person

#: What `random` answers, always: a pause is half its ceiling.
HALF = 0.5

_BEGIN = """async (random) => {
    const { Client } = await import("/static/giliran.js");
    class Socket {
        constructor(url, protocol) {
            Object.assign(this, { url, protocol, sent: [], closed: null });
            world.sockets.push(this);
        }
        send(text) { this.sent.push(JSON.parse(text)); }
        close(code) { this.closed = code; }
    }
    const world = { sockets: [], heard: [], links: [], answers: {} };
    const urls = ["ws://one", "ws://two/customer"];
    world.client = new Client({ urls, role: "customer", token: "t0", socket: Socket, random: () => random });
    world.client.on("link", (link) => world.links.push({ ...link }));
    world.client.on("call.position", (frame) => world.heard.push(frame));
    globalThis.world = world;
}"""


class Visitor(Person):
    ROLE = "customer"
    PAGE = ""


@define(eq=False)
class World:
    """A client in a page, and the other end of each of its sockets."""

    page: Page

    def do(self, script: str, *arguments: Any) -> Any:
        return self.page.evaluate(
            f"(a) => {{ const {{ client }} = world; return {script}; }}", list(arguments)
        )

    def passes(self, ms: int) -> None:
        self.page.clock.run_for(ms)

    @property
    def sockets(self) -> list[dict[str, Any]]:
        return list(
            self.do("world.sockets.map(({url, protocol, sent, closed}) => ({url, protocol, sent, closed}))")
        )

    @property
    def links(self) -> list[str]:
        return list(self.do("world.links.map(({state}) => state)"))

    def opens(self) -> None:
        """The newest socket is open."""
        self.do("world.sockets.at(-1).onopen({})")

    def says(self, type: str, **fields: Any) -> None:
        """The server, on the newest socket."""
        self.do("world.sockets.at(-1).onmessage({data: JSON.stringify(a[0])})", {"type": type, **fields})

    def welcomes(self, server_time: int = 1_000_000) -> None:
        self.opens()
        self.says(
            "welcome",
            protocol=1,
            session="s",
            node="n",
            server_time=server_time,
            state="idle",
            config={"queues": []},
        )

    def loses(self, code: int = 1006) -> None:
        self.do("world.sockets.at(-1).onclose({code: a[0]})", code)

    def asks(self, name: str, type: str, *, how: str = "request", **fields: Any) -> None:
        """A request whose end is kept under that name."""
        self.do(
            "void client[a[3]](a[1], a[2]).then(() => { world.answers[a[0]] = 'ok'; },"
            " ({code, callId, field, state, retryMs}) =>"
            " { world.answers[a[0]] = {code, callId, field, state, retryMs}; })",
            *(name, type, fields, how),
        )

    def answer(self, name: str) -> Any:
        return self.do("world.answers[a[0]] ?? null", name)

    def types(self) -> list[str]:
        """What was sent on the newest socket."""
        return [frame["type"] for frame in self.sockets[-1]["sent"]]


@pytest.fixture(scope="module")
def visitor(standing: House) -> Visitor:
    return standing.enter(Visitor, "visitor")


@pytest.fixture
def world(visitor: Visitor) -> Iterator[World]:
    with visitor.context.new_page() as page:
        page.goto(visitor.page.url)
        page.clock.install(time=0)
        page.clock.pause_at(1_000)
        page.evaluate(_BEGIN, HALF)
        made = World(page)
        made.do("client.connect()")
        yield made


def test_hello_is_the_first_frame(world: World) -> None:
    [socket] = world.sockets
    assert (socket["url"], socket["protocol"], socket["sent"]) == ("ws://one/customer", "giliran.v1", [])
    world.opens()
    assert world.sockets[0]["sent"] == [{"type": "hello", "token": "t0"}]
    assert world.links == ["connecting"]
    world.says("welcome", protocol=1, session="s", node="n", server_time=1, state="idle", config={})
    assert world.links == ["connecting", "up"]


def test_a_request_ends_with_its_own_answer(world: World) -> None:
    world.welcomes()
    world.asks("first", "call.request", queue="general")
    world.asks("second", "call.rate", score=6)
    first, second = world.sockets[0]["sent"][1:]
    world.says("error", ref=second["ref"], code="bad_field", message="m", field="score", retry_ms=7)
    world.says("ok", ref=first["ref"])
    assert world.answer("first") == "ok"
    refusal = {"code": "bad_field", "callId": None, "field": "score", "state": None, "retryMs": 7}
    assert world.answer("second") == refusal


def test_pauses_double_up_to_their_bound_and_go_round_the_nodes(world: World) -> None:
    for n in range(8):
        world.loses()
        pause = min(15_000, 500 * 2**n) // 2
        world.passes(pause - 1)
        assert len(world.sockets) == n + 1
        world.passes(1)
        assert len(world.sockets) == n + 2
    urls = [socket["url"] for socket in world.sockets]
    assert urls == ["ws://one/customer", "ws://two/customer"] * 4 + ["ws://one/customer"]


def test_a_link_that_held_is_sought_where_it_was(world: World) -> None:
    world.welcomes()
    world.passes(10_001)
    world.loses()
    world.passes(250)
    assert [socket["url"] for socket in world.sockets] == ["ws://one/customer"] * 2
    assert world.links[-2:] == ["waiting", "connecting"]


def test_what_was_not_answered_is_asked_again_before_anything_newer(world: World) -> None:
    world.welcomes()
    world.asks("first", "call.request", queue="general")
    world.asks("second", "call.cancel")
    world.says("ok", ref=world.sockets[0]["sent"][1]["ref"])
    world.loses()
    world.asks("third", "call.hangup")
    world.passes(250)
    assert world.types() == []
    world.welcomes()
    assert world.types() == ["hello", "call.cancel", "call.hangup"]


def test_what_is_asked_of_the_call_at_hand_names_it_and_does_so_when_it_is_asked_again(world: World) -> None:
    world.welcomes()
    world.asks("early", "call.cancel")
    world.says("call.queued", call_id="c1", queue="general", position=1, ewt_ms=None, resume_token="r")
    for n, type in enumerate(("call.cancel", "call.hangup", "call.transfer", "wrapup.finish", "call.rate")):
        world.asks(f"{n}", type)
    world.asks("other", "call.hangup", call_id="c0")
    world.loses()
    world.passes(250)
    world.welcomes()
    world.says("call.connected", call_id="c2")
    world.asks("newer", "call.hangup")
    world.says("agent.state", state="ready", reason=None, since_at=1, next_state=None, deadline_at=None)
    world.asks("none", "wrapup.finish")
    called = [None, *["c1"] * 4, None, "c0"]
    for socket, newer in zip(world.sockets, ([], ["c2", None]), strict=True):
        assert [frame.get("call_id") for frame in socket["sent"][1:]] == called + newer


def test_a_command_is_said_once_or_not_at_all(world: World) -> None:
    world.asks("early", "call.end", how="command")
    world.welcomes()
    world.asks("done", "call.end", how="command", call_id="a")
    world.asks("broken", "call.end", how="command", call_id="b")
    world.asks("asked", "board.watch")
    first, second, _ = world.sockets[0]["sent"][1:]
    assert (first["call_id"], second["call_id"]) == ("a", "b")
    world.says("ok", ref=first["ref"])
    world.loses()
    world.asks("late", "call.end", how="command")
    codes = [world.answer(name)["code"] for name in ("early", "broken", "late")]
    assert (world.answer("done"), codes) == ("ok", ["disconnected"] * 3)
    world.passes(250)
    world.welcomes()
    assert world.types() == ["hello", "board.watch"]


def test_what_needs_no_answer_is_dropped_without_a_link(world: World) -> None:
    world.do("client.send('signal', {data: 1})")
    world.welcomes()
    world.do("client.send('signal', {data: 2})")
    assert world.sockets[0]["sent"][1:] == [{"type": "signal", "data": 2}]


@pytest.mark.parametrize(("code", "state"), [(4001, "replaced"), (4003, "refused")])
def test_two_ends_are_final_until_it_is_asked_to_connect(world: World, code: int, state: str) -> None:
    world.welcomes()
    world.asks("left", "call.cancel")
    world.loses(code)
    world.asks("late", "call.cancel")
    assert world.links[-1] == state
    assert world.answer("left")["code"] == world.answer("late")["code"] == "disconnected"
    world.passes(120_000)
    assert len(world.sockets) == 1
    world.do("client.refresh('t1')")
    world.do("client.connect()")
    world.opens()
    assert world.sockets[1]["sent"] == [{"type": "hello", "token": "t1"}]


def test_a_url_that_is_none_is_a_link_that_failed_and_the_next_is_tried(world: World) -> None:
    world.do("client.close()")
    world.do("world.links.splice(0)")
    world.page.evaluate(_MISLED)
    world.do("client.connect()")
    assert world.links == ["connecting", "waiting"]
    world.passes(249)
    assert world.links == ["connecting", "waiting"]
    world.passes(1)
    assert world.links == ["connecting", "waiting", "connecting"]
    world.loses()
    world.passes(500)
    assert world.links[3:] == ["waiting", "connecting", "waiting"], "and so on, ever more slowly"
    world.asks("kept", "call.cancel")
    world.passes(1_000)
    world.welcomes()
    assert world.types() == ["hello", "call.cancel"]


#: The first of two URLs is none; its scheme the browser itself refuses.
_MISLED = """async () => {
    const { Client } = await import("/static/giliran.js");
    const socket = function (url, protocol) {
        if (url.startsWith("gopher")) return new WebSocket(url, protocol);
        Object.assign(this, { url, protocol, sent: [], closed: null });
        this.send = (text) => this.sent.push(JSON.parse(text));
        this.close = (code) => { this.closed = code; };
        world.sockets.push(this);
    };
    const urls = ["gopher://one", "ws://two"];
    world.client = new Client({ urls, role: "customer", token: "t0", socket, random: () => 0.5 });
    world.client.on("link", (link) => world.links.push({ ...link }));
}"""


def test_who_has_too_many_connections_waits_for_long_and_says_why(world: World) -> None:
    for _ in range(2):
        world.opens()
        world.loses(4009)
        assert world.do("client.link.crowded")
        sockets = len(world.sockets)
        world.passes(22_499)
        assert len(world.sockets) == sockets
        world.passes(1)
        assert len(world.sockets) == sockets + 1
    world.loses()
    assert not world.do("client.link.crowded")


def test_silence_is_broken_by_a_ping_and_no_pong_is_a_lost_link(world: World) -> None:
    world.welcomes()
    world.passes(24_999)
    assert world.types() == ["hello"]
    world.passes(1)
    assert world.types() == ["hello", "ping"]
    world.says("pong", ref=None, server_time=1_025_000)
    world.passes(25_000)
    assert world.types() == ["hello", "ping", "ping"]
    world.passes(5_000)
    assert world.sockets[0]["closed"] is not None
    assert world.links[-1] == "waiting"
    world.passes(250)
    assert len(world.sockets) == 2


def test_a_node_that_says_nothing_at_all_is_left(world: World) -> None:
    world.passes(10_000)
    assert world.sockets[0]["closed"] is not None
    world.passes(250)
    assert world.sockets[1]["url"] == "ws://two/customer"


def test_a_node_that_leaves_is_left_for_another_at_its_pace(world: World) -> None:
    world.welcomes()
    world.says("service", available=True, draining=True, retry_ms=4_000)
    world.loses(1012)
    world.passes(1_999)
    assert len(world.sockets) == 1
    world.passes(1)
    assert world.sockets[1]["url"] == "ws://two/customer"


def test_the_newest_resume_token_goes_with_hello_until_the_call_ended(world: World) -> None:
    world.welcomes()
    world.says("call.queued", call_id="c", queue="general", position=1, ewt_ms=None, resume_token="r1")
    world.says("call.position", position=1, ewt_ms=None, resume_token="r2")
    world.loses()
    world.passes(250)
    world.welcomes()
    assert world.sockets[1]["sent"][0] == {"type": "hello", "token": "t0", "resume": "r2"}
    world.says("call.ended", call_id="c", reason="completed", by="agent")
    world.loses()
    world.passes(500)
    world.opens()
    assert world.sockets[2]["sent"] == [{"type": "hello", "token": "t0"}]


def test_time_is_the_servers_and_does_not_run_backwards(world: World) -> None:
    world.welcomes(server_time=5_000_000)
    assert world.do("client.now()") == 5_000_000
    world.passes(25_000)
    world.says("pong", ref=None, server_time=5_024_000)  # it took a second too long to arrive
    assert world.do("client.now()") == 5_025_000
    world.passes(25_000)
    world.says("pong", ref=None, server_time=5_050_400)  # the first one had
    assert world.do("client.now()") == 5_050_400


def test_a_listener_that_left_hears_no_more(world: World) -> None:
    world.welcomes()
    world.do("void (world.stop = client.on('ping.test', (frame) => world.heard.push(frame)))")
    world.says("ping.test", n=1)
    world.do("world.stop()")
    world.says("ping.test", n=2)
    assert [frame["n"] for frame in world.do("world.heard")] == [1]


def test_closing_is_for_good_and_tells_the_server(world: World) -> None:
    world.welcomes()
    world.asks("left", "call.cancel")
    world.do("client.close()")
    world.passes(60_000)
    assert world.links[-1] == "closed"
    assert (len(world.sockets), world.sockets[0]["closed"]) == (1, 1000)
    assert world.answer("left")["code"] == "disconnected"
