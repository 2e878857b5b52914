"""The main path over real sockets: log in, ask, be offered, accept, talk, hang up; on one node and on two."""

from .house import House
from .process import token
from .wire import entered


async def test_from_request_to_the_end(house: House) -> None:
    async with house.agent("siti") as agent, house.waiting("budi") as (customer, queued):
        assert queued["queue"] == "general"
        assert queued["position"] == 1
        assert queued["resume_token"]
        offer = await agent.hear("offer")
        assert offer["call"]["call_id"] == queued["call_id"]
        assert offer["call"]["customer"]["id"] == "budi"
        assert offer["deadline_at"] > 0
        await customer.hear("call.offered")
        assert (await agent.ask("offer.accept", offer_id=offer["offer_id"]))["type"] == "ok"
        theirs, mine = await customer.hear("call.connected"), await agent.hear("call.connected")
        assert theirs["call_id"] == mine["call_id"] == queued["call_id"]
        assert theirs["agent"]["id"] == "siti"
        assert (theirs["video"]["role"], mine["video"]["role"]) == ("answerer", "offerer")
        assert theirs["video"]["room"] == mine["video"]["room"]
        await agent.ask("signal", data={"sdp": "v=0"})
        assert (await customer.hear("signal"))["data"] == {"sdp": "v=0"}
        await customer.ask("call.hangup")
        ended = await agent.hear("call.ended")
        assert (ended["reason"], ended["by"]) == ("completed", "customer")
        await agent.hear("agent.state", state="ready")
        answer = await customer.ask("call.rate", call_id=queued["call_id"], score=5)
        assert answer["type"] == "ok"


async def test_a_ping_is_answered_with_the_pools_time(house: House) -> None:
    async with house.customer("budi") as customer:
        pong = await customer.ask("ping")
        assert pong["type"] == "pong"
        assert isinstance(pong["server_time"], int)


async def test_two_nodes_share_calls_and_signals(house: House) -> None:
    two = await house.join("two")
    async with house.agent("siti", two) as agent, house.waiting("budi") as (customer, queued):
        offer = await agent.hear("offer")
        await agent.ask("offer.accept", offer_id=offer["offer_id"])
        await customer.hear("call.connected")
        await agent.hear("call.connected")
        await customer.ask("signal", data=[1, "två", None])
        assert (await agent.hear("signal"))["data"] == [1, "två", None]
        await agent.ask("signal", data="back")
        assert (await customer.hear("signal"))["data"] == "back"
        await customer.cut()
        lost = await agent.hear("peer")
        assert (lost["link"], lost["deadline_at"] > 0) == ("lost", True)
        async with house.customer("budi", two) as again:
            assert (await again.hear("call.connected"))["call_id"] == queued["call_id"]
            assert (await agent.hear("peer"))["link"] == "back"
            await agent.ask("call.hangup")
            assert (await again.hear("call.ended"))["by"] == "agent"


async def test_the_newest_session_wins_across_nodes(house: House) -> None:
    two = await house.join("two")
    async with house.customer("budi") as old, house.customer("budi", two) as new:
        assert await old.close_code() == 4001
        assert (await new.ask("ping"))["type"] == "pong"


async def test_what_was_done_is_granted_again_to_whoever_names_the_call(house: House) -> None:
    async with house.agent("siti") as agent, house.waiting("budi", queue="slow") as (customer, queued):
        await agent.ask("offer.accept", offer_id=(await agent.hear("offer"))["offer_id"])
        await customer.hear("call.connected")
        call_id = queued["call_id"]
        for type_, fields in (
            ("call.transfer", {"queue": "slow", "note": "wants a loan"}),
            ("wrapup.finish", {"disposition": "sold", "notes": "asked"}),
        ):
            for _ in range(2):
                answer = await agent.ask(type_, call_id=call_id, **fields)
                assert answer["type"] == "ok", answer
            assert (await agent.ask(type_, **fields))["code"] == "wrong_state"
            await agent.ask("state.set", state="not_ready")
        for _ in range(2):
            assert (await customer.ask("call.hangup", call_id=call_id))["type"] == "ok"
        assert (await customer.ask("call.hangup"))["code"] == "wrong_state"


async def test_positions_are_told_as_they_change(house: House) -> None:
    async with house.waiting("first") as (first, _), house.waiting("second") as (second, queued):
        assert queued["position"] == 2
        await first.ask("call.cancel")
        moved = await second.hear("call.position", position=1)
        assert moved["resume_token"]


async def test_a_token_of_the_command_line_is_good_for_its_role(house: House) -> None:
    made = await token(house.directory, "agent", "siti", "--name", "Siti", "--queues", "general")
    async with entered(house.one.url, "agent", made) as wire:
        state = await wire.hear("agent.state")
        assert (state["state"], state["reason"]) == ("not_ready", "login")
        assert [queue["id"] for queue in wire.frames[0]["config"]["queues"]] == ["general"]
