"""Offers, from the matchmaker to both clients and back: every way one can end, and who is tried next."""

import trio
import trio.testing

from engine.actors.notices import (
    AgentConnected,
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
)
from engine.actors.requests import CallCancel, CallHangup, CallRequest, OfferAccept, OfferDecline, StateSet
from engine.actors.requests import WrapupFinish as Finish
from engine.domain.errors import Code
from engine.domain.lifecycle import AgentState, CallState, EndReason, OfferEnd, Party, RequeueReason
from engine.domain.model import Agent

from .pool import Pool


async def test_an_accepted_offer_connects_both(pool: Pool) -> None:
    siti = await pool.ready("siti")
    budi = await pool.waiting("budi")
    queued = await budi.hear(CallQueued)
    assert (queued.position, queued.queue) == (1, "general")
    await budi.hear(CallOffered)
    offer = await siti.hear(Offer)
    assert (offer.call.call_id, offer.call.customer.name) == (queued.call_id, "Budi")
    assert isinstance(await siti.ask(OfferAccept(offer_id=offer.offer_id)), Ok)
    theirs = await budi.hear(CustomerConnected)
    mine = await siti.hear(AgentConnected)
    assert theirs.agent.id == "siti"
    assert (theirs.video.room, theirs.video.role) == (mine.video.room, "answerer")
    assert mine.video.role == "offerer"
    assert not siti.unread(OfferEnded)


async def test_effects_follow_their_ok(pool: Pool) -> None:
    siti = await pool.ready("siti")
    await pool.waiting("budi")
    offer = await siti.hear(Offer)
    siti.forget()
    await siti.ask(OfferAccept(offer_id=offer.offer_id))
    await siti.hear(AgentConnected)
    kinds = [type(m) for m in siti.heard]
    assert kinds.index(AgentConnected) > max(i for i, kind in enumerate(kinds) if kind is Ok)


async def test_a_declined_call_goes_to_the_next_agent_and_comes_back_to_him_last(pool: Pool) -> None:
    siti = await pool.ready("siti")
    budi = await pool.waiting("budi")
    offer = await siti.hear(Offer)
    agus = await pool.ready("agus")
    due_at = pool.call_of(budi).due_at
    await siti.ask(OfferDecline(offer_id=offer.offer_id))
    assert (await siti.hear(OfferEnded)).reason is OfferEnd.DECLINED
    rest = await siti.hear(AgentStateNow)
    assert (rest.state, rest.reason) == (AgentState.NOT_READY, "declined")
    assert (await budi.hear(CallRequeued)).reason is RequeueReason.NO_AGENT
    assert (await agus.hear(Offer)).call.call_id == offer.call.call_id
    assert pool.call_of(budi).due_at == due_at
    assert rest.deadline_at == rest.since_at + 5_000
    back = await siti.hear(AgentStateNow, state=AgentState.READY)
    assert back.since_at == rest.deadline_at


async def test_without_an_answer_the_next_agent_is_tried_and_the_first_is_not_ready(pool: Pool) -> None:
    siti = await pool.ready("siti")
    await trio.sleep(1)
    agus = await pool.ready("agus")
    budi = await pool.waiting("budi")
    offer = await siti.hear(Offer)
    asked_at = pool.clock.now()
    ended = await siti.hear(OfferEnded, within_s=20)
    assert (ended.reason, pool.clock.now() - asked_at) == (OfferEnd.EXPIRED, 15_000)
    now = await siti.hear(AgentStateNow)
    assert (now.state, now.reason, now.deadline_at) == (AgentState.NOT_READY, "no_answer", None)
    assert (await agus.hear(Offer)).call.call_id == offer.call.call_id
    assert pool.call_of(budi).agent == "agus"


async def test_a_late_accept_is_refused_like_one_of_an_offer_that_never_was(pool: Pool) -> None:
    siti = await pool.ready("siti")
    await pool.waiting("budi")
    offer = await siti.hear(Offer)
    await siti.hear(OfferEnded, within_s=20)
    late = await siti.ask(OfferAccept(offer_id=offer.offer_id))
    never = await siti.ask(OfferAccept(offer_id="never-was"))
    assert isinstance(late, Error)
    assert isinstance(never, Error)
    assert (late.code, late.message) == (never.code, never.message) == (Code.OFFER_GONE, late.message)


async def test_another_agents_offer_cannot_be_accepted(pool: Pool) -> None:
    siti = await pool.ready("siti")
    budi = await pool.waiting("budi")
    offer = await siti.hear(Offer)
    agus = await pool.ready("agus")
    answer = await agus.ask(OfferAccept(offer_id=offer.offer_id))
    assert isinstance(answer, Error)
    assert answer.code is Code.OFFER_GONE
    assert pool.call_of(budi).agent == "siti"


async def test_two_customers_who_race_for_one_agent_are_served_one_after_the_other(pool: Pool) -> None:
    siti = await pool.ready("siti")
    clients = [pool.customer(sub) for sub in ("budi", "dewi")]
    for client in clients:
        await client.enter()
    for client in clients:
        client.say(CallRequest(request_id=f"{client.sub}-1", queue="instant"))
    first = await siti.hear(Offer)
    await siti.ask(OfferAccept(offer_id=first.offer_id))
    await siti.ask(CallHangup())
    second = await siti.hear(Offer)
    assert {first.call.customer.id, second.call.customer.id} == {"budi", "dewi"}


async def test_two_agents_for_one_customer_only_one_is_asked(pool: Pool) -> None:
    agents = [await pool.ready(sub) for sub in ("agus", "siti")]
    budi = await pool.waiting("budi")
    await budi.hear(CallOffered)
    await trio.testing.wait_all_tasks_blocked()
    assert sum(len(agent.unread(Offer)) for agent in agents) == 1


async def test_a_customer_who_hangs_up_while_offered_rescinds_the_offer(pool: Pool) -> None:
    siti = await pool.ready("siti")
    idle_since = pool.clock.now()
    await trio.sleep(3)
    budi = await pool.waiting("budi")
    offer = await siti.hear(Offer)
    await trio.sleep(2)
    await budi.ask(CallHangup())
    ended = await budi.hear(CallEnded)
    assert (ended.reason, ended.by) == (EndReason.ABANDONED, Party.CUSTOMER)
    gone = await siti.hear(OfferEnded)
    assert (gone.offer_id, gone.reason) == (offer.offer_id, OfferEnd.RESCINDED)
    await siti.hear(AgentStateNow, state=AgentState.READY)
    agent = siti.record
    assert isinstance(agent, Agent)
    assert agent.idle_since == idle_since, "his idle time is kept"


async def test_accept_and_hang_up_at_once_have_one_outcome(pool: Pool) -> None:
    siti = await pool.ready("siti")
    budi = await pool.waiting("budi", "instant")
    offer = await siti.hear(Offer)
    siti.say(OfferAccept(offer_id=offer.offer_id), "accept")
    budi.say(CallCancel(), "cancel")
    ended = await budi.hear(CallEnded)
    await siti.hear(AgentStateNow, state=AgentState.READY)
    accepted = any(isinstance(m, Ok) and m.ref == "accept" for m in siti.heard)
    assert ended.reason is (EndReason.COMPLETED if accepted else EndReason.ABANDONED)
    assert pool.call_of(budi).state is CallState.ENDED


async def test_a_repeated_accept_gets_its_first_answer(pool: Pool) -> None:
    siti = await pool.ready("siti")
    await pool.waiting("budi")
    offer = await siti.hear(Offer)
    accept = OfferAccept(offer_id=offer.offer_id)
    assert isinstance(await siti.ask(accept), Ok)
    assert isinstance(await siti.ask(accept), Ok)
    assert len(pool.facts("call_connected")) == 1


async def test_a_repeated_request_gets_its_first_answer(pool: Pool) -> None:
    budi = await pool.waiting("budi")
    first = await budi.hear(CallQueued)
    assert isinstance(await budi.ask(CallRequest(request_id="budi-1", queue="general")), Ok)
    assert (await budi.hear(CallQueued)).call_id == first.call_id
    assert len(pool.facts("call_queued")) == 1


async def test_another_request_while_one_lives_names_the_live_call(pool: Pool) -> None:
    budi = await pool.waiting("budi")
    first = await budi.hear(CallQueued)
    answer = await budi.ask(CallRequest(request_id="budi-2", queue="instant"))
    assert isinstance(answer, Error)
    assert (answer.code, answer.call_id) == (Code.ALREADY_WAITING, first.call_id)


async def test_after_the_end_another_request_is_another_call(pool: Pool) -> None:
    budi = await pool.waiting("budi")
    first = await budi.hear(CallQueued)
    await budi.ask(CallCancel())
    await budi.hear(CallEnded)
    await budi.ask(CallRequest(request_id="budi-2", queue="general"))
    assert (await budi.hear(CallQueued)).call_id != first.call_id


async def test_commands_in_the_wrong_state_name_the_state_and_change_nothing(pool: Pool) -> None:
    siti = await pool.ready("siti")
    budi = pool.customer("budi")
    await budi.enter()
    rev = pool.memory.rev
    answers = [
        await siti.ask(CallHangup()),
        await siti.ask(Finish()),
        await budi.ask(CallCancel()),
        await budi.ask(CallHangup()),
    ]
    assert all(isinstance(a, Error) and a.code is Code.WRONG_STATE for a in answers)
    assert [a.state for a in answers[:2] if isinstance(a, Error)] == ["ready", "ready"]
    assert pool.memory.rev == rev


async def test_offline_while_busy_takes_effect_after_call_and_wrap_up(pool: Pool) -> None:
    siti = await pool.ready("siti")
    budi = await pool.waiting("budi")
    await siti.ask(OfferAccept(offer_id=(await siti.hear(Offer)).offer_id))
    await siti.ask(StateSet(state=AgentState.OFFLINE))
    wish = await siti.hear(AgentStateNow, next_state=AgentState.OFFLINE)
    assert wish.state is AgentState.ON_CALL
    await budi.hear(CustomerConnected)
    await budi.ask(CallHangup())
    await siti.hear(AgentStateNow, state=AgentState.WRAP_UP)
    await siti.hear(AgentStateNow, state=AgentState.OFFLINE, within_s=40)
    await pool.waiting("dewi")
    await trio.sleep(5)
    assert not siti.unread(Offer)


async def test_wrap_up_ends_by_itself_or_when_finished(pool: Pool) -> None:
    siti = await pool.ready("siti")
    for n, finish in enumerate((False, True)):
        budi = await pool.waiting(f"budi{n}")
        await siti.ask(OfferAccept(offer_id=(await siti.hear(Offer)).offer_id))
        await budi.ask(CallHangup())
        rest = await siti.hear(AgentStateNow, state=AgentState.WRAP_UP)
        assert rest.deadline_at is not None
        if finish:
            await siti.ask(Finish(notes="all well"))
        ready = await siti.hear(AgentStateNow, state=AgentState.READY, within_s=40)
        assert (ready.since_at == rest.deadline_at) is not finish
