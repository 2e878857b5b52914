"""An answer is lost with the link: what is asked again over the next one is granted once, and done once."""

from collections.abc import Sequence

import pytest
import trio

from engine.actors.notices import (
    AgentConnected,
    AgentStateNow,
    CallEnded,
    Error,
    Offer,
    Ok,
)
from engine.actors.requests import (
    CallCancel,
    CallHangup,
    CallTransfer,
    OfferAccept,
    Request,
    WrapupFinish,
)
from engine.domain.errors import Code
from engine.domain.lifecycle import AgentState, CallState, EndReason

from .pool import Client, Pool, in_call


async def answered_to_nobody(client: Client, request: Request) -> None:
    """It is done, but the link breaks before the answer; then he is back."""
    assert client.link is not None
    client.link.cut = True
    client.link.conversation.receive("lost", request)
    await trio.sleep(1)
    client.link.conversation.lost()
    client.forget()
    await client.enter()


def changes(pool: Pool) -> Sequence[object]:
    return list(pool.memory.journal)


async def granted_again(pool: Pool, client: Client, request: Request) -> None:
    before = changes(pool)
    assert isinstance(await client.ask(request), Ok)
    assert changes(pool) == before, "nothing was done a second time"


async def is_refused(client: Client, request: Request) -> None:
    answer = await client.ask(request)
    assert isinstance(answer, Error)
    assert answer.code is Code.WRONG_STATE


@pytest.mark.parametrize("queue", ["general", "instant"])
async def test_an_agents_hang_up(pool: Pool, queue: str) -> None:
    siti, budi = await in_call(pool, queue)
    again = CallHangup(call_id=pool.call_of(budi).id)
    await answered_to_nobody(siti, again)
    await granted_again(pool, siti, again)
    assert (await budi.hear(CallEnded)).reason is EndReason.COMPLETED
    await is_refused(siti, CallHangup())


async def test_the_end_of_wrap_up_with_its_notes(pool: Pool) -> None:
    siti, budi = await in_call(pool)
    call_id = pool.call_of(budi).id
    await siti.ask(CallHangup(call_id=call_id))
    again = WrapupFinish(call_id=call_id, disposition="sold", notes="two\nlines")
    await answered_to_nobody(siti, again)
    await granted_again(pool, siti, again)
    call = pool.call_of(budi)
    assert (call.notes, call.disposition) == ("two\nlines", "sold")
    await is_refused(siti, WrapupFinish(call_id=call_id, notes="other"))


@pytest.mark.parametrize("to", ["queue", "colleague"])
async def test_a_transfer_though_the_other_has_the_call_by_now(pool: Pool, to: str) -> None:
    siti, budi = await in_call(pool)
    agus = await pool.ready("agus")
    call_id = pool.call_of(budi).id
    where = {"queue": "general"} if to == "queue" else {"agent_id": "agus"}
    again = CallTransfer(call_id=call_id, **where)
    await answered_to_nobody(siti, again)
    await agus.ask(OfferAccept(offer_id=(await agus.hear(Offer)).offer_id))
    await agus.hear(AgentConnected)
    await granted_again(pool, siti, again)
    assert pool.call_of(budi).agent == "agus"
    assert len(pool.facts("call_transferred")) == 1


async def test_what_was_not_done_is_done_when_asked_again(pool: Pool) -> None:
    siti, budi = await in_call(pool)
    call_id = pool.call_of(budi).id
    siti.drop()
    await siti.enter()
    assert isinstance(await siti.ask(CallHangup(call_id=call_id)), Ok)
    await siti.hear(AgentStateNow, state=AgentState.WRAP_UP)
    assert pool.call_of(budi).state is CallState.ENDED


@pytest.mark.parametrize("how", [CallCancel, CallHangup])
async def test_a_customers_leaving(pool: Pool, how: type[CallCancel] | type[CallHangup]) -> None:
    budi = await pool.waiting("budi")
    again = how(call_id=pool.call_of(budi).id)
    await answered_to_nobody(budi, again)
    await granted_again(pool, budi, again)
    assert (await budi.hear(CallEnded)).reason is EndReason.ABANDONED
    await is_refused(budi, how())


async def test_another_call_than_the_one_named_is_left_alone(pool: Pool) -> None:
    siti, budi = await in_call(pool)
    mine, dewi = pool.call_of(budi).id, await pool.waiting("dewi")
    other = pool.call_of(dewi).id
    for request in (
        CallHangup(call_id=other),
        CallHangup(call_id="nothing"),
        CallTransfer(call_id=other, queue="instant"),
        WrapupFinish(call_id=mine),
    ):
        await is_refused(siti, request)
    for request in (CallHangup(call_id=other), CallCancel(call_id="nothing")):
        await is_refused(budi, request)
    assert pool.call_of(budi).state is CallState.CONNECTED
    await siti.ask(CallHangup(call_id=mine))
    await is_refused(siti, WrapupFinish(call_id=other, notes="of another"))
    assert pool.call_of(siti).notes == ""


async def test_while_the_store_is_away_it_is_not_known(pool: Pool) -> None:
    siti, budi = await in_call(pool, "instant")
    call_id = pool.call_of(budi).id
    await siti.ask(CallHangup(call_id=call_id))
    pool.memory.away()
    answer = await siti.ask(CallHangup(call_id=call_id))
    assert isinstance(answer, Error)
    assert answer.code is Code.UNAVAILABLE
