"""Supervisors over real sockets: they watch, and what they command happens to the people it concerns."""

import signal
from typing import Any

import trio

from .board import Board
from .house import House
from .jwt import mint
from .process import SECRET, SETTINGS, eventually
from .wire import Frame, Wire, connected, entered


async def take(agent: Wire, customer: Wire) -> Frame:
    """Accept the next offer, and talk."""
    offer = await agent.hear("offer")
    assert (await agent.ask("offer.accept", offer_id=offer["offer_id"]))["type"] == "ok"
    await agent.hear("call.connected")
    await customer.hear("call.connected")
    return offer


async def test_he_sees_everything_as_it_happens(house: House) -> None:
    async with house.board() as board, house.waiting("budi") as (customer, queued):
        config = next(f for f in board.wire.frames if f["type"] == "welcome")["config"]
        assert {q["id"] for q in config["queues"]} == {"general", "slow", "health"} == set(board.queues)
        assert config["queues"][0].keys() >= {"label", "open", "service_level_ms", "service_target"}
        assert [reason["id"] for reason in config["reasons"]] == ["break"]
        call_id = queued["call_id"]
        row = await board.shows_call(call_id, state="waiting", link="up", agent_id=None)
        assert row["why"]["due_at"] == row["due_at"] == row["enqueued_at"]
        await board.shows_queue("general", waiting=1, longest_at=row["enqueued_at"], state="open")
        async with house.agent("siti") as agent:
            await board.shows_call(call_id, state="offered", agent_id="siti")
            await board.shows_agent("siti", state="offered", call_id=call_id, queues=["general", "slow"])
            await take(agent, customer)
            await board.shows_call(call_id, state="connected", agent_id="siti")
            [assigned] = [a for a in board.assigned if a["call_id"] == call_id]
            assert (assigned["agent_id"], assigned["why"]["considered"]) == ("siti", {})
            await customer.ask("call.hangup")
            await board.shows(lambda b: not b.calls, "that the call is over")
            await board.shows_agent("siti", state="ready", handled=1, no_answers=0)
            row = await board.shows_queue("general", answered=1, service_level=1.0, abandonment=0.0)
            assert row["minute"]["answered"] in (0, 1)
        await board.shows(lambda b: not b.agents, "that the agent has gone")


async def test_who_comes_later_is_shown_the_hour_before(house: House) -> None:
    two = await house.join("two")
    async with house.agent("siti") as agent, house.waiting("budi") as (customer, _):
        await take(agent, customer)
        await customer.ask("call.hangup")
        await agent.hear("agent.state", state="ready")
    async with house.waiting("dewi") as (customer, _):
        await customer.ask("call.cancel")
    async with house.board(engine=two) as board:
        row = await board.shows_queue("general", answered=1, abandoned=1)
        assert row["abandonment"] == 0.5

        def arrived(b: Board) -> bool:
            return sum(minute["arrived"] for minute in b.frames[0]["history"]["general"]) == 2

        await board.shows(arrived, "both in its history")
        assert len(board.frames[0]["history"]["general"]) == 60


async def test_a_customer_is_moved_up_and_another_given_to_an_agent(house: House) -> None:
    async with (
        house.board() as board,
        house.waiting("first") as (first, _),
        house.waiting("second") as (second, queued),
        house.waiting("third") as (third, last),
    ):
        assert (queued["position"], last["position"]) == (2, 3)
        place = {"call_id": last["call_id"], "head_start_ms": 60_000, "reason": "vip"}
        await board.command("call.prioritise", **place)
        await third.hear("call.position", position=1)
        await first.hear("call.position", position=2)
        row = await board.shows_call(
            last["call_id"], due_at=board.calls[last["call_id"]]["enqueued_at"] - 60_000
        )
        assert row["why"]["terms"] == {"supervisor": 60_000}
        await board.command("call.prioritise", call_id=queued["call_id"], band=2, reason="emergency")
        await second.hear("call.position", position=1)
        async with house.agent("siti", queues=("slow",)) as agent:
            await board.shows_agent("siti", state="ready")
            await board.command("call.assign", call_id=last["call_id"], agent_id="siti")
            offer = await take(agent, third)
            assert (offer["call"]["call_id"], offer["why"]["by"]) == (last["call_id"], "supervisor")
            assert await board.refused("call.assign", call_id=queued["call_id"], agent_id="siti") == (
                "wrong_state",
                "agent_id",
            )
            for wire, call_id in ((second, queued["call_id"]), (third, last["call_id"])):
                await board.command("call.end", call_id=call_id)
                ended = await wire.hear("call.ended")
                assert (ended["reason"], ended["by"]) == ("cancelled", "supervisor")
            assert (await agent.hear("call.ended"))["by"] == "supervisor"
        assert await board.refused("call.end", call_id="nothing") == ("no_such_call", "call_id")
        assert await board.refused("call.prioritise", **place) == ("wrong_state", None)


async def test_an_agent_is_sent_away_called_back_and_given_other_queues(house: House) -> None:
    two = await house.join("two")
    async with house.board() as board, house.agent("siti", two, queues=("slow",)) as agent:
        await board.shows_agent("siti", state="ready")
        command = {"agent_id": "siti", "state": "not_ready", "reason": "break"}
        await board.command("agent.set_state", **command)
        await agent.hear("agent.state", state="not_ready", reason="break")
        assert await board.refused("agent.set_state", **{**command, "reason": "holiday"}) == (
            "bad_field",
            "reason",
        )
        async with house.waiting("budi") as (customer, queued):
            await board.command("agent.set_skills", agent_id="siti", queues=["general"], skills={"loan": 2})
            await board.shows_agent("siti", queues=["general"], skills={"loan": 2})
            await board.command("agent.set_state", agent_id="siti", state="ready")
            await agent.hear("offer")
            await agent.cut()
            await board.shows(lambda b: "siti" not in b.agents, "that she is gone")
            async with house.agent("siti", ready=False, queues=("slow",)) as back:
                offer = await back.hear("offer")
                assert offer["call"]["call_id"] == queued["call_id"], "kept over a lost link"
                await customer.ask("call.hangup")


async def test_a_paused_queue_refuses_at_once_on_every_node(house: House) -> None:
    two = await house.join("two")
    async with (
        house.board() as board,
        house.waiting("budi", two) as (_, queued),
        house.customer("dewi", two) as dewi,
    ):
        await board.command("queue.pause", queue="general")
        refused = await dewi.ask("call.request", request_id="dewi-1", queue="general")
        assert (refused["code"], refused["field"]) == ("queue_closed", "queue")
        assert (await dewi.ask("call.request", request_id="dewi-1", queue="slow"))["type"] == "ok"
        await dewi.ask("call.cancel")
        await board.shows_queue("general", state="paused")

        async def told_shut() -> bool:
            async with house.customer("agus", two) as agus:
                config = agus.frames[0]["config"]
                return {q["id"]: q["open"] for q in config["queues"]} == {
                    "general": False,
                    "slow": True,
                    "health": True,
                }

        await eventually(told_shut, "newcomers are told that it is closed")
        async with house.agent("siti", two) as agent:
            assert (await agent.hear("offer"))["call"]["call_id"] == queued["call_id"], "who waits is served"
        await board.command("queue.resume", queue="general")
        assert (await dewi.ask("call.request", request_id="dewi-2", queue="general"))["type"] == "ok"
        await board.shows_queue("general", state="open")


async def test_rules_are_read_again_while_people_wait(house: House) -> None:
    two = await house.join("two")
    written = house.directory / "giliran.toml"
    more = '[[queues]]\nname = "loans"\nwrap_up = "0s"\n[[rules]]\nname = "vip"\nhead_start = "60s"\n'
    more += 'when = { tier = "priority" }\n'
    async with house.board() as board, house.waiting("budi") as (_, queued):
        for broken in (SETTINGS + '[[queues]]\nname = "a b"\n', SETTINGS + "[[queues", ""):
            written.write_text(broken)
            assert (await board.refused("rules.reload"))[0] == "bad_field"
        written.unlink()
        assert await board.refused("rules.reload") == ("bad_field", "file")
        assert set(board.queues) == {"general", "slow", "health"}
        written.write_text(SETTINGS + more)
        await board.command("rules.reload")
        await board.shows(lambda b: set(b.queues) == {"general", "slow", "health", "loans"}, "the new queue")
        await board.shows_call(queued["call_id"], state="waiting")
        token = mint(SECRET, "customer", "dewi", tier="priority")

        async def known_there() -> bool:
            async with entered(two.url, "customer", token) as wire:
                return "loans" in {q["id"] for q in wire.frames[0]["config"]["queues"]}

        await eventually(known_there, "the other node reads them too")
        async with entered(two.url, "customer", token) as dewi:
            assert (await dewi.ask("call.request", request_id="d", queue="general"))["type"] == "ok"
            assert (await dewi.hear("call.queued"))["position"] == 1, "by the new rule"
            await dewi.ask("call.cancel")
            assert (await dewi.ask("call.request", request_id="e", queue="loans"))["type"] == "ok"
            async with house.agent("siti", queues=("loans",)) as agent:
                assert (await agent.hear("offer"))["call"]["queue"] == "loans"


async def test_a_board_shows_its_part_and_is_for_supervisors_only(house: House) -> None:
    async with (
        house.board("bounded", queues=("slow",)) as board,
        house.waiting("budi") as (_, queued),
        house.waiting("dewi", queue="slow") as (_, mine),
        house.agent("siti", queues=("general",), ready=False) as agent,
    ):
        await board.shows_call(mine["call_id"])
        assert (set(board.queues), set(board.calls), board.agents) == ({"slow"}, {mine["call_id"]}, {})
        outside: list[tuple[str, dict[str, Any], str]] = [
            ("call.end", {"call_id": queued["call_id"]}, "no_such_call"),
            ("agent.set_state", {"agent_id": "siti", "state": "ready"}, "no_such_agent"),
            ("queue.pause", {"queue": "general"}, "no_such_queue"),
            ("rules.reload", {}, "not_allowed"),
        ]
        for type_, fields, code in outside:
            assert (await board.refused(type_, **fields))[0] == code
        answer = await agent.ask("queue.pause", queue="general")
        assert answer["code"] == "not_allowed"
    for role, path in (("agent", "supervisor"), ("customer", "supervisor"), ("supervisor", "agent")):
        async with connected(house.one.url, f"/{path}") as wire:
            await wire.say("hello", token=mint(SECRET, role, "eve", queues=["general"]))
            assert await wire.close_code() == 4003


async def test_a_node_with_boards_drains_at_once(house: House) -> None:
    two = await house.join("two")
    async with house.board(engine=two) as board, house.board("chief") as other:
        two.signal(signal.SIGTERM)
        assert (await board.wire.hear("service"))["draining"] is True
        assert await board.wire.close_code() == 1012
        with trio.fail_after(20):
            assert await two.ended() == 0
        async with house.waiting("budi") as (_, queued):
            await other.shows_call(queued["call_id"])
