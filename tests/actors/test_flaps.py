"""The store goes away and comes back as real ones do: its feed lags, and it may be gone again at once."""

import pytest
import trio

from engine.actors.notices import AgentStateNow, Offer
from engine.actors.requests import CallHangup, OfferAccept
from engine.domain.change import Unavailable
from engine.domain.lifecycle import AgentState, CallState
from engine.domain.model import Agent
from engine.domain.news import Leader, Lease
from engine.store.memory_store import Faults

from .pool import Client, Pool

PHASES = [n / 8 for n in range(8)]


async def resting(pool: Pool, name: str) -> Client:
    """An agent in wrap-up."""
    agent = await pool.ready(name)
    customer = await pool.waiting(f"of-{name}")
    await agent.ask(OfferAccept(offer_id=(await agent.hear(Offer)).offer_id))
    await customer.ask(CallHangup())
    await agent.hear(AgentStateNow, state=AgentState.WRAP_UP)
    customer.drop()
    return agent


def rest_ends_at(agent: Client) -> int:
    record = agent.record
    assert isinstance(record, Agent)
    assert record.state is AgentState.WRAP_UP
    assert record.until is not None
    return record.until


@pytest.mark.parametrize("feed_ms", [0, 300, 2_500])
@pytest.mark.parametrize("phase", PHASES)
async def test_what_was_due_during_an_outage_is_moved_before_it_is_carried_out(
    pool: Pool, phase: float, feed_ms: int
) -> None:
    """Whenever in a beat the store comes back, and however long after it the feed does."""
    pool.memory.faults = Faults(feed_ms=feed_ms)
    siti = await pool.ready("siti")
    await pool.waiting("budi")
    await siti.hear(Offer)
    dewi = await pool.waiting("dewi")
    dewi.drop()
    await trio.sleep(1 + phase)
    pool.memory.away()
    await trio.sleep(30.37)
    pool.memory.back()
    await trio.sleep(6)
    assert [f["how"] for f in pool.facts("offer_ended")] == ["rescinded"]
    call = pool.call_of(dewi)
    assert call.state is CallState.WAITING, "her grace has not run out either"
    assert call.customer_until is not None


async def test_a_deadline_that_is_due_just_after_the_store_is_back_waits_for_the_beat(pool: Pool) -> None:
    """Nothing was tried during the outage, so no refusal could tell of it."""
    await trio.sleep(0.5)
    siti = await pool.ready("siti")
    await pool.waiting("budi")
    offer = await siti.hear(Offer)
    await trio.sleep(1.05)
    pool.memory.away()
    await pool.clock.sleep_until(offer.deadline_at - 5)
    pool.memory.back()
    await trio.sleep(3)
    assert [f["how"] for f in pool.facts("offer_ended")] == ["rescinded"]


@pytest.mark.parametrize("between_s", [0.0, 0.02, 0.05, 0.5, 1.2])
async def test_a_second_outage_loses_nothing_of_the_first(pool: Pool, between_s: float) -> None:
    """It comes while deadlines are being moved; then each is moved once, by the length of both."""
    agents = [await resting(pool, f"a{n:02}") for n in range(20)]
    before = [rest_ends_at(agent) for agent in agents]
    await trio.sleep(0.6)
    pool.memory.faults = Faults(delay_ms=20, answer_ms=20)
    pool.memory.away()
    await trio.sleep(20)
    pool.memory.back()
    await trio.sleep(between_s)
    pool.memory.away()
    await trio.sleep(10)
    pool.memory.back()
    await trio.sleep(4)
    moved = [rest_ends_at(agent) - was for agent, was in zip(agents, before, strict=True)]
    assert 29_000 <= min(moved) <= max(moved) <= 33_000, moved


async def test_whoever_takes_over_after_an_outage_knows_of_it_though_the_answer_was_lost(pool: Pool) -> None:
    other = await pool.node("b")
    siti = await pool.ready("siti", other)
    await pool.waiting("budi", node=other)
    await siti.hear(Offer)
    pool.memory.away()
    pool.nodes[0].kill()
    await trio.sleep(30)
    lead = other.store.lead
    left = 1

    async def answer_lost(seen: Leader | None, nonce: str) -> Lease:
        nonlocal left
        lease = await lead(seen, nonce)
        if lease.mine and left:
            left -= 1
            raise Unavailable("the answer was lost")
        return lease

    other.store.lead = answer_lost  # type: ignore[method-assign]
    pool.memory.back()
    await trio.sleep(8)
    assert not left
    assert [f["how"] for f in pool.facts("offer_ended")] == ["rescinded"]


@pytest.mark.parametrize("seed", range(20))
async def test_an_outage_is_nobodys_fault_whatever_else_goes_wrong(nursery: trio.Nursery, seed: int) -> None:
    """Late and lost answers, conflicts, a lagging feed: no offer expires, and no rest is moved twice."""
    faults = Faults(
        delay_ms=40, answer_ms=40, feed_ms=1_500, conflict=0.1, unknown=0.1, lost=0.1, doubled=0.1
    )
    pool = Pool(nursery, seed=seed)
    await pool.node("a")
    await pool.node("b")
    agents = [await resting(pool, f"a{n}") for n in range(5)]
    before = [rest_ends_at(agent) for agent in agents]
    ringing = [await pool.ready(f"r{n}") for n in range(5)]
    for n, agent in enumerate(ringing):
        await pool.waiting(f"k{n}")
        await agent.hear(Offer)
    pool.memory.faults = faults
    pool.memory.away()
    await trio.sleep(20 + pool.random.random())
    pool.memory.back()
    await trio.sleep(5)
    assert {f["how"] for f in pool.facts("offer_ended") if f["how"] != "accepted"} == {"rescinded"}
    moved = [rest_ends_at(agent) - was for agent, was in zip(agents, before, strict=True)]
    assert 19_000 <= min(moved) <= max(moved) <= 23_000, moved
