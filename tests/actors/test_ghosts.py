"""The people of a dead node are nobody's: from the first instant on, a new leader offers them nothing."""

import pytest
import trio

from engine.actors.leadership import Watch
from engine.actors.notices import Offer
from engine.actors.requests import StateSet
from engine.domain.lifecycle import AgentState

from .pool import Pool, VirtualNode


@pytest.fixture
async def other(pool: Pool) -> VirtualNode:
    """A second node; the first leads."""
    return await pool.node("b")


@pytest.mark.parametrize("after_s", [n / 8 for n in range(8)])
async def test_a_new_leader_offers_nothing_to_the_agents_of_the_dead_one(
    pool: Pool, other: VirtualNode, after_s: float
) -> None:
    await pool.ready("ghost")
    await trio.sleep(5 + after_s)
    siti = await pool.ready("siti", other)
    died_at = pool.clock.now()
    pool.nodes[0].kill()
    await trio.sleep(0.2)
    await pool.waiting("budi", node=other)
    await siti.hear(Offer)
    await trio.sleep(5)
    assert [f["agent"] for f in pool.facts("call_offered")] == ["siti"]
    [lost] = pool.facts("link_lost")
    assert lost["who"] == "agent:ghost"
    assert lost["at"] - died_at <= 4_000, "reaped in the new leader's first beat"


@pytest.mark.parametrize("after_s", [n / 8 for n in range(8)])
async def test_nor_is_the_call_of_a_dead_leaders_customer_offered(
    pool: Pool, other: VirtualNode, after_s: float
) -> None:
    await pool.waiting("ghost")
    await trio.sleep(5 + after_s)
    pool.nodes[0].kill()
    await trio.sleep(0.2)
    siti = await pool.ready("siti", other)
    budi = await pool.waiting("budi", node=other)
    assert (await siti.hear(Offer)).call.call_id == pool.call_of(budi).id
    assert len(pool.facts("call_offered")) == 1


async def test_who_leaves_a_dead_node_for_another_before_it_is_reaped_is_offered_calls(
    pool: Pool, other: VirtualNode
) -> None:
    siti = await pool.ready("siti")
    pool.nodes[0].store.shut()
    await pool.until(lambda: pool.leader() is other)
    await siti.enter(other)
    await siti.ask(StateSet(state=AgentState.READY))
    budi = await pool.waiting("budi", node=other)
    assert (await siti.hear(Offer)).call.call_id == pool.call_of(budi).id


async def test_a_node_that_beats_again_before_it_is_condemned_is_no_ghost(
    pool: Pool, other: VirtualNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    siti = await pool.ready("siti", other)
    look, wrongly = Watch.look, 2

    def misjudging(self: Watch, beats: dict[str, object], now_s: float) -> list[str]:
        nonlocal wrongly
        if other.store.node in beats and wrongly:
            wrongly -= 1
            return [other.store.node]
        return look(self, beats, now_s)

    monkeypatch.setattr(Watch, "look", misjudging)
    monkeypatch.setattr(pool.nodes[0].leadership, "_reaping", {other.store.node})
    await trio.sleep(3)
    assert not wrongly
    await pool.waiting("budi")
    await siti.hear(Offer)
