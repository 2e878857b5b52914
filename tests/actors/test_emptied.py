"""The store comes back with nothing: everybody re-creates what was, once, and nobody loses his place."""

import pytest
import trio

from engine.actors.notices import (
    AgentStateNow,
    CallEnded,
    CallOffered,
    CallPosition,
    CallQueued,
    CallRequeued,
    CustomerConnected,
    Error,
    Offer,
    Ok,
    Peer,
)
from engine.actors.requests import CallCancel, CallHangup, CallRequest, OfferAccept
from engine.domain.errors import Code
from engine.domain.lifecycle import AgentState, CallState, EndReason, RequeueReason
from engine.domain.model import Agent
from engine.domain.news import Resynced

from .pool import Pool, in_call


async def test_waiting_customers_keep_their_places_in_a_new_era(pool: Pool) -> None:
    people = []
    for n in range(5):
        people.append(await pool.waiting(f"k{n}"))
        await trio.sleep(1)
    before = [pool.call_of(person) for person in people]
    pool.memory.empty()
    await trio.sleep(1)
    after = [pool.call_of(person) for person in people]
    for old, new in zip(before, after, strict=True):
        assert (new.id, new.due_at, new.enqueued_at) == (old.id, old.due_at, old.enqueued_at)
        assert new.state is CallState.WAITING
    order = sorted(pool.memory.indexes["waiting:general"].items(), key=lambda entry: entry[1])
    assert [ref for ref, _ in order] == [call.ref for call in before]
    assert all(f["restored"] for f in pool.facts("call_queued"))


async def test_in_a_new_era_nothing_is_offered_for_five_seconds(pool: Pool) -> None:
    budi = await pool.waiting("budi")
    siti = pool.agent("siti")
    pool.memory.empty()
    at = pool.clock.now()
    siti = await pool.ready("siti")
    await budi.hear(CallOffered)
    [offered] = pool.facts("call_offered")
    assert 5_000 <= offered["at"] - at <= 6_000
    await siti.hear(Offer)


async def test_a_connected_pair_goes_on_in_a_new_era(pool: Pool) -> None:
    await pool.node("b")
    siti = await pool.ready("siti")
    budi = await pool.waiting("budi", node=pool.nodes[1])
    await siti.ask(OfferAccept(offer_id=(await siti.hear(Offer)).offer_id))
    await budi.hear(CustomerConnected)
    before = pool.call_of(budi)
    pool.memory.empty()
    await trio.sleep(15)
    after = pool.call_of(budi)
    assert (after.id, after.state, after.agent, after.connected_at) == (
        before.id,
        CallState.CONNECTED,
        "siti",
        before.connected_at,
    )
    assert not budi.unread(CallRequeued)
    assert not budi.unread(CallEnded)
    await budi.ask(CallHangup())
    assert (await siti.hear(CallEnded)).reason is EndReason.COMPLETED


async def test_a_customer_whose_agent_does_not_come_back_in_a_new_era_waits_at_his_old_place(
    pool: Pool,
) -> None:
    await pool.node("b")
    siti = await pool.ready("siti", pool.nodes[1])
    budi = await pool.waiting("budi")
    await siti.ask(OfferAccept(offer_id=(await siti.hear(Offer)).offer_id))
    await budi.hear(CustomerConnected)
    before = pool.call_of(budi)
    pool.nodes[1].kill()
    pool.memory.empty()
    requeued = await budi.hear(CallRequeued, within_s=15)
    assert requeued.reason is RequeueReason.AGENT_LOST
    after = pool.call_of(budi)
    assert (after.id, after.state, after.due_at) == (before.id, CallState.WAITING, before.due_at)


async def test_an_agent_who_comes_back_to_a_call_that_waits_again_is_free(pool: Pool) -> None:
    """The agent's node returned only after the customer had given up on him."""
    await pool.node("b")
    node = pool.nodes[1]
    siti = await pool.ready("siti", node)
    budi = await pool.waiting("budi")
    await siti.ask(OfferAccept(offer_id=(await siti.hear(Offer)).offer_id))
    await budi.hear(CustomerConnected)
    node.store.shut(beating=True)
    pool.memory.empty()
    await budi.hear(CallRequeued, within_s=15)
    node.store.reopen()
    offer = await siti.hear(Offer)
    assert offer.call.customer.id == "budi"
    assert isinstance(await siti.ask(OfferAccept(offer_id=offer.offer_id)), Ok)
    await budi.hear(CustomerConnected)


async def test_wrap_up_and_states_survive_a_new_era(pool: Pool) -> None:
    siti, budi = await in_call(pool)
    await budi.ask(CallHangup())
    rest = await siti.hear(AgentStateNow, state=AgentState.WRAP_UP)
    agus = await pool.ready("agus")
    pool.memory.empty()
    await trio.sleep(2)
    wrapping, ready = siti.record, agus.record
    assert isinstance(wrapping, Agent)
    assert isinstance(ready, Agent)
    assert (wrapping.state, wrapping.until) == (AgentState.WRAP_UP, rest.deadline_at)
    assert ready.state is AgentState.READY
    assert (await siti.hear(AgentStateNow, state=AgentState.READY, within_s=40)).reason is None


async def test_a_resume_token_proves_a_place_when_the_node_died_too(pool: Pool) -> None:
    await pool.node("b")
    budi = await pool.waiting("budi", node=pool.nodes[1])
    token = (await budi.hear(CallQueued)).resume_token
    before = pool.call_of(budi)
    pool.nodes[1].kill()
    pool.memory.empty()
    await trio.sleep(1)
    dewi = await pool.waiting("dewi")
    welcome = await budi.enter(pool.nodes[0], resume=token)
    assert welcome.state == "waiting"
    queued = await budi.hear(CallQueued)
    assert (queued.call_id, queued.position) == (before.id, 1)
    assert pool.call_of(budi).due_at == before.due_at
    assert (await dewi.hear(CallPosition)).position == 2


async def test_a_resume_token_survives_a_refused_first_try(pool: Pool) -> None:
    """The first commit meets a conflict: what the token proves is not used up by it."""
    await pool.node("b")
    budi = await pool.waiting("budi", node=pool.nodes[1])
    token = (await budi.hear(CallQueued)).resume_token
    call_id = pool.call_of(budi).id
    pool.nodes[1].kill()
    pool.memory.empty()
    node = await pool.node("c")
    node.store.shut()
    budi.knock(node, token)
    await trio.sleep(1)
    other = pool.customer("budi")
    await other.enter(pool.nodes[0])
    node.store.reopen()
    assert (await budi.hear(CallQueued)).call_id == call_id


@pytest.mark.parametrize("case", ["same era", "another's", "forged", "ended", "too old"])
async def test_a_resume_token_that_proves_nothing_changes_nothing(pool: Pool, case: str) -> None:
    budi = await pool.waiting("budi")
    token = (await budi.hear(CallQueued)).resume_token
    if case == "ended":
        await budi.ask(CallCancel())
    budi.drop()
    await trio.sleep(1)
    if case == "same era":
        await trio.sleep(700)
    else:
        pool.memory.empty()
    if case == "too old":
        await trio.sleep(601)
    if case == "forged":
        token = token[:-2] + ("AA" if token[-2:] != "AA" else "BB")
    comes = pool.customer("dewi") if case == "another's" else budi
    assert (await comes.enter(resume=token)).state == "idle"
    assert not pool.facts("call_queued") or case == "same era"


async def test_in_the_same_era_an_absent_call_has_ended(pool: Pool) -> None:
    budi = await pool.waiting("budi")
    await budi.ask(CallCancel())
    budi.drop()
    await trio.sleep(700)
    welcome = await budi.enter()
    assert welcome.state == "idle"
    assert not budi.unread(CallQueued)


async def test_a_resume_token_leads_back_to_a_call_that_the_agent_re_created(pool: Pool) -> None:
    """The customer's node died with the store; the agent's lives, and has made the call anew."""
    node = await pool.node("b")
    siti = await pool.ready("siti")
    budi = await pool.waiting("budi", node=node)
    token = (await budi.hear(CallQueued)).resume_token
    await siti.ask(OfferAccept(offer_id=(await siti.hear(Offer)).offer_id))
    before = await budi.hear(CustomerConnected)
    node.kill()
    pool.memory.empty()
    await trio.sleep(2)
    await budi.enter(pool.nodes[0], resume=token)
    assert (await budi.hear(CustomerConnected)).call_id == before.call_id
    assert (await siti.hear(Peer, link="back")).deadline_at is None
    await siti.ask(CallHangup())
    assert (await budi.hear(CallEnded)).reason is EndReason.COMPLETED


async def test_without_a_token_too_a_customer_finds_the_call_that_the_agent_re_created(pool: Pool) -> None:
    """His live call is found by who he is: he may not come to have two."""
    node = await pool.node("b")
    siti = await pool.ready("siti")
    budi = await pool.waiting("budi", node=node)
    await siti.ask(OfferAccept(offer_id=(await siti.hear(Offer)).offer_id))
    before = await budi.hear(CustomerConnected)
    node.kill()
    pool.memory.empty()
    await trio.sleep(2)
    welcome = await budi.enter(pool.nodes[0])
    assert welcome.state == "connected"
    assert (await budi.hear(CustomerConnected)).call_id == before.call_id
    again = await budi.ask(CallRequest(request_id="another", queue="general"))
    assert isinstance(again, Error)
    assert (again.code, again.call_id) == (Code.ALREADY_WAITING, before.call_id)
    await siti.hear(Peer, link="back")


async def test_a_customer_who_came_before_his_agent_in_a_new_era_is_given_their_call(pool: Pool) -> None:
    """He came without a token and was nobody's caller; then the agent's node re-creates their call."""
    node = await pool.node("b")
    third = await pool.node("c")
    siti = await pool.ready("siti", third)
    budi = await pool.waiting("budi", node=node)
    await siti.ask(OfferAccept(offer_id=(await siti.hear(Offer)).offer_id))
    before = await budi.hear(CustomerConnected)
    node.kill()
    third.store.shut(beating=True)
    pool.memory.empty()
    assert (await budi.enter(pool.nodes[0])).state == "idle"
    third.store.reopen()
    assert (await budi.hear(CustomerConnected)).call_id == before.call_id
    await siti.ask(CallHangup())
    assert (await budi.hear(CallEnded)).reason is EndReason.COMPLETED


async def test_a_customer_who_asked_anew_before_his_agent_came_keeps_what_he_asked_for(pool: Pool) -> None:
    """One live call each: the agent's side finds that he waits already, and lets the old call go."""
    node = await pool.node("b")
    third = await pool.node("c")
    siti = await pool.ready("siti", third)
    budi = await pool.waiting("budi", node=node)
    await siti.ask(OfferAccept(offer_id=(await siti.hear(Offer)).offer_id))
    before = await budi.hear(CustomerConnected)
    node.kill()
    third.store.shut(beating=True)
    pool.memory.empty()
    await budi.enter(pool.nodes[0])
    await budi.ask(CallRequest(request_id="another", queue="general"))
    asked = await budi.hear(CallQueued)
    third.store.reopen()
    offer = await siti.hear(Offer)
    assert offer.call.call_id == asked.call_id != before.call_id
    assert [ref for ref, held in pool.memory.hashes.items() if held.get("live")] == [f"call:{asked.call_id}"]


async def test_what_an_emptied_store_says_is_not_believed_before_its_new_era_is_heard_of(pool: Pool) -> None:
    """A session that was just reading when the store came back empty still restores what it held."""
    node = await pool.node("b")
    budi = await pool.waiting("budi", node=node)
    call = pool.call_of(budi)
    node.store.shut(beating=True)
    node.directory.news(Resynced(pool.memory.rev, pool.memory.era, {}))
    await trio.sleep(0.5)
    pool.memory.empty()
    await trio.sleep(0.5)
    node.store.reopen()
    await pool.until(lambda: call.ref in pool.memory.hashes)
    assert pool.call_of(budi).due_at == call.due_at
