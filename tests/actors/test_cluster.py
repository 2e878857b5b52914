"""Several nodes: who leads, who is dead, and what becomes of the people of a node that died."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio

from engine.actors.agent_session import AgentSession
from engine.actors.matchmaker import Matchmaker
from engine.actors.notices import (
    AgentConnected,
    AgentStateNow,
    CallOffered,
    CallQueued,
    CustomerConnected,
    Error,
    Offer,
    Ok,
)
from engine.actors.ports import CloseCode, Listener
from engine.actors.queued_call import QueuedCall
from engine.actors.requests import CallCancel, CallHangup, CallRate, OfferAccept, StateSet
from engine.domain.lifecycle import AgentState, CallState
from engine.domain.model import Agent, Customer
from engine.domain.moves import time as moves

from .pool import Pool, VirtualNode

LEASE_S = 3.0


@pytest.fixture
async def other(pool: Pool) -> VirtualNode:
    """A second node; the first leads."""
    return await pool.node("b")


# the lead


async def test_one_of_several_leads(pool: Pool, other: VirtualNode) -> None:
    await pool.node("c")
    for _ in range(20):
        await trio.sleep(1)
        assert pool.leader() is pool.nodes[0]


@pytest.mark.parametrize("after_s", [0.0, 0.1, 0.5, 0.9])
async def test_when_the_leader_dies_another_leads_within_the_lease_and_a_second(
    pool: Pool, other: VirtualNode, after_s: float
) -> None:
    siti = await pool.ready("siti", other)
    await trio.sleep(10 + after_s)
    pool.nodes[0].kill()
    died_at = trio.current_time()
    budi = await pool.waiting("budi", node=other)
    await siti.hear(Offer)
    await budi.hear(CallOffered)
    assert trio.current_time() - died_at <= LEASE_S + 1
    assert pool.leader() is other


async def test_a_leader_that_hands_over_is_followed_at_the_next_beat(pool: Pool, other: VirtualNode) -> None:
    await trio.sleep(5)
    at = trio.current_time()
    await pool.nodes[0].leadership.hand_over()
    await pool.until(lambda: pool.leader() is other)
    assert trio.current_time() - at <= 1.1
    await trio.sleep(20)
    assert pool.leader() is other, "who handed over does not lead again"


async def test_handing_over_while_the_store_is_away_is_no_error(pool: Pool, other: VirtualNode) -> None:
    await trio.sleep(1)
    pool.memory.away()
    await pool.nodes[0].leadership.hand_over()
    pool.memory.back()
    await pool.until(lambda: pool.leader() is other)


async def test_a_paused_leader_is_fenced(pool: Pool, other: VirtualNode) -> None:
    """It wakes in the middle of an offer, long after another has taken over."""
    leader = pool.nodes[0]
    siti = await pool.ready("siti", other)
    leader.store.shut()
    budi = await pool.waiting("budi", node=other)
    offer = await siti.hear(Offer, within_s=LEASE_S + 1)
    await siti.ask(OfferAccept(offer_id=offer.offer_id))
    await budi.hear(CustomerConnected)
    await trio.sleep(5)
    leader.store.reopen()
    await trio.sleep(5)
    assert leader.reaped, "it was dead to the others, and starts anew"
    assert pool.leader() is other
    assert len(pool.facts("call_offered")) == len(pool.facts("call_connected")) == 1
    assert pool.call_of(budi).state is CallState.CONNECTED


async def test_a_leader_whose_commits_alone_are_late_is_fenced(pool: Pool, other: VirtualNode) -> None:
    """The epoch and nonce of the lead are in the change: what was decided under another lead is refused."""
    leader = pool.nodes[0]
    leader.store.shut()
    siti = await pool.ready("siti", other)
    await pool.waiting("budi", node=other)
    await siti.hear(Offer, within_s=LEASE_S + 1)
    assert pool.memory.leader["node"] == other.store.node
    writes = len(pool.facts("call_offered"))
    leader.store.reopen()
    await trio.sleep(3)
    assert len(pool.facts("call_offered")) == writes


# dead nodes


async def test_customers_of_a_dead_node_resume_on_another_in_their_old_places(
    pool: Pool, other: VirtualNode
) -> None:
    people = []
    for n in range(4):
        people.append(await pool.waiting(f"k{n}", node=other))
        await trio.sleep(0.1)
    places = [pool.call_of(person).score for person in people]
    other.kill()
    await pool.until(lambda: other.store.node not in pool.memory.nodes)
    assert all(isinstance(p.record, Customer) and not p.record.node for p in people)
    assert all(pool.call_of(p).customer_until is not None for p in people)
    for n, person in enumerate(people):
        await person.enter(pool.nodes[0])
        assert (await person.hear(CallQueued)).position == n + 1
    assert [pool.call_of(person).score for person in people] == places


async def test_the_calls_of_a_dead_node_go_on_if_its_people_come_back(pool: Pool, other: VirtualNode) -> None:
    siti = await pool.ready("siti", other)
    budi = await pool.waiting("budi", node=other)
    await siti.ask(OfferAccept(offer_id=(await siti.hear(Offer)).offer_id))
    await budi.hear(CustomerConnected)
    other.kill()
    await trio.sleep(10)
    await siti.enter(pool.nodes[0])
    await siti.hear(AgentConnected)
    await budi.enter(pool.nodes[0])
    await budi.hear(CustomerConnected)
    call = pool.call_of(budi)
    assert (call.state, call.customer_until, call.agent_until) == (CallState.CONNECTED, None, None)


async def test_who_comes_back_before_his_dead_node_is_reaped_is_not_dropped(
    pool: Pool, other: VirtualNode
) -> None:
    siti = await pool.ready("siti", other)
    budi = await pool.waiting("budi", "instant", node=other)
    await siti.ask(OfferAccept(offer_id=(await siti.hear(Offer)).offer_id))
    other.kill()
    await siti.enter(pool.nodes[0])
    await budi.enter(pool.nodes[0])
    await pool.until(lambda: other.store.node not in pool.memory.nodes)
    assert not pool.facts("link_lost")
    assert siti.closed is budi.closed is None


async def test_the_people_of_a_dead_leader_are_dropped_by_the_next(pool: Pool, other: VirtualNode) -> None:
    siti = await pool.ready("siti")
    budi = await pool.waiting("budi")
    await siti.hear(Offer)
    pool.nodes[0].kill()
    agus = await pool.ready("agus", other)
    await pool.until(lambda: pool.nodes[0].store.node not in pool.memory.nodes)
    gone = siti.record
    assert isinstance(gone, Agent)
    assert (gone.state, gone.reason) == (AgentState.OFFLINE, "lost")
    await budi.enter(other)
    assert (await agus.hear(Offer)).call.customer.id == "budi"


async def test_a_node_that_was_reaped_closes_its_sockets_and_the_people_find_another(
    pool: Pool, other: VirtualNode
) -> None:
    budi = await pool.waiting("budi", node=other)
    call = pool.call_of(budi)
    other.store.shut()
    await pool.until(lambda: other.store.node not in pool.memory.nodes)
    other.store.reopen()
    assert await budi.shut_out() is CloseCode.GOING_AWAY
    await pool.until(lambda: other.reaped)
    await budi.enter(pool.nodes[0])
    assert (await budi.hear(CallQueued)).call_id == call.id


async def test_a_new_leader_finishes_the_reaping_that_a_dead_one_began(
    pool: Pool, other: VirtualNode
) -> None:
    third = await pool.node("c")
    budi = await pool.waiting("budi", node=third)
    third.kill()
    leader = pool.nodes[0]
    pool.memory.nodes[third.store.node] = -1
    leader.kill()
    await pool.until(lambda: third.store.node not in pool.memory.nodes)
    record = budi.record
    assert isinstance(record, Customer)
    assert not record.node


async def test_a_damaged_record_does_not_hold_up_the_others_of_a_dead_node(
    pool: Pool, other: VirtualNode
) -> None:
    budi = await pool.waiting("budi", node=other)
    siti = await pool.ready("siti", other, queues=())
    pool.memory.hashes["customer:budi"]["forget_at"] = "soon"
    other.kill()
    await pool.until(lambda: isinstance(siti.record, Agent) and siti.record.state is AgentState.OFFLINE)
    assert budi.links[0].cut
    dewi = await pool.waiting("dewi")
    agus = await pool.ready("agus")
    await agus.hear(Offer, within_s=30)
    assert dewi.closed is None


# crashes


def crashing(times: int, original: Callable[..., Any]) -> Callable[..., Any]:
    left = times

    def method(*args: Any, **kwargs: Any) -> Any:
        nonlocal left
        if left:
            left -= 1
            raise ZeroDivisionError("planted")
        return original(*args, **kwargs)

    return method


async def test_a_crashed_session_is_rebuilt_and_goes_on(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    siti = await pool.ready("siti")
    budi = await pool.waiting("budi")
    await siti.hear(Offer)
    monkeypatch.setattr(QueuedCall, "decide", crashing(1, QueuedCall.decide))
    budi.say(CallRate(call_id="any", score=3))
    await trio.sleep(0.1)
    assert budi.closed is None
    assert isinstance(await budi.ask(CallCancel()), Ok)
    assert siti.closed is None


async def test_a_crash_while_hearing_news_tells_the_present_anew(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    siti = await pool.ready("siti")
    monkeypatch.setattr(AgentSession, "tell", crashing(1, AgentSession.tell))
    await pool.waiting("budi")
    offer = await siti.hear(Offer)
    assert isinstance(await siti.ask(OfferAccept(offer_id=offer.offer_id)), Ok)


async def test_a_session_that_keeps_crashing_is_closed_and_takes_nobody_along(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    siti = await pool.ready("siti")
    budi = await pool.waiting("budi")
    await siti.hear(Offer)
    monkeypatch.setattr(QueuedCall, "decide", crashing(100, QueuedCall.decide))
    for _ in range(3):
        budi.say(CallCancel())
        await trio.sleep(0.1)
    assert await budi.shut_out() is CloseCode.GOING_AWAY
    await pool.until(lambda: pool.call_of(budi).customer_until is not None)
    monkeypatch.undo()
    assert siti.closed is None
    await budi.enter()
    await siti.hear(Offer)


async def test_a_session_that_cannot_even_be_dropped_takes_nobody_along(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    budi = await pool.waiting("budi")
    siti = await pool.ready("siti")
    await siti.hear(Offer)
    monkeypatch.setattr(QueuedCall, "drop", crashing(100, QueuedCall.drop))
    budi.drop()
    await trio.sleep(20)
    assert siti.closed is None
    assert isinstance(await siti.ask(StateSet(state=AgentState.NOT_READY)), Ok)


async def test_a_crashed_matchmaker_is_rebuilt_at_the_next_beat(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    siti = await pool.ready("siti")
    monkeypatch.setattr(Matchmaker, "_propose", crashing(1, Matchmaker._propose))
    await pool.waiting("budi")
    at = trio.current_time()
    await siti.hear(Offer)
    assert trio.current_time() - at <= 1.1
    assert siti.closed is None


async def test_a_call_that_makes_matching_raise_does_not_stop_the_others(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = moves.offer

    def poisoned(call: Any, *args: Any, **kwargs: Any) -> Any:
        if call.customer == "poison":
            raise ZeroDivisionError("planted")
        return original(call, *args, **kwargs)

    monkeypatch.setattr(moves, "offer", poisoned)
    await pool.waiting("poison")
    await trio.sleep(0.1)
    budi = await pool.waiting("budi")
    siti = await pool.ready("siti")
    assert (await siti.hear(Offer, within_s=20)).call.customer.id == "budi"
    assert budi.closed is None


async def test_only_one_of_two_nodes_tells_a_person_who_is_on_both(pool: Pool, other: VirtualNode) -> None:
    siti = await pool.ready("siti")
    await siti.enter(other)
    siti.forget()
    await pool.waiting("budi")
    await siti.hear(Offer)
    await siti.ask(OfferAccept(offer_id=siti_offer(siti.heard)))
    await siti.ask(CallHangup())
    await siti.hear(AgentStateNow, state=AgentState.WRAP_UP)
    assert sum(isinstance(m, Offer) for m in siti.heard) == 1
    assert not [m for m in siti.heard if isinstance(m, Error)]


def siti_offer(heard: list[Any]) -> str:
    return str(next(m.offer_id for m in heard if isinstance(m, Offer)))


async def test_a_new_leader_who_does_not_see_the_pool_yet_drops_no_half_of_a_call(
    pool: Pool, other: VirtualNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The dead are known at once, the board a while later: what reaping needs it must ask for itself."""
    siti = await pool.ready("siti", other)
    budi = await pool.waiting("budi", node=other)
    await siti.ask(OfferAccept(offer_id=(await siti.hear(Offer)).offer_id))
    await budi.hear(CustomerConnected)
    third = await pool.node("c")
    watch = third.store.watch

    @asynccontextmanager
    async def late(listener: Listener) -> AsyncIterator[None]:
        await trio.sleep(2)
        async with watch(listener):
            yield

    monkeypatch.setattr(third.store, "watch", late)
    pool.nodes[0].kill()
    other.kill()
    await pool.until(lambda: other.store.node not in pool.memory.nodes)
    agent, call = siti.record, pool.call_of(budi)
    assert isinstance(agent, Agent)
    assert (agent.state, agent.call) == (AgentState.ON_CALL, call.id)
    assert call.agent_until is not None
    assert call.customer_until is not None
    await siti.enter(third)
    assert (await siti.hear(AgentConnected)).call_id == call.id
