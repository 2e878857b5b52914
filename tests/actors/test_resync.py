"""A node re-reads what it holds: what was done meanwhile is not undone, and nobody stays who is gone."""

import pytest
import trio
import trio.testing
from attrs import evolve

from engine.actors.notices import (
    AgentConnected,
    AgentStateNow,
    CallEnded,
    CustomerConnected,
    Offer,
    Ok,
)
from engine.actors.ports import CloseCode
from engine.actors.requests import CallCancel, CallHangup, OfferAccept
from engine.domain.change import Change, Write
from engine.domain.lifecycle import AgentState, CallState, EndReason
from engine.domain.model import Agent, Customer
from engine.domain.news import Changed

from .pool import Pool, in_call


async def flap(pool: Pool) -> None:
    """The store is gone again before anybody could read from it."""
    pool.memory.away()
    await trio.sleep(5)
    pool.memory.back()
    pool.memory.away()
    await trio.sleep(3)
    pool.memory.back()


@pytest.mark.parametrize("old_socket", ["gone", "open"])
async def test_who_came_again_during_an_outage_is_not_taken_for_the_session_he_replaced(
    pool: Pool, old_socket: str
) -> None:
    """What is read at the store's return names the old session; he has entered when he hears it."""
    budi = await pool.waiting("budi")
    old = budi.link
    assert old is not None
    await trio.sleep(5)
    pool.memory.away()
    await trio.sleep(1)
    if old_socket == "gone":
        old.drop()
    budi.knock(pool.nodes[0])
    await trio.sleep(3.3)
    pool.memory.back()
    await trio.sleep(5)
    assert budi.closed is None
    assert old.closed in (None, CloseCode.REPLACED)
    assert isinstance(await budi.ask(CallCancel()), Ok)
    assert (await budi.hear(CallEnded)).reason is EndReason.ABANDONED


async def test_a_snapshot_older_than_what_was_told_is_not_told(pool: Pool) -> None:
    """On Redis a snapshot may be read before a commit and told after it."""
    siti = await pool.ready("siti")
    budi = await pool.waiting("budi")
    offer = await siti.hear(Offer)
    node = pool.nodes[0]
    snapshot = pool.memory.snapshot(f"node:{node.store.node}")
    await siti.ask(OfferAccept(offer_id=offer.offer_id))
    await siti.hear(AgentConnected)
    await budi.hear(CustomerConnected)
    heard = len(siti.heard), len(budi.heard)
    node.directory.news(snapshot)
    await trio.testing.wait_all_tasks_blocked()
    node.directory.news(Changed(99, {ref: pool.record(ref) for ref in snapshot.records}))
    await trio.testing.wait_all_tasks_blocked()
    assert (siti.heard[heard[0] :], budi.heard[heard[1] :]) == ([], [])


async def test_what_the_store_lost_in_the_same_era_is_not_believed_any_longer(pool: Pool) -> None:
    """A replica that lacked the last commits took over: older versions are the truth now."""
    budi = await pool.waiting("budi")
    siti = await pool.ready("siti")
    await siti.hear(Offer)
    hashes = {ref: dict(held) for ref, held in pool.memory.hashes.items()}
    await budi.ask(CallCancel())
    await siti.hear(AgentStateNow, state=AgentState.READY)
    pool.memory.away()
    pool.memory.hashes.update(hashes)
    await trio.sleep(0.5)
    pool.memory.back()
    again = await siti.hear(Offer)
    assert isinstance(await siti.ask(OfferAccept(offer_id=again.offer_id)), Ok)
    assert pool.call_of(budi).state is CallState.CONNECTED


async def test_a_store_that_flaps_costs_nobody_his_session(pool: Pool) -> None:
    other = await pool.node("b")
    siti, budi = await in_call(pool, siti_at=other, budi_at=pool.nodes[0])
    await flap(pool)
    await trio.sleep(20)
    assert (siti.closed, budi.closed) == (None, None)
    assert isinstance(await budi.ask(CallHangup()), Ok)
    assert (await siti.hear(CallEnded)).reason is EndReason.COMPLETED


async def test_who_leaves_while_the_store_flaps_is_dropped_when_it_stays(pool: Pool) -> None:
    other = await pool.node("b")
    _, budi = await in_call(pool, siti_at=other, budi_at=pool.nodes[0])
    pool.memory.away()
    await trio.sleep(5)
    pool.memory.back()
    pool.memory.away()
    budi.drop()
    await trio.sleep(3)
    pool.memory.back()
    await pool.until(lambda: pool.call_of(budi).customer_until is not None)


async def test_a_store_that_flaps_and_then_is_empty_is_filled_again(pool: Pool) -> None:
    other = await pool.node("b")
    siti, budi = await in_call(pool, siti_at=other, budi_at=pool.nodes[0])
    waiting = await pool.waiting("dewi")
    calls = [pool.call_of(client) for client in (budi, waiting)]
    pool.memory.away()
    await trio.sleep(5)
    pool.memory.back()
    pool.memory.away()
    pool.memory.empty()
    await trio.sleep(3)
    pool.memory.back()
    await trio.sleep(15)
    again = [pool.call_of(client) for client in (budi, waiting)]
    assert [(c.id, c.state) for c in again] == [(c.id, c.state) for c in calls]
    assert [c.closed for c in (siti, budi, waiting)] == [None, None, None]


async def test_a_record_that_names_a_session_nobody_has_here_is_dropped(pool: Pool) -> None:
    """Whatever lost its actor, the next resync notices: no call waits for a customer whom nobody holds."""
    other = await pool.node("b")
    siti, budi = await in_call(pool, siti_at=other, budi_at=pool.nodes[0])
    call = pool.call_of(budi)
    for person in (siti, budi):
        held = person.record
        assert isinstance(held, Agent | Customer)
        await pool.nodes[0].store.commit(Change(writes=(Write(held, evolve(held, session="lost")),)))
        assert await person.shut_out() is CloseCode.REPLACED
    assert pool.record(call.ref) == call
    pool.memory.away()
    await trio.sleep(1)
    pool.memory.back()
    await pool.until(lambda: pool.call_of(budi).customer_until is not None)
    await pool.until(lambda: pool.call_of(budi).agent_until is not None)
    for person in (siti, budi):
        held = person.record
        assert isinstance(held, Agent | Customer)
        assert (held.session, held.node) == ("", "")
