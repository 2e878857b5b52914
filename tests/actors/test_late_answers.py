"""An answer comes after news that is newer than it: the board follows whichever is newer."""

import trio
from attrs import evolve

from engine.actors.notices import Offer
from engine.actors.requests import StateSet
from engine.domain.change import Change, Conflict, Receipt
from engine.domain.lifecycle import AgentState, CallState
from engine.domain.model import Agent
from engine.domain.rules import Timings
from engine.store.memory_store import Faults

from .pool import POLICY, Pool, VirtualNode


def slow_offers(node: VirtualNode, *, there_s: float, back_s: float) -> None:
    """That node's offers take so long to the store, and so long to be refused."""
    commit = node.store.commit

    async def slowly(change: Change) -> Receipt:
        if not any(fact.kind == "call_offered" for fact in change.facts):
            return await commit(change)
        await trio.sleep(there_s)
        try:
            return await commit(change)
        except Conflict:
            await trio.sleep(back_s)
            raise

    node.store.commit = slowly  # type: ignore[method-assign]


async def test_a_late_refusal_does_not_put_the_board_back_behind_the_news(pool: Pool) -> None:
    leader, other = pool.nodes[0], await pool.node("b")
    siti = await pool.ready("siti", other)
    slow_offers(leader, there_s=0.02, back_s=0.05)
    budi = await pool.waiting("budi", node=other)
    await trio.sleep(0.005)
    siti.say(StateSet(state=AgentState.NOT_READY))
    await trio.sleep(0.03)
    siti.say(StateSet(state=AgentState.READY))
    assert (await siti.hear(Offer)).call.call_id == pool.call_of(budi).id


async def test_a_late_refusal_that_is_the_newest_there_is_counts(pool: Pool) -> None:
    leader, other = pool.nodes[0], await pool.node("b")
    siti = await pool.ready("siti", other)
    slow_offers(leader, there_s=0.02, back_s=0.05)
    await pool.waiting("budi", node=other)
    await trio.sleep(0.005)
    pool.memory.leave(leader.store)
    await siti.ask(StateSet(state=AgentState.NOT_READY))
    await trio.sleep(0.2)
    matchmaker = leader.leadership.matchmaker
    assert matchmaker is not None
    assert matchmaker.board.agents["siti"].state is AgentState.NOT_READY


async def test_the_late_answer_to_a_deletion_does_not_delete_who_came_back(nursery: trio.Nursery) -> None:
    """The record of an agent who was forgotten is made anew while the answer is on its way."""
    pool = Pool(nursery, policy=evolve(POLICY, timings=Timings(keep_offline_ms=60_000)))
    leader, other = await pool.node("a"), await pool.node("b")
    siti = await pool.ready("siti", other)
    await siti.ask(StateSet(state=AgentState.OFFLINE))
    siti.drop()
    await trio.sleep(1)
    record = siti.record
    assert isinstance(record, Agent)
    assert record.forget_at is not None
    await pool.clock.sleep_until(record.forget_at - 1)
    pool.memory.faults = Faults(answer_ms=4_000)
    await pool.until(lambda: siti.record is None)
    pool.memory.faults = None
    await siti.enter(other)
    await siti.ask(StateSet(state=AgentState.READY))
    await trio.sleep(5)
    budi = await pool.waiting("budi")
    assert (await siti.hear(Offer)).call.call_id == pool.call_of(budi).id
    assert pool.call_of(budi).state is CallState.OFFERED
    assert leader.leads
