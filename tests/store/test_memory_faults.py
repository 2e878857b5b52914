"""The memory store misbehaves on request, by seed, and as a real one may: never wrongly."""

from collections.abc import Sequence
from random import Random
from typing import Any

import pytest
import trio
import trio.testing
from attrs import evolve

from engine.actors import ports
from engine.domain.change import Change, Conflict, NotSent, Unavailable, Unknown, Write
from engine.domain.news import Changed, Resynced, Service
from engine.store.memory_store import Faults, MemoryPool, MemoryStore
from engine.store.redis_store import RedisStore

from .people import a_call, a_customer, an_agent, change, put
from .rig import Ear


def in_virtual_time(test: Any, clock: trio.abc.Clock | None = None, instruments: Sequence[Any] = ()) -> Any:
    """Run a test on a clock that jumps to the next timer as soon as everybody waits."""
    return trio.run(test, clock=trio.testing.MockClock(autojump_threshold=0), instruments=instruments)


def both_are_the_actors_store() -> list[ports.Store]:
    """For the type checker."""
    return [MemoryStore(MemoryPool()), RedisStore("redis://localhost")]


def pool(seed: int = 1, **faults: Any) -> MemoryPool:
    return MemoryPool(random=Random(seed), faults=Faults(**faults))


async def test_a_delayed_change_takes_its_time_and_cannot_be_cancelled() -> None:
    truth = pool(delay_ms=1000)
    store = MemoryStore(truth)
    begun = trio.current_time()
    with trio.move_on_after(0.0001):
        await store.commit(put(a_call()))
    assert 0.0001 < trio.current_time() - begun <= 1
    assert "call:c1" in truth.hashes


async def test_an_injected_conflict_shows_what_is_stored() -> None:
    truth = pool(conflict=1.0)
    store = MemoryStore(truth)
    with pytest.raises(Conflict) as caught:
        await store.commit(put(a_call()))
    assert caught.value.records == {"call:c1": None}
    assert truth.rev == 0


async def test_what_is_unknown_happens_once_sooner_or_later() -> None:
    for seed in range(20):
        truth = pool(seed, unknown=1.0)
        store, ear = MemoryStore(truth), Ear()
        async with store.watch(ear):
            with pytest.raises(Unknown):
                await store.commit(put(a_call()))
            truth.faults = None
            await store.beat()
            assert truth.hashes["call:c1"]["version"] == "1"
            assert [type(n) for n in ear.heard] == [Resynced, Changed]


async def test_a_lost_message_shows_at_the_next_or_at_the_next_beat() -> None:
    truth = pool(lost=1.0)
    writer, reader, ear = MemoryStore(truth, "a"), MemoryStore(truth, "b"), Ear()
    async with reader.watch(ear):
        (call,) = (await writer.commit(put(a_call("c1")))).records.values()
        assert len(ear.heard) == 1
        await reader.beat()
        assert ear.heard[-1].records == {"call:c1": call}
        await writer.commit(put(a_call("c2")))
        await writer.commit(put(a_call("c3")))
        assert isinstance(ear.heard[-1], Resynced)
        assert set(ear.heard[-1].records) == {"call:c1", "call:c2", "call:c3"}


async def test_a_doubled_message_comes_twice() -> None:
    truth = pool(doubled=1.0)
    writer, reader, ear = MemoryStore(truth, "a"), MemoryStore(truth, "b"), Ear()
    async with reader.watch(ear):
        await writer.commit(put(a_call()))
    assert [type(n) for n in ear.heard] == [Resynced, Changed, Changed]


async def test_a_store_that_goes_and_comes_back() -> None:
    truth = MemoryPool()
    store, ear = MemoryStore(truth), Ear()
    store.listen(ear)
    await store.commit(put(a_customer(node=store.node)))
    ear.forget()
    truth.away()
    assert not store.available
    for ask in (store.commit(put(a_call())), store.read([]), store.beat(), store.lead(None, "n")):
        with pytest.raises(NotSent):
            await ask
    truth.back()
    assert ear.heard[:2] == [Service(False), Service(True)]
    assert set(ear.heard[2].records) == {"customer:ani"}
    assert store.era == truth.era


async def test_news_may_overtake_an_answer() -> None:
    truth = pool(answer_ms=1000)
    slow, fast, ear = MemoryStore(truth, "a"), MemoryStore(truth, "b"), Ear()
    answered: list[Any] = []

    async def ask() -> None:
        receipt = await slow.commit(put(a_call()))
        answered.append(receipt.records["call:c1"])

    async with slow.watch(ear), trio.open_nursery() as nursery:
        nursery.start_soon(ask)
        first = (await ear.hear_of(Changed)).records["call:c1"]
        truth.faults = None
        await fast.commit(change(first))
        assert [n.records["call:c1"].version for n in ear.heard[1:]] == [1, 2]
        assert not answered
    assert answered == [first]


async def test_channels_may_come_up_later_than_the_store(nursery: trio.Nursery) -> None:
    truth = pool(feed_ms=1000)
    store, other, ear = MemoryStore(truth, "a"), MemoryStore(truth, "b"), Ear()
    await nursery.start(store.run)
    async with store.watch(ear):
        ear.forget()
        truth.away()
        truth.back()
        await other.commit(put(a_call("theirs")))
        await store.beat()
        (mine,) = (await store.commit(put(a_call("mine")))).records.values()
        assert [n.records for n in ear.heard] == [{"call:mine": mine}], "its own changes it knows at once"
        resynced = await ear.hear_of(Resynced)
        assert resynced.records.keys() == {"call:mine", "call:theirs"}


async def test_a_channel_that_was_to_come_up_waits_for_a_store_that_is_away_again(
    nursery: trio.Nursery,
) -> None:
    truth = pool(feed_ms=1000)
    store, ear = MemoryStore(truth, "a"), Ear()
    await nursery.start(store.run)
    async with store.watch(ear):
        ear.forget()
        truth.away()
        truth.back()
        truth.away()
        await trio.sleep(5)
        assert not ear.heard
        truth.back()
        await ear.hear_of(Resynced)
        await trio.sleep(5)
        assert len(ear.heard) == 1


async def test_the_same_seed_is_the_same_story() -> None:
    async def story(seed: int) -> list[Any]:
        truth = pool(seed, delay_ms=50, conflict=0.2, unknown=0.2, lost=0.2, doubled=0.2)
        store, other, ear = MemoryStore(truth, "a"), MemoryStore(truth, "b"), Ear()
        async with other.watch(ear):
            for i in range(50):
                try:
                    await store.commit(put(a_call(f"c{i}")))
                except (Conflict, Unavailable) as error:
                    ear.heard.append(str(error))
            await store.beat()
            await other.beat()
        return [trio.current_time() * 0, *ear.heard]

    assert await story(7) == await story(7)
    assert await story(7) != await story(8)


async def test_under_every_fault_at_once_nothing_is_applied_twice() -> None:
    truth = pool(3, delay_ms=20, conflict=0.1, unknown=0.2, lost=0.1, doubled=0.1)
    store = MemoryStore(truth)
    truth.faults, faults = None, truth.faults
    agent: Any = (await store.commit(put(an_agent()))).records["agent:budi"]
    truth.faults = faults
    applied = 0
    for _ in range(300):
        try:
            receipt = await store.commit(change(agent, handled=agent.handled + 1))
            agent = receipt.records[agent.ref]
        except Conflict as conflict:
            agent = conflict.records[agent.ref]
        except Unknown:
            agent = (await store.read([agent.ref]))[agent.ref]
    truth.faults = None
    await store.beat()
    applied = sum(1 for _, _, op, _ in truth.journal if op) - 1
    last = (await store.read([agent.ref]))[agent.ref]
    assert last.version - 1 == applied == last.handled  # type: ignore[union-attr]


async def test_a_change_costs_one_checkpoint() -> None:
    store = MemoryStore(MemoryPool())
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await trio.lowlevel.checkpoint()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(count)
        await trio.lowlevel.checkpoint()
        before = turns
        await store.commit(Change((Write(None, evolve(a_call())),)))
        assert turns - before <= 2
        nursery.cancel_scope.cancel()
