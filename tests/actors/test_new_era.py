"""A store that came back empty: the reign begins anew, and everyone has time to re-create what was."""

from functools import partial
from typing import Any

import pytest
import trio

from engine.actors.notices import AgentStateNow, CallQueued, Error, Offer, Ok
from engine.actors.requests import CallRequest, QueuePause, QueueResume, StateSet
from engine.domain.errors import Code
from engine.domain.lifecycle import AgentState, CallState

from .pool import Client, Pool, VirtualNode

QUIET_MS = 5_000


async def offered_to(agent: Client) -> tuple[str, int]:
    """Whose call that agent is offered first, and when."""
    offer = await agent.hear(Offer, within_s=30)
    return offer.call.customer.id, agent.pool.facts("call_offered")[0]["at"]


def _leads(node: VirtualNode) -> bool:
    return node.pool.leader() is node


@pytest.mark.parametrize("epochs", [1, 2, 3])
async def test_a_leader_that_stays_reigns_under_its_new_token_at_once(pool: Pool, epochs: int) -> None:
    """Epochs begin again at one, so the token that the old reign was fenced by means nothing."""
    for _ in range(epochs - 1):
        node = await pool.node("n")
        await trio.sleep(1)
        pool.nodes[-2].kill()
        await pool.until(partial(_leads, node))
    budi = await pool.waiting("budi", node=pool.nodes[-1])
    await pool.ready("siti", node=pool.nodes[-1], queues=())
    await trio.sleep(0.4)
    emptied_at = pool.clock.now()
    pool.memory.empty()
    siti = await pool.ready("tini", node=pool.nodes[-1])
    _, at = await offered_to(siti)
    assert QUIET_MS <= at - emptied_at <= QUIET_MS + 1_000
    assert pool.call_of(budi).state is CallState.OFFERED


async def all_died(pool: Pool, *people: Client) -> list[str]:
    """The store and all nodes die; another node comes up on a store that is empty. The resume tokens."""
    tokens = [(await person.hear(CallQueued)).resume_token for person in people]
    for node in list(pool.nodes):
        node.kill()
    pool.memory.away()
    pool.memory.empty()
    await trio.sleep(5)
    pool.memory.back()
    await pool.node("fresh")
    return tokens


async def test_fresh_nodes_wait_for_those_who_were_before_them(pool: Pool) -> None:
    """Who comes back first is not who came first."""
    people = []
    for n in range(4):
        people.append(await pool.waiting(f"k{n}"))
        await trio.sleep(0.5)
    tokens = await all_died(pool, *people)
    fresh = pool.nodes[-1]
    await trio.sleep(0.7)
    await people[3].enter(fresh, resume=tokens[3])
    siti = await pool.ready("siti", fresh)
    for n in (2, 1, 0):
        await trio.sleep(1)
        await people[n].enter(fresh, resume=tokens[n])
    assert (await offered_to(siti))[0] == "k0"


async def test_a_first_start_keeps_nobody_waiting(pool: Pool) -> None:
    at = pool.clock.now()
    siti = await pool.ready("siti")
    await pool.waiting("budi")
    assert await offered_to(siti) == ("budi", at)


async def test_fresh_nodes_on_an_empty_store_are_quiet_once(pool: Pool) -> None:
    budi, dewi = await pool.waiting("budi"), await pool.waiting("dewi")
    tokens = await all_died(pool, budi, dewi)
    fresh = pool.nodes[-1]
    await budi.enter(fresh, resume=tokens[0])
    siti = await pool.ready("siti", fresh)
    assert (await offered_to(siti))[0] == "budi"
    await trio.sleep(1)
    agus = await pool.ready("agus", fresh)
    back_at = pool.clock.now()
    await dewi.enter(fresh, resume=tokens[1])
    await agus.hear(Offer)
    assert pool.facts("call_offered")[-1]["at"] == back_at


async def test_a_rebuilt_matchmaker_is_not_quiet(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls that have waited long are no sign of an older era to a reign that begins late."""
    await pool.waiting("budi")
    await trio.sleep(60)
    matchmaker: Any = pool.nodes[0].leadership.matchmaker
    monkeypatch.setattr(matchmaker, "_propose", lambda *_: 1 / 0)
    await pool.waiting("dewi")
    await trio.sleep(1.1)
    assert pool.nodes[0].leadership.matchmaker is not matchmaker
    at = pool.clock.now()
    siti = await pool.ready("siti")
    assert await offered_to(siti) == ("budi", at)


async def test_who_went_offline_and_left_his_page_open_is_re_created_so(pool: Pool) -> None:
    siti = await pool.ready("siti")
    await siti.ask(StateSet(state=AgentState.OFFLINE))
    await siti.hear(AgentStateNow, state=AgentState.OFFLINE)
    pool.memory.empty()
    await pool.until(lambda: siti.record is not None)
    assert siti.closed is None
    await siti.ask(StateSet(state=AgentState.READY))
    await siti.hear(AgentStateNow, state=AgentState.READY)


@pytest.mark.parametrize("nodes", [1, 2])
async def test_a_queue_that_was_paused_stays_paused(pool: Pool, nodes: int) -> None:
    """Nobody holds a gate as a socket holds a call: every node that has sockets was told how it stood."""
    for _ in range(nodes - 1):
        await pool.node("other")
    boss = pool.supervisor("boss", ())
    await boss.enter()
    doors = [pool.customer(f"k{n}") for n in range(nodes)]
    for door, node in zip(doors, pool.nodes, strict=True):
        await door.enter(node)
    await boss.ask(QueuePause(queue="general"))
    await pool.until(lambda: all(n.context.standings.is_open("general") is False for n in pool.nodes))
    pool.memory.empty()
    await trio.sleep(10)
    for door in doors:
        answer = await door.ask(CallRequest(request_id="r", queue="general"))
        assert isinstance(answer, Error)
        assert answer.code is Code.QUEUE_CLOSED
    assert [f["queue"] for f in pool.facts("queue_paused")] == ["general"]
    await boss.ask(QueueResume(queue="general"))
    assert isinstance(await doors[0].ask(CallRequest(request_id="r", queue="general")), Ok)
