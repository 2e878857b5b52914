"""Reading the journal where there is no event loop, and keeping it from growing for ever."""

import pytest
import trio

from engine.domain.change import Change
from engine.domain.facts import CallArchived
from engine.store import control, journal
from engine.store.journal import entries
from engine.store.redis_store import RedisStore

from .people import NOW
from .rig import Rig, until


async def test_entries_come_in_order_page_by_page(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "PAGE", 3)
    store = await rig.open()
    for i in range(10):
        await store.commit(Change(facts=(CallArchived(at=NOW + i, call=f"c{i}"),)))
    told = list(entries(rig.client, rig.keys))
    assert [entry.rev for entry in told] == list(range(1, 11))
    assert told[4].facts == (CallArchived(at=NOW + 4, call="c4"),)
    assert list(entries(rig.client, rig.keys, after=told[4].id)) == told[5:]
    assert list(entries(rig.client, rig.keys, until=told[4].id)) == told[:5]
    assert list(entries(rig.client, rig.keys, after=told[2].id, limit=4)) == told[3:7]
    assert list(entries(rig.client, rig.keys, limit=0)) == []


async def test_what_is_older_than_the_retention_goes(
    rig: Rig, nursery: trio.Nursery, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.client.config_set("stream-node-max-entries", "1")
    monkeypatch.setattr(control, "TRIM_S", 0.01)
    key = rig.keys.of("journal")
    seconds, _ = rig.client.time()
    for age_s in (7200, 3700, 3500, 0):
        rig.client.xadd(key, {"rev": "1", "op": "x", "facts": "[]"}, id=f"{(seconds - age_s) * 1000}-0")
    store = RedisStore(rig.url, pool=rig.pool, retention_ms=3_600_000)
    await nursery.start(store.run)
    await until(lambda: rig.client.xlen(key) == 2)
    assert [int(entry.id.split("-")[0]) for entry in entries(rig.client, rig.keys)] == [
        (seconds - 3500) * 1000,
        seconds * 1000,
    ]
