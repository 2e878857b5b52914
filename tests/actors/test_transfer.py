"""A call is passed on: what both agents, the customer and the next in line hear, and who may have it."""

from typing import Any

import pytest
import trio

from engine.actors.notices import (
    AgentConnected,
    AgentFigures,
    AgentStateNow,
    CallEnded,
    CallOffered,
    CallQueued,
    CallRequeued,
    Colleagues,
    CustomerConnected,
    Error,
    Offer,
    OfferEnded,
    Ok,
    Peer,
    Signal,
)
from engine.actors.requests import (
    CallHangup,
    CallTransfer,
    ColleaguesList,
    OfferAccept,
    OfferDecline,
    StateSet,
    WrapupFinish,
)
from engine.actors.requests import Signal as SendSignal
from engine.domain.errors import Code
from engine.domain.lifecycle import AgentState, CallState, EndReason, OfferEnd, RequeueReason

from .pool import Client, Pool, in_call


async def take(agent: Client, within_s: float = 10.0) -> Offer:
    """Accept the next offer."""
    offer = await agent.hear(Offer, within_s=within_s)
    assert isinstance(await agent.ask(OfferAccept(offer_id=offer.offer_id)), Ok)
    await agent.hear(AgentConnected)
    return offer


async def refused(agent: Client, request: Any) -> tuple[Code, str | None, str | None]:
    answer = await agent.ask(request)
    assert isinstance(answer, Error), answer
    return answer.code, answer.field, answer.state


# to a queue


async def test_the_customer_waits_again_and_the_next_agent_is_told_by_whom_and_why(pool: Pool) -> None:
    siti, budi = await in_call(pool)
    before = pool.call_of(budi)
    dewi = await pool.waiting("dewi")
    assert isinstance(await siti.ask(CallTransfer(queue="general", note="wants a loan")), Ok)
    rest = await siti.hear(AgentStateNow, state=AgentState.WRAP_UP)
    assert rest.call_id == before.id
    told = await budi.hear(CallRequeued)
    assert (told.reason, told.position) == (RequeueReason.TRANSFERRED, 1), "before dewi: his due is kept"
    assert pool.call_of(budi).due_at == before.due_at
    assert not siti.unread(CallEnded)
    agus = await pool.ready("agus")
    offer = await take(agus)
    assert (offer.call.call_id, offer.call.from_agent, offer.call.note) == (before.id, "siti", "wants a loan")
    assert offer.call.waited_ms == offer.why["waited_ms"]
    again = await budi.hear(CustomerConnected)
    assert (again.agent.id, again.video.room) == ("agus", before.id)
    await budi.ask(CallHangup())
    assert (await agus.hear(CallEnded)).reason is EndReason.COMPLETED
    assert not siti.unread(CallEnded), "it is no longer his"
    assert pool.call_of(dewi).state is CallState.WAITING
    assert [f["to_agent"] for f in pool.facts("call_transferred")] == [""]


async def test_signals_go_to_whoever_has_the_call(pool: Pool) -> None:
    siti, budi = await in_call(pool)
    await siti.ask(CallTransfer(queue="general"))
    await budi.hear(CallRequeued)
    assert (await refused(siti, SendSignal(data="late")))[0] is Code.WRONG_STATE
    assert (await refused(budi, SendSignal(data="late")))[0] is Code.WRONG_STATE
    agus = await pool.ready("agus")
    await take(agus)
    await budi.hear(CustomerConnected)
    assert isinstance(await budi.ask(SendSignal(data="hello")), Ok)
    assert (await agus.hear(Signal)).data == "hello"
    budi.drop()
    assert (await agus.hear(Peer)).link == "lost"
    assert not siti.unread(Peer)
    assert not siti.unread(Signal)


async def test_it_comes_back_to_him_who_passed_it_on_only_if_nobody_else_is_there(pool: Pool) -> None:
    siti, budi = await in_call(pool)
    agus = await pool.agent("agus").enter()
    assert agus.state == "not_ready"
    await siti.ask(CallTransfer(queue="general"))
    await siti.ask(WrapupFinish())
    await siti.hear(AgentStateNow, state=AgentState.READY)
    await trio.sleep(30)
    assert not siti.unread(Offer)
    offer = await siti.hear(Offer, within_s=40)
    assert (offer.call.call_id, offer.call.from_agent) == (pool.call_of(budi).id, "siti")


async def test_his_notes_reach_the_call_while_another_talks(pool: Pool) -> None:
    siti, budi = await in_call(pool)
    await siti.ask(CallTransfer(queue="general"))
    agus = await pool.ready("agus")
    await take(agus)
    assert isinstance(await siti.ask(WrapupFinish(disposition="sold", notes="asked")), Ok)
    assert pool.call_of(budi).state is CallState.CONNECTED
    await budi.ask(CallHangup())
    await agus.hear(AgentStateNow, state=AgentState.WRAP_UP)
    assert isinstance(await agus.ask(WrapupFinish(notes="answered")), Ok)
    call = pool.call_of(budi)
    assert (call.notes, call.disposition) == ("asked\nanswered", "sold")


# to a colleague


async def test_a_colleague_on_another_node_is_tried_first_whatever_he_serves(pool: Pool) -> None:
    other = await pool.node("b")
    siti, budi = await in_call(pool)
    ayu = await pool.ready("ayu")
    await trio.sleep(5)
    agus = await pool.ready("agus", other, queues=("instant",))
    assert isinstance(await siti.ask(CallTransfer(agent_id="agus", note="yours")), Ok)
    offer = await take(agus)
    assert (offer.call.from_agent, offer.call.from_agent_name, offer.call.note) == ("siti", "Siti", "yours")
    assert (await budi.hear(CustomerConnected)).agent.id == "agus"
    assert not ayu.unread(Offer), "who serves the queue and is idle for longer"
    assert [f["to_agent"] for f in pool.facts("call_transferred")] == ["agus"]


@pytest.mark.parametrize("how", [OfferEnd.DECLINED, OfferEnd.EXPIRED, OfferEnd.AGENT_LOST])
async def test_a_colleague_who_does_not_take_it_is_followed_by_anybody(pool: Pool, how: OfferEnd) -> None:
    siti, budi = await in_call(pool)
    agus = await pool.ready("agus", queues=("instant",))
    ayu = await pool.ready("ayu")
    await siti.ask(CallTransfer(agent_id="agus"))
    offer = await agus.hear(Offer)
    await budi.hear(CallOffered)
    assert not ayu.unread(Offer)
    match how:
        case OfferEnd.DECLINED:
            await agus.ask(OfferDecline(offer_id=offer.offer_id))
        case OfferEnd.AGENT_LOST:
            agus.drop()
        case _:
            await agus.hear(OfferEnded, within_s=20)
    assert (await take(ayu)).call.from_agent == "siti"
    assert (await budi.hear(CustomerConnected)).agent.id == "ayu"
    assert [f["how"] for f in pool.facts("offer_ended")][1] == how.value


@pytest.mark.parametrize("gone", ["break", "offline", "lost"])
async def test_a_colleague_who_goes_before_he_is_asked_is_not_waited_for(pool: Pool, gone: str) -> None:
    siti, budi = await in_call(pool)
    agus, ayu = await pool.ready("agus", queues=("instant",)), await pool.ready("ayu")
    budi.drop()
    await siti.hear(Peer)
    await siti.ask(CallTransfer(agent_id="agus"))
    await budi.enter()
    await agus.hear(Offer)
    budi.drop()
    await agus.hear(OfferEnded, reason=OfferEnd.RESCINDED)
    match gone:
        case "break":
            await agus.ask(StateSet(state=AgentState.NOT_READY, reason="break"))
        case "offline":
            await agus.ask(StateSet(state=AgentState.OFFLINE))
        case _:
            agus.drop()
    back_at = pool.clock.now()
    await budi.enter()
    await take(ayu)
    assert [f["at"] for f in pool.facts("call_offered")][-1] < back_at + 1_000


# colleagues and figures


async def test_colleagues_are_the_others_who_are_ready_now_by_name(pool: Pool) -> None:
    other = await pool.node("b")
    siti, _ = await in_call(pool)
    for sub, node in (("zul", other), ("agus", pool.nodes[0])):
        await pool.ready(sub, node, queues=("instant",))
    await pool.agent("ayu").enter()
    assert isinstance(await siti.ask(ColleaguesList()), Ok)
    found = await siti.hear(Colleagues)
    assert [(a.id, a.name, a.queues) for a in found.agents] == [
        ("agus", "Agus", ["instant"]),
        ("zul", "Zul", ["instant"]),
    ]


async def test_colleagues_while_the_store_is_away(pool: Pool) -> None:
    siti = await pool.ready("siti")
    pool.memory.away()
    assert (await refused(siti, ColleaguesList()))[0] is Code.UNAVAILABLE


async def test_no_more_colleagues_than_anybody_chooses_from(pool: Pool) -> None:
    for n in range(104):
        await pool.ready(f"a{n:03}", queues=())
    siti = await pool.ready("siti")
    await siti.ask(ColleaguesList())
    found = (await siti.hear(Colleagues)).agents
    assert [a.id for a in found] == [f"a{n:03}" for n in range(100)], "those of the longest idle"


async def test_an_agent_knows_his_own_figures(pool: Pool) -> None:
    siti = pool.agent("siti")
    await siti.enter()
    assert await siti.hear(AgentFigures) == AgentFigures(handled=0, aht_ms=None, no_answer=0)
    await siti.ask(StateSet(state=AgentState.READY))
    budi = await pool.waiting("budi")
    await take(siti)
    await trio.sleep(20)
    await budi.ask(CallHangup())
    talked = await siti.hear(AgentFigures)
    assert (talked.handled, talked.no_answer) == (1, 0)
    assert 20_000 <= (talked.aht_ms or 0) < 20_100
    await trio.sleep(10)
    await siti.ask(WrapupFinish())
    rested = await siti.hear(AgentFigures)
    assert rested.handled == 1
    assert 30_000 <= (rested.aht_ms or 0) < 30_200
    await pool.waiting("dewi")
    assert (await siti.hear(AgentFigures, within_s=20)).no_answer == 1
    siti.drop()
    await trio.sleep(5)
    await siti.enter()
    assert (await siti.hear(AgentFigures)).handled == 1


async def test_figures_begin_anew_on_another_day(pool: Pool) -> None:
    pool.day_ms = 300_000
    await pool.clock.sleep_until(pool.clock.now() // 300_000 * 300_000 + 300_000)
    siti, budi = await in_call(pool)
    await budi.ask(CallHangup())
    await siti.hear(AgentFigures, handled=1)
    await siti.ask(WrapupFinish())
    siti.drop()
    await trio.sleep(60)
    await siti.enter()
    assert (await siti.hear(AgentFigures)).handled == 1, "a second log-in of that day"
    siti.drop()
    await trio.sleep(300)
    await siti.enter()
    assert await siti.hear(AgentFigures) == AgentFigures(handled=0, aht_ms=None, no_answer=0)


# refusals


async def test_what_cannot_be_passed_on_or_to_whom(pool: Pool) -> None:
    siti = await pool.ready("siti")
    rev = pool.memory.rev
    for request, expected in (
        (CallTransfer(), (Code.BAD_FIELD, "queue", None)),
        (CallTransfer(queue="general", agent_id="agus"), (Code.BAD_FIELD, "queue", None)),
        (CallTransfer(agent_id="nobody"), (Code.NO_SUCH_AGENT, "agent_id", None)),
        (CallTransfer(agent_id="siti"), (Code.NO_SUCH_AGENT, "agent_id", None)),
        (CallTransfer(queue="general"), (Code.WRONG_STATE, None, "ready")),
    ):
        assert await refused(siti, request) == expected
    assert pool.memory.rev == rev
    await pool.waiting("budi")
    await take(siti)
    await pool.agent("agus").enter()
    assert await refused(siti, CallTransfer(queue="nowhere")) == (Code.NO_SUCH_QUEUE, "queue", None)
    busy = (Code.WRONG_STATE, "agent_id", "not_ready")
    assert await refused(siti, CallTransfer(agent_id="agus")) == busy
    assert not pool.facts("call_transferred")


async def test_hanging_up_and_passing_on_at_once_have_one_outcome(pool: Pool) -> None:
    siti, budi = await in_call(pool)
    siti.say(CallTransfer(queue="general"), "transfer")
    budi.say(CallHangup(), "hangup")
    ended = await budi.hear(CallEnded)
    assert ended.reason in (EndReason.COMPLETED, EndReason.ABANDONED)
    passed = any(isinstance(m, Ok) and m.ref == "transfer" for m in siti.heard)
    assert (ended.reason is EndReason.ABANDONED) is passed
    await siti.hear(AgentStateNow, state=AgentState.WRAP_UP)


# a store that comes back empty


async def test_a_call_that_was_passed_on_is_re_created_as_it_was(pool: Pool) -> None:
    siti, budi = await in_call(pool)
    await siti.ask(CallTransfer(queue="instant", note="wants a loan"))
    await budi.hear(CallRequeued)
    before = pool.call_of(budi)
    pool.memory.empty()
    await pool.until(lambda: f"call:{before.id}" in pool.memory.hashes)
    again = pool.call_of(budi)
    assert (again.queue, again.due_at, again.from_agent, again.note) == (
        "instant",
        before.due_at,
        "siti",
        "wants a loan",
    )
    assert not budi.unread(CallQueued)
    agus = await pool.ready("agus", queues=("instant",))
    assert (await take(agus)).call.note == "wants a loan"
