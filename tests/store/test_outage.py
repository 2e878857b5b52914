"""Harm done to a real server under load: nothing acknowledged is lost, nothing is applied twice."""

import os
import signal
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import redis
import trio
import trio.testing
from attrs import evolve

from engine.domain.change import Change, Conflict, NotSent, Unavailable, Unknown, Write
from engine.domain.facts import AgentMoved
from engine.domain.model import Record
from engine.domain.news import Changed, Resynced, Service
from engine.store.embedded import Embedded
from engine.store.redis_store import RedisStore
from engine.store.wire import Address

from .people import NOW, a_call, a_customer, an_agent, change, put
from .rig import PATIENCE_S, Ear, Rig, until


async def work(store: Any, name: str, acknowledged: dict[str, str], done: Callable[[], bool]) -> Any:
    """Raise one agent's counter, once per change, whatever happens; his record in the end."""
    agent = (await store.commit(put(an_agent(name)))).records[f"agent:{name}"]
    while not done():
        fact = AgentMoved(at=NOW, agent=name, state=agent.state)
        try:
            receipt = await store.commit(
                Change((Write(agent, evolve(agent, handled=agent.handled + 1)),), facts=(fact,))
            )
        except Conflict as conflict:
            agent = conflict.records[f"agent:{name}"]
        except Unavailable:
            await until(lambda: store.available)
            agent = await read(store, agent.ref)
        else:
            agent = receipt.records[agent.ref]
            acknowledged[agent.stamp] = name
    return agent


async def read(store: Any, ref: str) -> Any:
    """The record, as soon as the store answers."""
    with trio.fail_after(PATIENCE_S):
        while True:
            try:
                return (await store.read([ref]))[ref]
            except Unavailable:
                await trio.sleep(0.02)


async def endure(
    store: Any, harm: Callable[[], Awaitable[None]], *, times: int = 2, workers: int = 20
) -> int:
    """Work, do harm several times, go on working, and check every change against the journal."""
    acknowledged: dict[str, str] = {}
    ended = False

    async def worker(i: int) -> None:
        agents[i] = await work(store, f"a{i}", acknowledged, lambda: ended)

    agents: dict[int, Any] = {}
    async with trio.open_nursery() as nursery:
        for i in range(workers):
            nursery.start_soon(worker, i)
        for _ in range(times):
            enough = len(acknowledged) + 5 * workers
            await until(lambda enough=enough: len(acknowledged) >= enough)  # type: ignore[misc]
            await harm()
        enough = len(acknowledged) + 5 * workers
        await until(lambda: len(acknowledged) >= enough)
        ended = True
    entries = await store.journal(limit=10**6)
    journal = Counter(entry.op for entry in entries)
    assert max(journal.values()) == 1
    assert set(acknowledged) <= set(journal)
    assert [entry.rev for entry in entries] == list(range(1, len(entries) + 1))
    moved = Counter(fact.agent for entry in entries for fact in entry.facts)
    now = await store.read([f"agent:a{i}" for i in range(workers)])
    assert {agent.id: agent.handled for agent in now.values()} == moved
    return len(entries)


async def test_killed_connections(own_rig: Rig) -> None:
    store = await own_rig.open()

    async def kill() -> None:
        own_rig.client.client_kill_filter(_type="normal", skipme=True)

    await endure(store, kill)


async def test_kill_9_and_restart(own_rig: Rig, own_server: Embedded) -> None:
    store, ear = await own_rig.open(), Ear()
    era = store.era
    store.listen(ear)

    async def crash() -> None:
        os.kill(own_server.pid, signal.SIGKILL)
        await ear.hear(lambda n: n == Service(False))
        own_server.kill()
        own_server.__enter__()
        await ear.hear(lambda n: n == Service(True))
        ear.forget()

    await endure(store, crash, times=5)
    assert store.era == era


async def test_a_server_that_is_still_loading_is_away(
    own_rig: Rig, own_server: Embedded, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, ear, people = await own_rig.open(), Ear(), 500
    store.listen(ear)
    for i in range(people):
        await store.commit(put(a_customer(f"k{i}")))
    own_rig.client.bgrewriteaof()
    await until(lambda: own_rig.client.info("persistence")["aof_rewrite_in_progress"] == 0)
    usual = own_server._configuration()
    slow = usual + "key-load-delay 4000\nloading-process-events-interval-bytes 1024\n"
    monkeypatch.setattr(own_server, "_configuration", lambda: slow)
    os.kill(own_server.pid, signal.SIGKILL)
    await ear.hear(lambda n: n == Service(False))
    own_server.kill()
    own_server.revive()

    def loading() -> bool:
        try:
            own_rig.client.get("any")
        except redis.BusyLoadingError:
            return True
        except redis.ConnectionError:
            return False
        raise AssertionError("it has loaded too fast to be seen loading")

    await until(loading)
    assert not store.available
    await refuses(store)
    await ear.hear(lambda n: n == Service(True))
    found = (await ear.hear_of(Resynced)).era
    assert found == store.era
    assert len(await store.index("customers")) == people
    await recovers(store)


async def test_a_forgotten_script(own_rig: Rig) -> None:
    store = await own_rig.open()

    async def flush() -> None:
        own_rig.client.script_flush()

    await endure(store, flush)


async def test_a_hung_server(own_rig: Rig, own_server: Embedded) -> None:
    """What was sent is unknown, what comes later is refused at once, and the node learns the truth."""
    store, ear = await own_rig.open(), Ear()
    store.listen(ear)
    async with store.watch(watcher := Ear()):
        agent = (await store.commit(put(an_agent()))).records["agent:budi"]
        os.kill(own_server.pid, signal.SIGSTOP)
        try:
            with pytest.raises(Unknown):
                await store.commit(change(agent, handled=1))
            await ear.hear(lambda n: n == Service(False))
            assert not store.available
            for refused in (store.commit(put(a_call())), store.read(["agent:budi"]), store.beat()):
                with pytest.raises(NotSent):
                    await refused
        finally:
            os.kill(own_server.pid, signal.SIGCONT)
        await ear.hear(lambda n: n == Service(True))
        await ear.hear_of(Resynced)
        await watcher.hear(
            lambda n: (
                getattr(n, "records", {}).get("agent:budi")
                == evolve(agent, handled=1, version=2, stamp=agent.stamp[:-1] + "2")
            )
        )
        assert [type(n) for n in ear.heard] == [Service, Service, Resynced]
    assert (await store.read(["agent:budi"]))["agent:budi"].version == 2
    assert await store.read(["call:c1"]) == {}
    await store.commit(put(a_call()))


async def refuses(store: Any) -> None:
    with pytest.raises(NotSent):
        await store.commit(put(a_call()))


async def recovers(store: Any) -> None:
    """The next change that is not refused goes through."""
    with trio.fail_after(PATIENCE_S):
        while True:
            try:
                await store.commit(put(a_call()))
            except NotSent:
                await trio.sleep(0.02)
            else:
                return


async def test_a_server_out_of_memory(own_rig: Rig) -> None:
    store = await own_rig.open()
    own_rig.client.config_set("maxmemory", "1")
    await refuses(store)
    assert await store.read(["call:c1"]) == {}
    own_rig.client.config_set("maxmemory", "0")
    await recovers(store)


async def test_a_server_that_became_a_replica(own_rig: Rig) -> None:
    store = await own_rig.open()
    own_rig.client.replicaof("127.0.0.1", "1")
    await refuses(store)
    own_rig.client.replicaof("NO", "ONE")
    await recovers(store)


async def test_a_server_without_enough_replicas(own_rig: Rig) -> None:
    store = await own_rig.open()
    own_rig.client.config_set("min-replicas-to-write", "1")
    await refuses(store)
    own_rig.client.config_set("min-replicas-to-write", "0")
    await recovers(store)


async def test_a_server_that_is_busy_with_a_script(own_rig: Rig) -> None:
    store = await own_rig.open()
    own_rig.client.config_set("busy-reply-threshold", "1")
    other = own_rig.client.connection_pool.make_connection()
    other.connect()
    other.send_command("EVAL", "while true do end", "0")

    def busy() -> bool:
        try:
            own_rig.client.ping()
        except Exception as error:
            return "BUSY" in str(error)
        return False

    await until(busy)
    await refuses(store)
    own_rig.client.script_kill()
    other.disconnect()
    await recovers(store)


async def test_a_lost_subscription_is_made_again_and_nothing_is_missed(own_rig: Rig) -> None:
    writer, reader, ear = await own_rig.open("a"), await own_rig.open("b"), Ear()
    reader.listen(own := Ear())
    async with reader.watch(ear):
        for i in range(5):
            own_rig.client.client_kill_filter(_type="pubsub")
            await writer.commit(put(a_call(f"c{i}"), a_customer(f"k{i}", node=reader.node)))

        def known(listener: Ear) -> set[str]:
            return {ref for n in listener.heard if isinstance(n, Changed | Resynced) for ref in n.records}

        await until(lambda: {f"call:c{i}" for i in range(5)} <= known(ear))
        await until(lambda: {f"customer:k{i}" for i in range(5)} <= known(own))
        await until(lambda: len(own_rig.client.client_list(_type="pubsub")) == 2)


async def test_who_watches_again_at_once_is_told_again(own_rig: Rig) -> None:
    store, other = await own_rig.open("a"), await own_rig.open("b")
    for i in range(5):
        async with store.watch(ear := Ear()):
            await other.commit(put(a_call(f"c{i}")))
            await until(lambda: f"call:c{i}" in ear.heard[-1].records)  # noqa: B023


async def test_a_node_is_told_all_it_holds_and_nothing_else(own_rig: Rig) -> None:
    store, ear = await own_rig.open(), Ear()
    store.listen(ear)
    mine: list[Record] = [
        a_customer(node=store.node, call="c1"),
        a_call("c1", node=store.node),
        an_agent(node=store.node, call="c2"),
        a_call("c2", agent="budi", agent_node=store.node, node="far-1"),
        a_customer("eko", node=store.node, call="archived"),
    ]
    others: list[Record] = [
        a_customer("far", node="far-1", call="c3"),
        a_call("c3", node="far-1"),
        a_call("c4"),
    ]
    await store.commit(put(*mine, *others))
    own_rig.client.client_kill_filter(_type="pubsub")
    assert set((await ear.hear_of(Resynced)).records) == {record.ref for record in mine}


async def test_a_last_message_that_was_lost_shows(own_rig: Rig) -> None:
    store, ear = await own_rig.open(), Ear()
    async with store.watch(ear):
        ear.forget()
        own_rig.client.incr(own_rig.keys.of("seq:feed"))
        await ear.hear_of(Resynced)


async def test_a_store_that_forgot_what_it_had_answered_is_believed(own_rig: Rig) -> None:
    """As after a failover to a replica that had not seen the last change, if nothing else shows it."""
    store, ear = await own_rig.open(), Ear()
    store.listen(own := Ear())
    async with store.watch(ear):
        held = (await store.commit(put(a_customer(node=store.node)))).records["customer:ani"]
        keys = [
            own_rig.keys.of(name) for name in ("customer:ani", "rev", "seq:feed", f"seq:node:{store.node}")
        ]
        kept = {key: own_rig.client.dump(key) for key in keys}
        lost = (await store.commit(change(held, name="lost"))).records["customer:ani"]
        for key, value in kept.items():
            own_rig.client.restore(key, 0, value, replace=True)
        for listener in (ear, own):
            assert listener.heard[-1].records == {"customer:ani": lost}
            listener.forget()
        for listener in (ear, own):
            await listener.hear_of(Resynced)
            assert [n.records["customer:ani"] for n in listener.heard] == [held]
        found = (await store.commit(change(held, name="found"))).records["customer:ani"]
        assert await store.read(["customer:ani"]) == {"customer:ani": found}


async def test_a_poisoned_hash_spoils_no_other(own_rig: Rig) -> None:
    store, ear = await own_rig.open(), Ear()
    await store.commit(put(a_call("c1"), a_call("c2"), a_call("c3")))
    own_rig.client.hset(own_rig.keys.of("call:c1"), "state", b"\xff\xfe")
    own_rig.client.delete(own_rig.keys.of("call:c3"))
    own_rig.client.set(own_rig.keys.of("call:c3"), "poison")
    async with store.watch(ear):
        assert set((await ear.hear_of(Resynced)).records) == {"call:c2"}


async def test_a_store_that_is_not_there_yet_is_waited_for(
    own_server: Embedded, nursery: trio.Nursery
) -> None:
    url = own_server.url
    own_server.stop()
    store = RedisStore(url)
    async with trio.open_nursery() as starting:
        starting.start_soon(nursery.start, store.run)
        await trio.sleep(0.05)
        with pytest.raises(NotSent):
            await store.commit(put(a_call()))
        own_server.__enter__()
    assert (await store.commit(put(a_call()))).rev == 1


async def test_a_refused_password_is_raised(own_rig: Rig) -> None:
    own_rig.client.config_set("requirepass", "secret")
    with pytest.raises(Unavailable, match=r"[Aa]uthentication"):
        await RedisStore(own_rig.url).run()
    store = RedisStore(own_rig.url + "?password=wrong")
    with pytest.raises(Unavailable):
        await store.run()


async def test_stopping_sends_what_waits(own_rig: Rig) -> None:
    async with trio.open_nursery() as nursery:
        store = RedisStore(own_rig.url, pool=own_rig.pool)
        await nursery.start(store.run)
        for i in range(50):
            nursery.start_soon(store.commit, put(a_call(f"c{i}")))
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    assert own_rig.client.scard(own_rig.keys.of("records")) == 50
    assert not store.available
    with pytest.raises(NotSent):
        await store.commit(put(a_call()))


async def test_a_closed_client_leaves_no_connection(own_rig: Rig) -> None:
    client = Address(own_rig.url).client()
    pool, number = client.connection_pool, client.client_id()
    client.close()
    await until(lambda: str(number) not in {each["id"] for each in own_rig.client.client_list()})
    pool.disconnect()
