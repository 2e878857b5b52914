"""What goes wrong while a dead node is reaped ends that reaping, and neither the leader nor its node."""

from collections.abc import Callable
from typing import Any

import pytest
import trio

from engine.actors.notices import Offer
from engine.domain.lifecycle import AgentState
from engine.domain.model import Agent
from engine.domain.moves import time as moves

from .pool import Pool, VirtualNode


@pytest.fixture
async def other(pool: Pool) -> VirtualNode:
    """A second node; the first leads."""
    return await pool.node("b")


def after_condemning(node: VirtualNode, monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Let `act` happen once, between that leader's judgement and what he makes of it."""
    condemn, acts = node.store.condemn, [act]

    async def condemned(*args: str) -> Any:
        refs = await condemn(*args)
        if acts:
            acts.pop()()
        return refs

    monkeypatch.setattr(node.store, "condemn", condemned)


async def test_a_leader_that_is_deposed_while_reaping_lives_on(
    pool: Pool, other: VirtualNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    leader, third = pool.nodes[0], await pool.node("c")
    budi = await pool.waiting("budi", node=leader)
    await pool.ready("siti", third, queues=())
    usurper = {"epoch": "9", "nonce": "other", "token": "9:other", "node": "x", "beat": "0"}
    after_condemning(leader, monkeypatch, lambda: pool.memory.leader.update(usurper))
    third.kill()
    await trio.sleep(12)
    assert not leader.reaped
    assert budi.closed is None
    assert third.store.node not in pool.memory.nodes, "whoever leads next finishes it"


async def test_a_record_that_is_damaged_while_its_node_is_reaped_does_not_hold_up_the_others(
    pool: Pool, other: VirtualNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The damage shows only in the answer to a commit."""
    people = [await pool.ready(name, other, queues=()) for name in ("agus", "siti", "tono")]
    damage = moves.lost

    def damaged(record: Any, *args: Any) -> Any:
        change = damage(record, *args)
        if record.id == "agus":
            pool.memory.hashes["agent:agus"].update(version="99", since_at="soon")
        return change

    monkeypatch.setattr(moves, "lost", damaged)
    other.kill()
    await pool.until(
        lambda: all(isinstance(p.record, Agent) and p.record.state is AgentState.OFFLINE for p in people[1:])
    )
    budi = await pool.waiting("budi")
    tini = await pool.ready("tini")
    assert (await tini.hear(Offer)).call.customer.id == "budi"
    assert budi.closed is None


async def test_a_crash_while_reaping_ends_that_reaping_alone(
    pool: Pool, other: VirtualNode, monkeypatch: pytest.MonkeyPatch, log: list[Any]
) -> None:
    siti = await pool.ready("siti")
    await pool.ready("agus", other, queues=())

    def crash() -> None:
        raise ZeroDivisionError("planted")

    after_condemning(pool.nodes[0], monkeypatch, crash)
    other.kill()
    await pool.until(lambda: other.store.node not in pool.memory.nodes)
    assert siti.closed is None
    assert [e["event"] for e in log if e["log_level"] == "error"] == ["reaping failed"]
