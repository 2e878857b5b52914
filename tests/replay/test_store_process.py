"""The store of a live replay: away it answers nobody, restarted it has everything, emptied it has nothing."""

from pathlib import Path
from time import monotonic, sleep, time

import orjson
import pytest
import redis
import trio

from engine.domain.facts import LinkLost
from engine.replay.fake_clock import REMEDY, library
from engine.replay.store_process import StoreProcess
from engine.store.keys import Keys
from engine.store.records import encode_fact
from engine.store.wire import Address

KEYS = Keys("main")
FACT = LinkLost(at=7, who="agent:ani")
#: Many times what any of this takes on an idle machine.
GENEROUS_S = 60


def lived(store: StoreProcess) -> "redis.Redis":
    """A client of the store, whose journal has one fact."""
    client = Address(store.url).client()
    facts = orjson.dumps([encode_fact(FACT)]).decode()
    client.xadd(KEYS.of("journal"), {"rev": "1", "op": "a:1", "facts": facts})
    return client


def test_away_it_answers_nobody_and_then_has_everything(tmp_path: Path) -> None:
    async def trouble() -> None:
        with trio.fail_after(GENEROUS_S):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(store.away, 3600)
                await trio.testing.wait_all_tasks_blocked()
                with pytest.raises(redis.RedisError):
                    await trio.to_thread.run_sync(client.ping)
                nursery.cancel_scope.cancel()

    with StoreProcess(tmp_path, KEYS, steps=False) as store, lived(store) as client:
        trio.run(trouble)
        assert client.ping()
        assert (store.well, store.facts(), store.lost) == (True, [FACT], [])


def test_restarted_it_is_another_process_with_everything(tmp_path: Path) -> None:
    with StoreProcess(tmp_path, KEYS, steps=False) as store, lived(store) as client:
        before = store.pid
        trio.run(store.restart, 0.0)
        client.connection_pool.disconnect()
        assert store.pid != before
        assert (store.well, store.facts(), store.lost) == (True, [FACT], [])
        assert store.spent_commands >= 1


def test_emptied_it_has_nothing_and_what_it_had_is_remembered(tmp_path: Path) -> None:
    with StoreProcess(tmp_path, KEYS, steps=False) as store, lived(store) as client:
        trio.run(store.empty)
        client.connection_pool.disconnect()
        assert client.dbsize() == 0
        client.set("written", "again")
        assert (store.facts(), store.lost) == ([], [FACT])


def test_ctrl_c_while_it_is_dead_leaves_it_whole(tmp_path: Path) -> None:
    async def trouble() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(store.restart, 3600.0)
            await trio.testing.wait_all_tasks_blocked()
            nursery.cancel_scope.cancel()

    with StoreProcess(tmp_path, KEYS, steps=False) as store, lived(store):
        trio.run(trouble)
        assert store.facts() == [FACT]


@pytest.mark.skipif(library() is None, reason=f"libfaketime is missing: {REMEDY}")
def test_its_clock_steps_and_nothing_remains_of_that(tmp_path: Path) -> None:
    def ahead_s(client: "redis.Redis") -> float:
        seconds, micros = client.time()
        return float(seconds) + float(micros) / 1e6 - time()

    def step(by_ms: int, to_s: float) -> None:
        store.step(by_ms)
        give_up_at = monotonic() + GENEROUS_S
        while abs(ahead_s(client) - to_s) > 30:
            assert monotonic() < give_up_at
            sleep(0.05)

    with StoreProcess(tmp_path, KEYS, steps=True) as store, lived(store) as client:
        step(300_000, 300.0)
        step(-600_000, -300.0)
        trio.run(store.restart, 0.0)
        client.connection_pool.disconnect()
        assert abs(ahead_s(client) + 300) < 30
        pid = store.pid
    assert not [path for path in Path("/dev/shm").glob(f"*faketime*_{pid}") if path.exists()]
