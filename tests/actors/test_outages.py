"""The store goes away and comes back with what it held; and its answers get lost."""

import pytest
import trio

from engine.actors.notices import (
    AgentStateNow,
    CallEnded,
    CallOffered,
    CallQueued,
    CallRequeued,
    CustomerConnected,
    Error,
    Offer,
    OfferEnded,
    Ok,
    Service,
)
from engine.actors.ports import CloseCode
from engine.actors.requests import CallCancel, CallHangup, CallRequest, OfferAccept
from engine.domain.change import Change, Receipt, Unknown
from engine.domain.errors import Code
from engine.domain.lifecycle import AgentState, EndReason, OfferEnd
from engine.domain.model import Agent
from engine.domain.moves.agent import drop
from engine.domain.news import Changed

from .pool import Pool, in_call


async def outage(pool: Pool, seconds: float) -> None:
    pool.memory.away()
    await trio.sleep(seconds)
    pool.memory.back()


# away and back


async def test_clients_are_told_that_the_store_is_away_and_back(pool: Pool) -> None:
    budi = await pool.waiting("budi")
    pool.memory.away()
    assert (await budi.hear(Service)).available is False
    answer = await budi.ask(CallCancel())
    assert isinstance(answer, Error)
    assert answer.code is Code.UNAVAILABLE
    assert answer.retry_ms is not None
    await trio.sleep(5)
    pool.memory.back()
    assert (await budi.hear(Service)).available is True
    assert isinstance(await budi.ask(CallCancel()), Ok)
    assert (await budi.hear(CallEnded)).reason is EndReason.ABANDONED


@pytest.mark.parametrize("away_s", [3, 12, 60])
async def test_an_outage_is_nobodys_no_answer(pool: Pool, away_s: int) -> None:
    """Nobody could accept meanwhile: the offer is rescinded or goes on, and never expires by it."""
    siti = await pool.ready("siti")
    await pool.waiting("budi")
    await siti.hear(Offer)
    await trio.sleep(13)
    await outage(pool, away_s)
    await trio.sleep(1.5)
    assert [f["how"] for f in pool.facts("offer_ended")] in ([], ["rescinded"])
    agent = siti.record
    assert isinstance(agent, Agent)
    assert agent.state is AgentState.OFFERED


async def test_pending_offers_end_rescinded_and_are_made_again(pool: Pool) -> None:
    siti = await pool.ready("siti")
    budi = await pool.waiting("budi")
    offer = await siti.hear(Offer)
    await budi.hear(CallOffered)
    await outage(pool, 20)
    ended = await siti.hear(OfferEnded)
    assert (ended.offer_id, ended.reason) == (offer.offer_id, OfferEnd.RESCINDED)
    await budi.hear(CallRequeued)
    again = await siti.hear(Offer)
    assert again.call.call_id == offer.call.call_id
    assert again.offer_id != offer.offer_id


async def test_other_deadlines_move_by_the_length_of_the_outage(pool: Pool) -> None:
    siti, budi = await in_call(pool)
    await budi.ask(CallHangup())
    rest = await siti.hear(AgentStateNow, state=AgentState.WRAP_UP)
    waiting = await pool.waiting("dewi")
    waiting.drop()
    await pool.until(lambda: pool.call_of(waiting).customer_until is not None)
    grace = pool.call_of(waiting).customer_until
    assert rest.deadline_at is not None
    assert grace is not None
    await outage(pool, 60)
    await trio.sleep(2)
    agent, call = siti.record, pool.call_of(waiting)
    assert isinstance(agent, Agent)
    assert agent.state is AgentState.WRAP_UP
    for before, after in ((rest.deadline_at, agent.until), (grace, call.customer_until)):
        assert after is not None
        assert 58_000 <= after - before <= 62_000
    await waiting.enter()
    assert (await waiting.hear(CallQueued)).call_id == call.id


async def test_a_client_that_drops_during_an_outage_is_dropped_after_it(pool: Pool) -> None:
    siti = await pool.ready("siti")
    pool.memory.away()
    siti.drop()
    await trio.sleep(10)
    pool.memory.back()
    await pool.until(lambda: isinstance(siti.record, Agent) and siti.record.state is AgentState.OFFLINE)


async def test_who_comes_during_an_outage_is_let_in_after_it(pool: Pool) -> None:
    pool.memory.away()
    budi = pool.customer("budi")
    budi.knock(pool.nodes[0])
    assert (await budi.hear(Service)).available is False
    await trio.sleep(8)
    pool.memory.back()
    budi.say(CallRequest(request_id="budi-1", queue="general"))
    assert (await budi.hear(CallQueued)).position == 1


async def test_who_left_before_he_was_let_in_does_not_replace_who_came_after(pool: Pool) -> None:
    pool.memory.away()
    budi = pool.customer("budi")
    for _ in range(5):
        budi.knock(pool.nodes[0])
        await trio.sleep(0.3)
        budi.drop()
    budi.knock(pool.nodes[0])
    await trio.sleep(3)
    pool.memory.back()
    await trio.sleep(10)
    assert budi.closed is None
    assert isinstance(await budi.ask(CallRequest(request_id="budi-1", queue="general")), Ok)


# answers that get lost


async def test_a_drop_whose_answer_was_lost_is_tried_again(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    siti = await pool.ready("siti")
    store = pool.nodes[0].store
    commit, lost = store.commit, 3

    async def losing(change: Change) -> Receipt:
        nonlocal lost
        if lost:
            lost -= 1
            await trio.lowlevel.checkpoint()
            raise Unknown("the answer was lost")
        return await commit(change)

    monkeypatch.setattr(store, "commit", losing)
    siti.drop()
    await pool.until(lambda: isinstance(siti.record, Agent) and siti.record.state is AgentState.OFFLINE)


async def test_a_drop_outlasts_a_store_that_does_not_answer_for_long(pool: Pool) -> None:
    """The node lives, so nobody else will ever record that the link is gone."""
    node = await pool.node("b")
    siti = await pool.ready("siti", node)
    node.store.shut(beating=True)
    siti.drop()
    await trio.sleep(30)
    node.store.reopen()
    await pool.until(lambda: isinstance(siti.record, Agent) and siti.record.state is AgentState.OFFLINE)


async def test_who_was_dropped_for_dead_is_asked_to_come_again(pool: Pool) -> None:
    """Someone dropped him for dead though he lives: he is to come again, not told that he is replaced."""
    siti = await pool.ready("siti")
    record = siti.record
    assert isinstance(record, Agent)
    await pool.nodes[0].store.commit(drop(record, None, pool.policy, pool.clock.now()))
    assert await siti.shut_out() is CloseCode.GOING_AWAY


async def test_without_wrap_up_the_agent_is_told_that_the_call_has_ended(pool: Pool) -> None:
    siti = await pool.ready("siti")
    budi = await pool.waiting("budi", "instant")
    await siti.ask(OfferAccept(offer_id=(await siti.hear(Offer)).offer_id))
    await budi.ask(CallHangup())
    ended = await siti.hear(CallEnded)
    assert (ended.call_id, ended.reason) == (pool.call_of(budi).id, EndReason.COMPLETED)
    await siti.hear(AgentStateNow, state=AgentState.READY)


async def test_an_end_that_cannot_be_read_yet_is_told_when_it_can(pool: Pool) -> None:
    node = await pool.node("b")
    siti = await pool.ready("siti", node)
    budi = await pool.waiting("budi", "instant")
    await siti.ask(OfferAccept(offer_id=(await siti.hear(Offer)).offer_id))
    await budi.hear(CustomerConnected)
    pool.memory.leave(node.store)
    await budi.ask(CallHangup())
    pool.memory.away()
    node.directory.news(Changed(pool.memory.rev, {"agent:siti": siti.record}))
    await trio.sleep(3)
    pool.memory.back()
    assert (await siti.hear(CallEnded)).reason is EndReason.COMPLETED
    await siti.hear(AgentStateNow, state=AgentState.READY)


async def test_what_ended_during_a_resync_is_told_too(pool: Pool) -> None:
    node = await pool.node("b")
    siti = await pool.ready("siti", node)
    budi = await pool.waiting("budi", "instant")
    await siti.ask(OfferAccept(offer_id=(await siti.hear(Offer)).offer_id))
    await budi.hear(CustomerConnected)
    pool.memory.leave(node.store)
    await budi.ask(CallHangup())
    node.store.came_back()
    assert (await siti.hear(CallEnded)).reason is EndReason.COMPLETED
