"""Everybody acts on one offered call at one instant, in every order: there is one outcome, told to all."""

from itertools import permutations

import pytest
import trio

from engine.actors.notices import CallEnded, Error, Offer, OfferEnded, Ok
from engine.actors.requests import CallAssign, CallCancel, CallEnd, OfferAccept, Request
from engine.domain.errors import Code
from engine.domain.lifecycle import AgentState, CallState, EndReason
from engine.domain.model import Agent
from engine.domain.rules import Policy, Queue
from engine.store.memory_pool import Faults

from .pool import Client, Pool
from .watchdog import Watchdog

RING_S = 5
POLICY = Policy(queues={"general": Queue(name="general", ring_ms=RING_S * 1_000, wrap_up_ms=0)})
DEEDS = ("accept", "hang up", "end", "assign")


@pytest.mark.parametrize("order", list(permutations(DEEDS)), ids=",".join)
@pytest.mark.parametrize("when", ["while it rings", "as it ends", "when it has ended"])
async def test_one_call_many_hands(nursery: trio.Nursery, order: tuple[str, ...], when: str) -> None:
    pool = Pool(nursery, policy=POLICY, faults=Faults(delay_ms=3, answer_ms=3))
    Watchdog(pool.memory)
    one, two = await pool.node("a"), await pool.node("b")
    siti, agus = await pool.ready("siti", two), await pool.ready("agus", one, queues=())
    boss = pool.supervisor()
    await boss.enter(two)
    budi = await pool.waiting("budi", node=one)
    offer = await siti.hear(Offer)
    call_id = offer.call.call_id
    deeds: dict[str, tuple[Client, Request]] = {
        "accept": (siti, OfferAccept(offer_id=offer.offer_id)),
        "hang up": (budi, CallCancel()),
        "end": (boss, CallEnd(call_id=call_id)),
        "assign": (boss, CallAssign(call_id=call_id, agent_id="agus")),
    }
    late_ms = {"while it rings": -1_000, "as it ends": 0, "when it has ended": 3}[when]
    await pool.clock.sleep_until(offer.deadline_at + late_ms)
    for deed in order:
        client, request = deeds[deed]
        client.say(request, deed)
    ended = await budi.hear(CallEnded)
    await trio.sleep(2)
    answers = {m.ref: m for c in (siti, budi, boss) for m in c.heard if isinstance(m, Ok | Error)}
    assert set(DEEDS) <= answers.keys(), "everybody is answered"
    for answer in answers.values():
        assert isinstance(answer, Ok) or answer.code in (Code.WRONG_STATE, Code.OFFER_GONE), answer
    call = pool.call_of(budi)
    assert call.state is CallState.ENDED
    assert (ended.reason, ended.by) == (call.end_reason, call.ended_by)
    connected = pool.facts("call_connected")
    assert bool(connected) is isinstance(answers["accept"], Ok)
    assert isinstance(answers["hang up"], Ok) or isinstance(answers["end"], Ok)
    if call.end_reason is EndReason.ABANDONED:
        assert not connected
    assert sum(f["call"] == call_id for f in pool.facts("call_ended")) == 1
    for agent in (siti, agus):
        record = agent.record
        assert isinstance(record, Agent)
        assert (record.call, record.offer) == ("", "")
        assert record.state in (AgentState.READY, AgentState.NOT_READY)
        offers = [m for m in agent.heard if isinstance(m, Offer)]
        over = [m for m in agent.heard if isinstance(m, OfferEnded)]
        assert len(over) == len(offers) - (agent is siti and bool(connected))
