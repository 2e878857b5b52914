"""The demo's page as it comes over HTTP, the people its tokens make, and whom they meet."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from attrs import frozen
from e2e.wire import Wire, entered

from engine.demo.page import GUESTS, demo_routes
from engine.demo.scene import policy
from engine.gateway.auth import TokenRefused, Verifier
from engine.web.pages import STATIC
from tests.web.serving import FakeStatus, get, serving

from .program import PORTS, giliran

SECRET = b"a secret of the tests, long enough for anybody"
ROLES = {"customer": "customer", "agent": "agent", "board": "supervisor"}
#: Far beyond what anything here takes on a machine that does other things too.
GENEROUS_S = 60.0


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


async def people(port: int) -> dict[str, Any]:
    status, _, body = await get(port, "/demo.json")
    assert status == 200
    answer: dict[str, Any] = json.loads(body)
    return answer


async def test_the_page_takes_the_place_of_the_first_one() -> None:
    async with serving(FakeStatus(), demo_routes(SECRET)) as port:
        status, headers, body = await get(port, "/")
    assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert b"static/demo/main.js" in body


async def test_tokens_are_fresh_and_kept_by_nobody() -> None:
    async with serving(FakeStatus(), demo_routes(SECRET)) as port:
        _, headers, _ = await get(port, "/demo.json")
        first, second = await people(port), await people(port)
    assert headers["cache-control"] == "no-store"
    assert first["watch"] != second["watch"]
    assert [(g["page"], g["id"]) for g in first["guests"]] == [(g.page, g.id) for g in GUESTS]


async def test_its_tokens_open_no_other_node_of_that_secret() -> None:
    async with serving(FakeStatus(), demo_routes(SECRET)) as port:
        answer = await people(port)
    for token in (answer["watch"], *(guest["token"] for guest in answer["guests"])):
        assert Verifier.of_secret(SECRET, "giliran-demo")(token).name in {"", *(g.name for g in GUESTS)}
        with pytest.raises(TokenRefused):
            Verifier.of_secret(SECRET, "giliran")(token)


@pytest.mark.parametrize("language", ["en", "id"])
def test_the_steps_call_things_by_their_names(language: str) -> None:
    def said(page: str) -> dict[str, str]:
        texts: dict[str, str] = json.loads((STATIC / f"locales/{language}/{page}.json").read_text("utf-8"))
        return texts

    steps, customer, agent, queues = said("demo"), said("customer"), said("agent"), policy().queues
    ask, answer = steps["ask.text"], steps["answer.text"]
    assert f"“{queues['yours'].label[language]}”" in ask
    assert customer["prepare.devices"].lower() in ask
    assert f"“{customer['prepare.ask']}”" in ask
    assert f"“{agent['idle.go_ready']}”" in answer
    assert f"“{queues['general'].label[language]}”" in steps["hints.simulated"]


@frozen
class Running:
    """A demo at work: where its sockets are, and what its page was given."""

    ws: str
    guests: dict[str, dict[str, str]]
    watch: str

    @asynccontextmanager
    async def guest(self, id_: str) -> AsyncIterator[Wire]:
        guest = self.guests[id_]
        async with entered(self.ws, ROLES[guest["page"]], guest["token"]) as wire:
            yield wire


@asynccontextmanager
async def demo() -> AsyncIterator[Running]:
    async with giliran("demo", *PORTS) as program:
        ws, http = (word.partition("=")[2] for word in (await program.line()).split()[1:3])
        answer = await people(urlsplit(http).port or 0)
        yield Running(ws, {guest["id"]: guest for guest in answer["guests"]}, answer["watch"])


async def test_who_watches_sees_a_call_assigned() -> None:
    async with demo() as running, entered(running.ws, "supervisor", running.watch) as strip:
        assert (await strip.ask("board.watch"))["type"] == "ok"
        seen = (await strip.hear("board.snapshot"))["assigned"]
        while not seen:
            seen = (await strip.hear("board.delta", within_s=GENEROUS_S))["assigned"]
        assert seen[0]["agent_id"] in {"sari", "budi", "dewi", "agus", "rina", "joko", "wati"}


async def test_a_visitor_meets_himself() -> None:
    async with demo() as running, running.guest("kirana") as customer, running.guest("lestari") as desk:
        [welcome] = [frame for frame in customer.frames if frame["type"] == "welcome"]
        queues = [queue["id"] for queue in welcome["config"]["queues"]]
        assert queues == ["yours", "general"]
        await desk.ask("state.set", state="ready")
        await customer.ask("call.request", request_id="1", queue="yours")
        offer = await desk.hear("offer", within_s=GENEROUS_S)
        assert offer["call"]["customer"] == {"id": "kirana", "name": "Kirana"}
        await desk.ask("offer.accept", offer_id=offer["offer_id"])
        met = await customer.hear("call.connected")
        assert met["agent"] == {"id": "lestari", "name": "Lestari"}
        await customer.say("signal", data={"kind": "ready"})
        assert (await desk.hear("signal"))["data"] == {"kind": "ready"}


async def test_simulated_callers_ring_at_the_other_desk_and_say_that_they_are_not_seen() -> None:
    async with demo() as running, running.guest("pratama") as desk:
        await desk.ask("state.set", state="ready")
        offer = await desk.hear("offer", within_s=GENEROUS_S)
        assert offer["call"]["queue"] == "general"
        await desk.ask("offer.accept", offer_id=offer["offer_id"])
        await desk.hear("call.connected")
        assert (await desk.hear("signal"))["data"] == {"kind": "absent"}


async def test_the_board_is_one_of_the_links() -> None:
    async with demo() as running, running.guest("supervisor") as board:
        assert (await board.ask("board.watch"))["type"] == "ok"
        snapshot = await board.hear("board.snapshot")
        assert [queue["id"] for queue in snapshot["queues"]] == ["yours", "general", "premium"]
