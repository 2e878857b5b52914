"""Lost links and new ones: who keeps what, for how long, and on which node he finds it again."""

from itertools import pairwise

import pytest
import trio

from engine.actors.notices import (
    AgentConnected,
    AgentStateNow,
    CallEnded,
    CallOffered,
    CallPosition,
    CallQueued,
    CallRequeued,
    CustomerConnected,
    Error,
    Offer,
    OfferEnded,
    Ok,
    Peer,
    Signal,
)
from engine.actors.ports import CloseCode
from engine.actors.requests import CallCancel, CallHangup, CallRequest, OfferAccept, StateSet
from engine.actors.requests import Signal as SendSignal
from engine.domain.errors import Code
from engine.domain.lifecycle import AgentState, CallState, EndReason, OfferEnd, RequeueReason
from engine.domain.limits import MAILBOX_REQUESTS, MAILBOX_SIGNALS
from engine.domain.model import Agent
from engine.domain.news import Changed

from .pool import Pool, VirtualNode, in_call


@pytest.fixture
async def other(pool: Pool) -> VirtualNode:
    """A second node; the first leads."""
    return await pool.node("b")


# a customer who waits


async def test_a_customer_whose_link_is_lost_keeps_his_place_and_is_not_offered(
    pool: Pool, other: VirtualNode
) -> None:
    budi = await pool.waiting("budi")
    await trio.sleep(1)
    dewi = await pool.waiting("dewi")
    call = pool.call_of(budi)
    budi.drop()
    await trio.sleep(5)
    siti = await pool.ready("siti")
    assert (await siti.hear(Offer)).call.customer.id == "dewi"
    await dewi.hear(CallOffered)
    welcome = await budi.enter(other)
    assert welcome.state == "waiting"
    queued = await budi.hear(CallQueued)
    assert (queued.call_id, queued.position) == (call.id, 1)
    assert pool.call_of(budi).due_at == call.due_at
    await siti.ask(OfferAccept(offer_id=pool.call_of(dewi).offer))
    await dewi.ask(CallHangup())
    await siti.ask(StateSet(state=AgentState.READY))
    assert (await siti.hear(Offer, within_s=60)).call.customer.id == "budi"


async def test_a_customer_who_stays_away_has_left(pool: Pool) -> None:
    budi = await pool.waiting("budi")
    call = pool.call_of(budi)
    budi.drop()
    lost_at = pool.clock.now()
    await trio.sleep(21)
    [ended] = pool.facts("call_ended")
    assert (ended["call"], ended["reason"], ended["by"]) == (call.id, "customer_lost", "system")
    assert ended["at"] == lost_at + 20_000
    await budi.enter()
    assert (await budi.hear(CallEnded)).reason is EndReason.CUSTOMER_LOST


async def test_a_drop_while_offered_rescinds_at_once_and_the_call_waits_in_grace(pool: Pool) -> None:
    siti = await pool.ready("siti")
    budi = await pool.waiting("budi")
    due_at = pool.call_of(budi).due_at
    offer = await siti.hear(Offer)
    at = pool.clock.now()
    budi.drop()
    assert (await siti.hear(OfferEnded, offer_id=offer.offer_id)).reason is OfferEnd.RESCINDED
    await siti.hear(AgentStateNow, state=AgentState.READY)
    assert pool.clock.now() == at
    call = pool.call_of(budi)
    assert (call.state, call.customer_until, call.due_at) == (CallState.WAITING, at + 20_000, due_at)
    await trio.sleep(10)
    assert not siti.unread(Offer)
    await budi.enter()
    assert (await siti.hear(Offer)).call.call_id == call.id


# in a call


async def test_in_a_call_the_peer_is_told_of_a_lost_link_and_of_its_return(
    pool: Pool, other: VirtualNode
) -> None:
    siti, budi = await in_call(pool, siti_at=pool.nodes[0], budi_at=other)
    for away, stays, node in ((budi, siti, pool.nodes[0]), (siti, budi, other)):
        away.drop()
        lost = await stays.hear(Peer, link="lost")
        assert lost.deadline_at == pool.clock.now() + 30_000
        refused = await stays.ask(SendSignal(data={"sdp": "…"}))
        assert isinstance(refused, Error)
        assert refused.code is Code.WRONG_STATE
        await trio.sleep(20)
        await away.enter(node)
        await away.hear(CustomerConnected if away is budi else AgentConnected)
        assert (await stays.hear(Peer)).link == "back"
    assert pool.call_of(budi).state is CallState.CONNECTED
    assert len(pool.facts("call_connected")) == 1


@pytest.mark.parametrize("first", ["siti", "budi"])
async def test_who_comes_back_while_the_other_is_away_is_told_so(pool: Pool, first: str) -> None:
    """The present in full: not only that he is in a call, but that nobody is there to talk to."""
    people = await in_call(pool, siti_at=pool.nodes[0], budi_at=pool.nodes[0])
    away, back = people if first == "siti" else people[::-1]
    away.drop()
    deadline_at = pool.clock.now() + 30_000
    await trio.sleep(1)
    back.drop()
    await trio.sleep(1)
    back.forget()
    await back.enter()
    await back.hear(CustomerConnected if back is people[1] else AgentConnected)
    [lost] = back.unread(Peer)
    assert (lost.link, lost.deadline_at) == ("lost", deadline_at)
    await away.enter()
    assert (await back.hear(Peer, link="back")).deadline_at is None


async def test_a_peer_lost_at_the_moment_of_connection_is_told_once(pool: Pool, other: VirtualNode) -> None:
    siti = await pool.ready("siti")
    budi = await pool.waiting("budi", node=other)
    offer = await siti.hear(Offer)
    siti.say(OfferAccept(offer_id=offer.offer_id))
    await pool.until(lambda: pool.call_of(budi).state is CallState.CONNECTED)
    budi.drop()
    await siti.hear(AgentConnected)
    await trio.sleep(1)
    assert [m.link for m in siti.heard if isinstance(m, Peer)] == ["lost"]


async def test_a_call_put_back_and_taken_by_the_same_agent_again_is_told_anew(
    pool: Pool, other: VirtualNode
) -> None:
    """The customer's node saw nothing of it but the end: the pages must meet again all the same."""
    siti, budi = await in_call(pool, siti_at=pool.nodes[0], budi_at=other)
    before = pool.call_of(budi)
    pool.memory.leave(other.store)
    siti.drop()
    await pool.until(lambda: pool.call_of(budi).state is CallState.WAITING, within_s=40)
    await siti.enter()
    await siti.ask(StateSet(state=AgentState.READY))
    await siti.ask(OfferAccept(offer_id=(await siti.hear(Offer)).offer_id))
    budi.forget()
    after = pool.call_of(budi)
    other.directory.news(Changed(pool.memory.rev, {after.ref: after}))
    again = await budi.hear(CustomerConnected)
    assert (again.call_id, again.agent.id) == (before.id, "siti")
    assert again.connected_at == after.connected_at != before.connected_at


async def test_a_customer_who_does_not_come_back_in_a_call_is_lost(pool: Pool) -> None:
    siti, budi = await in_call(pool, siti_at=pool.nodes[0], budi_at=pool.nodes[0])
    budi.drop()
    ended = await siti.hear(CallEnded, within_s=31)
    assert ended.reason is EndReason.CUSTOMER_LOST
    await siti.hear(AgentStateNow, state=AgentState.WRAP_UP)


async def test_an_agent_who_does_not_come_back_in_a_call_is_replaced(pool: Pool, other: VirtualNode) -> None:
    siti, budi = await in_call(pool, siti_at=pool.nodes[0], budi_at=other)
    call = pool.call_of(budi)
    await trio.sleep(60)
    siti.drop()
    await budi.hear(Peer, link="lost")
    requeued = await budi.hear(CallRequeued, within_s=31)
    assert (requeued.reason, requeued.position) == (RequeueReason.AGENT_LOST, 1)
    assert pool.call_of(budi).due_at == call.due_at
    agus = await pool.ready("agus", other)
    assert (await agus.hear(Offer)).call.call_id == call.id
    await siti.enter(other)
    back = await siti.hear(AgentStateNow)
    assert (back.state, back.reason) == (AgentState.NOT_READY, "lost")


async def test_when_both_are_gone_the_call_ends(pool: Pool) -> None:
    siti, budi = await in_call(pool, siti_at=pool.nodes[0], budi_at=pool.nodes[0])
    budi.drop()
    await trio.sleep(1)
    siti.drop()
    await trio.sleep(30)
    [ended] = pool.facts("call_ended")
    assert ended["reason"] == "agent_lost"


# an agent


@pytest.mark.parametrize("away_s", [10, 40])
async def test_a_ready_agent_back_within_grace_is_ready_with_his_idle_time(
    pool: Pool, other: VirtualNode, away_s: int
) -> None:
    siti = await pool.ready("siti")
    await trio.sleep(100)
    siti.drop()
    await trio.sleep(away_s)
    gone = siti.record
    assert isinstance(gone, Agent)
    assert gone.state is AgentState.OFFLINE
    await siti.enter(other)
    now = await siti.hear(AgentStateNow)
    back = siti.record
    assert isinstance(back, Agent)
    if away_s <= 30:
        assert now.state is AgentState.READY
        assert pool.clock.now() - back.idle_since == 100_000
    else:
        assert (now.state, now.reason) == (AgentState.NOT_READY, "lost")
        assert back.idle_ms == 0


async def test_an_offered_agent_who_drops_is_lost_and_not_one_who_did_not_answer(
    pool: Pool, other: VirtualNode
) -> None:
    siti = await pool.ready("siti")
    budi = await pool.waiting("budi")
    await siti.hear(Offer)
    agus = await pool.ready("agus")
    siti.drop()
    assert (await budi.hear(CallRequeued)).reason is RequeueReason.AGENT_LOST
    await agus.hear(Offer)
    [ended] = pool.facts("offer_ended")
    assert (ended["agent"], ended["how"]) == ("siti", "agent_lost")
    await siti.enter(other)
    assert (await siti.hear(AgentStateNow)).state is AgentState.READY


@pytest.mark.parametrize("away_s", [10, 45])
async def test_wrap_up_runs_on_while_the_agent_is_away(pool: Pool, other: VirtualNode, away_s: int) -> None:
    siti, budi = await in_call(pool, siti_at=pool.nodes[0], budi_at=other)
    await budi.ask(CallHangup())
    rest = await siti.hear(AgentStateNow, state=AgentState.WRAP_UP)
    siti.drop()
    await trio.sleep(away_s)
    await siti.enter(other)
    now = await siti.hear(AgentStateNow)
    if away_s < 30:
        assert (now.state, now.deadline_at) == (AgentState.WRAP_UP, rest.deadline_at)
        assert (await siti.hear(AgentStateNow, within_s=30)).state is AgentState.READY
    else:
        assert now.state is AgentState.READY, "15 s after the end of wrap-up he is within grace"


# newest session wins


@pytest.mark.parametrize("same_node", [True, False])
async def test_the_newest_session_wins_and_the_old_one_is_told_so(
    pool: Pool, other: VirtualNode, same_node: bool
) -> None:
    for person in (await pool.ready("siti"), await pool.waiting("budi")):
        old = person.link
        assert old is not None
        await person.enter(pool.nodes[0] if same_node else other)
        assert await person.shut_out(old) is CloseCode.REPLACED
        assert person.closed is None
        await trio.sleep(5)
        assert person.closed is None, "the old session's end does the new one no harm"
    assert pool.facts("link_lost") == []


async def test_a_replaced_session_can_do_nothing_more(pool: Pool, other: VirtualNode) -> None:
    """Even if its node has not heard yet: the guard is in the store."""
    budi = await pool.waiting("budi")
    old = budi.link
    assert old is not None
    pool.memory.leave(pool.nodes[0].store)
    await budi.enter(other)
    call = pool.call_of(budi)
    old.conversation.receive("late", CallHangup())
    assert await budi.shut_out(old) is CloseCode.REPLACED
    assert pool.call_of(budi) == call


# signals


async def test_signals_pass_between_nodes_unchanged(pool: Pool, other: VirtualNode) -> None:
    siti, budi = await in_call(pool, siti_at=pool.nodes[0], budi_at=other)
    said = {"sdp": "v=0…", "ice": [1, None, {"a": True}]}
    rev = pool.memory.rev
    assert isinstance(await siti.ask(SendSignal(data=said)), Ok)
    assert (await budi.hear(Signal)).data == said
    assert isinstance(await budi.ask(SendSignal(data="back")), Ok)
    assert (await siti.hear(Signal)).data == "back"
    assert pool.memory.rev == rev, "signals are never stored"


async def test_signals_are_refused_outside_a_call(pool: Pool) -> None:
    siti = await pool.ready("siti")
    budi = await pool.waiting("budi")
    await siti.hear(Offer)
    for person in (siti, budi):
        answer = await person.ask(SendSignal(data=1))
        assert isinstance(answer, Error)
        assert answer.code is Code.WRONG_STATE
    assert not siti.unread(Signal)


# limits


async def test_a_client_that_asks_faster_than_its_actor_answers_is_closed_alone(
    pool: Pool, other: VirtualNode
) -> None:
    slow = await pool.waiting("slow", node=other)
    budi = await pool.waiting("budi")
    other.store.shut()
    for n in range(MAILBOX_REQUESTS + 2):
        slow.say(CallRequest(request_id=f"again-{n}", queue="general"))
    assert await slow.shut_out() is CloseCode.OVERLOADED
    other.store.reopen()
    siti = await pool.ready("siti")
    await siti.hear(Offer)
    assert budi.closed is None
    assert budi.link is not None


async def test_a_peer_who_signals_faster_than_the_other_listens_closes_only_that_one(
    pool: Pool, other: VirtualNode
) -> None:
    siti, budi = await in_call(pool, siti_at=pool.nodes[0], budi_at=other)
    other.store.shut()
    budi.say(CallHangup())
    for n in range(MAILBOX_SIGNALS + 1):
        await siti.ask(SendSignal(data=n))
    assert await budi.shut_out() is CloseCode.OVERLOADED
    assert siti.closed is None


async def test_a_burst_of_candidates_behind_a_slow_store_costs_nobody_his_link(
    pool: Pool, other: VirtualNode
) -> None:
    """They wait in one line with what he asks, each kind with its own bound."""
    siti, budi = await in_call(pool, siti_at=pool.nodes[0], budi_at=other)
    other.store.shut()
    budi.say(CallHangup())
    await trio.sleep(0.1)
    for n in range(MAILBOX_SIGNALS):
        budi.say(SendSignal(data=n))
    budi.say(CallCancel())
    await trio.sleep(0.1)
    assert budi.closed is None
    budi.say(SendSignal(data="one too many"))
    assert await budi.shut_out() is CloseCode.OVERLOADED
    assert siti.closed is None


async def test_positions_come_at_most_once_a_second_and_carry_a_fresh_token(pool: Pool) -> None:
    clients = [await pool.waiting(f"k{n}") for n in range(6)]
    last = clients[-1]
    queued = await last.hear(CallQueued)
    for client in clients[:-1]:
        await client.ask(CallHangup())
        await trio.sleep(0.3)
    await trio.sleep(2)
    told = [(at, m) for at, m in zip(last.heard_at, last.heard, strict=True) if isinstance(m, CallPosition)]
    assert [m.position for _, m in told][-1] == 1
    assert all(b[0] - a[0] >= 1_000 for a, b in pairwise(told))
    positions = [m.position for _, m in told]
    assert all(a != b for a, b in pairwise(positions)), "only on change"
    assert told[-1][1].resume_token not in (None, queued.resume_token)


async def test_a_place_that_does_not_change_is_told_again_before_its_token_grows_old(pool: Pool) -> None:
    budi = await pool.waiting("budi")
    queued = await budi.hear(CallQueued)
    await trio.sleep(9 * 60)
    told = await budi.hear(CallPosition)
    assert told.position == queued.position
    again = budi.unread(CallPosition)
    assert again
    assert again[-1].resume_token != queued.resume_token


async def test_a_node_that_joins_later_hears_of_queues_that_do_not_change(pool: Pool) -> None:
    await pool.waiting("budi")
    await trio.sleep(5)
    other = await pool.node("b")
    await pool.waiting("dewi", "instant", node=other)
    await trio.sleep(2)
    assert other.context.standings.waiting("general") == 1
