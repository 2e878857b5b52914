"""A call is passed on between desks of two nodes, over real sockets."""

from .house import House


async def test_to_a_queue_and_to_a_colleague_on_another_node(house: House) -> None:
    two = await house.join("two")
    async with house.agent("siti") as siti, house.waiting("budi", two) as (budi, queued):
        figures = next(f for f in siti.frames if f["type"] == "agent.figures")
        assert figures == {"type": "agent.figures", "handled": 0, "aht_ms": None, "no_answer": 0}
        await siti.ask("offer.accept", offer_id=(await siti.hear("offer"))["offer_id"])
        await budi.hear("call.connected")
        assert (await siti.ask("colleagues.list"))["type"] == "ok"
        assert (await siti.hear("colleagues"))["agents"] == []
        async with house.agent("agus", two, queues=("slow",)) as agus, house.agent("ayu") as ayu:
            assert (await siti.ask("colleagues.list"))["type"] == "ok"
            found = await siti.hear("colleagues")
            assert [(a["id"], a["queues"]) for a in found["agents"]] == [
                ("agus", ["slow"]),
                ("ayu", ["general", "slow"]),
            ]
            answer = await siti.ask("call.transfer", agent_id="agus", note="wants a loan")
            assert answer["type"] == "ok", answer
            told = await budi.hear("call.requeued")
            assert (told["reason"], told["position"]) == ("transferred", 1)
            state = await siti.hear("agent.state", state="ready")
            assert state["next_state"] is None
            assert (await siti.hear("agent.figures"))["handled"] == 1
            offer = await agus.hear("offer")
            call = offer["call"]
            assert (call["call_id"], call["from_agent"], call["note"]) == (
                queued["call_id"],
                "siti",
                "wants a loan",
            )
            assert not ayu.unread("offer"), "a colleague is tried first"
            await agus.ask("offer.accept", offer_id=offer["offer_id"])
            assert (await budi.hear("call.connected"))["agent"]["id"] == "agus"
            await agus.ask("signal", data="hello")
            assert (await budi.hear("signal"))["data"] == "hello"
            assert (await agus.ask("call.transfer", queue="general"))["type"] == "ok"
            assert (await budi.hear("call.requeued"))["reason"] == "transferred"
            await budi.hear("call.offered")
            await budi.ask("call.hangup")
            assert (await budi.hear("call.ended"))["reason"] == "abandoned"


async def test_what_cannot_be_passed_on(house: House) -> None:
    async with house.agent("siti") as siti, house.agent("agus", ready=False):
        for fields, code, field in (
            ({"queue": "general"}, "wrong_state", None),
            ({}, "bad_field", "queue"),
            ({"agent_id": "nobody"}, "no_such_agent", "agent_id"),
        ):
            answer = await siti.ask("call.transfer", **fields)
            assert (answer["code"], answer.get("field")) == (code, field)
        async with house.waiting("budi") as (budi, _):
            await siti.ask("offer.accept", offer_id=(await siti.hear("offer"))["offer_id"])
            await budi.hear("call.connected")
            for fields, code, field in (
                ({"queue": "nowhere"}, "no_such_queue", "queue"),
                ({"agent_id": "agus"}, "wrong_state", "agent_id"),
                ({"agent_id": "siti"}, "no_such_agent", "agent_id"),
            ):
                answer = await siti.ask("call.transfer", **fields)
                assert (answer["code"], answer.get("field")) == (code, field)
            await budi.ask("call.hangup")
            assert (await siti.hear("call.ended"))["reason"] == "completed"
