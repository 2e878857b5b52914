"""Processes that are told to go, killed, interrupted; and a store that dies under them."""

import os
import signal

from .house import House
from .process import eventually


async def test_ready_means_ready(house: House) -> None:
    assert await house.status("/healthz") == 200
    assert await house.status("/readyz") == 200
    await house.serves()


async def test_sigterm_hands_over_the_lead_and_sends_everybody_elsewhere(house: House) -> None:
    two = await house.join("two")
    async with house.agent("siti", two) as agent, house.waiting("budi") as (customer, queued):
        offer = await agent.hear("offer")
        house.one.signal(signal.SIGTERM)
        said = await customer.hear("service")
        assert said["draining"] is True
        assert await house.status("/readyz") in (503, 0)
        assert customer.closed is None, "his offer is pending"
        await agent.ask("offer.accept", offer_id=offer["offer_id"])
        await customer.hear("call.connected")
        assert await customer.close_code() == 1012
        async with house.customer("budi", two) as again:
            assert (await again.hear("call.connected"))["call_id"] == queued["call_id"]
        # the store is the first node's own, and goes with it: see the next test for the lead
    assert await house.one.ended() == 0


async def test_the_lead_is_handed_over_at_once(house: House) -> None:
    """The second node makes offers before the lease of the first could have run out."""
    two, three = await house.join("two"), await house.join("three")
    async with house.agent("siti", three) as agent:
        async with house.waiting("first", three):
            await agent.hear("offer")
        await agent.hear("agent.state", state="ready")
        two.signal(signal.SIGTERM)
        assert await two.ended() == 0
        async with house.waiting("second", three):
            await agent.hear("offer")


async def test_a_second_sigterm_does_no_harm(house: House) -> None:
    async with house.customer("budi") as customer:
        house.one.signal(signal.SIGTERM)
        house.one.signal(signal.SIGTERM)
        assert await customer.close_code() == 1012
        house.one.signal(signal.SIGINT)
    assert await house.one.ended() == 0


async def test_ctrl_c_of_the_whole_group_drains_and_loses_nothing(house: House) -> None:
    async with house.waiting("budi") as (customer, queued):
        house.one.interrupt_group()
        assert await customer.close_code() == 1012
    assert await house.one.ended() == 0
    await house.one.start()
    async with house.customer("budi") as again:
        assert (await again.hear("call.queued"))["call_id"] == queued["call_id"]


async def test_kill_9_of_the_engine_keeps_what_was_answered(house: House) -> None:
    async with house.agent("siti") as agent, house.waiting("budi") as (customer, queued):
        offer = await agent.hear("offer")
        await agent.ask("offer.accept", offer_id=offer["offer_id"])
        await customer.hear("call.connected")
        async with house.waiting("dewi") as (_, waiting):
            children = house.one.children()
            await house.one.kill()
    await eventually(lambda: not any(map(_lives, children)), "the store dies with its parent")
    await house.one.start()
    async with house.customer("budi") as customer, house.customer("dewi") as other:
        assert (await customer.hear("call.connected"))["call_id"] == queued["call_id"]
        assert (await other.hear("call.queued"))["call_id"] == waiting["call_id"]
        async with house.agent("siti", ready=False) as agent:
            await agent.hear("call.connected")
            await agent.ask("call.hangup")
            assert (await customer.hear("call.ended"))["reason"] == "completed"
            assert (await agent.hear("offer"))["call"]["call_id"] == waiting["call_id"]


async def test_a_killed_embedded_store_is_brought_back(house: House) -> None:
    [store] = house.one.children()
    async with house.waiting("budi") as (customer, queued):
        os.kill(store, signal.SIGKILL)
        assert (await customer.hear("service"))["available"] is False
        assert (await customer.hear("service"))["available"] is True
        async with house.agent("siti") as agent:
            assert (await agent.hear("offer"))["call"]["call_id"] == queued["call_id"]
    assert house.one.children() != [store]
    await house.serves()


async def test_sigterm_while_the_store_is_away_still_ends_it(house: House) -> None:
    two = await house.join("two")
    [store] = house.one.children()
    async with house.customer("budi", two) as customer:
        os.kill(store, signal.SIGSTOP)
        try:
            await customer.hear("service", available=False)
            two.signal(signal.SIGTERM)
            await two.ended()
        finally:
            os.kill(store, signal.SIGCONT)
    assert two.process.returncode == 0


async def test_a_paused_node_starts_anew_on_its_ports(house: House) -> None:
    two = await house.join("two")
    async with house.waiting("budi", two) as (customer, queued):
        two.signal(signal.SIGSTOP)
        try:
            await house.serves()
            await eventually(lambda: "node died" in house.one.log(), "the others notice")
        finally:
            two.signal(signal.SIGCONT)
        assert await customer.close_code() in (1012, 1006)

    async def ready() -> bool:
        return await house.status("/readyz", two) == 200

    await eventually(lambda: "starting anew" in two.log(), "it learns that it was dead to the others")
    await eventually(ready, "it takes traffic again")
    async with house.customer("budi", two) as again:
        assert (await again.hear("call.queued"))["call_id"] == queued["call_id"]
    await house.serves(two)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
