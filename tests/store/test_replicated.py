"""Commits that wait for a replica: confirmed, or unknown and safe to repeat."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import trio

from engine.domain.change import Conflict, Unknown
from engine.domain.news import Changed
from engine.store.embedded import Embedded
from engine.store.redis_store import RedisStore
from engine.store.wire import Address

from .conftest import server_binary
from .people import a_call, put
from .rig import Ear, until


@pytest.fixture
def primary(tmp_path: Path, free_port: int) -> Iterator[Embedded]:
    with Embedded(tmp_path / "primary", port=free_port, server=server_binary("valkey")) as server:
        with Address(server.url).client() as client:
            client.config_set("repl-diskless-sync-delay", "0")
        yield server


@pytest.fixture
def replica(tmp_path: Path, primary: Embedded, free_port: int) -> Iterator[Embedded]:
    with Embedded(tmp_path / "replica", server=server_binary("valkey")) as server:
        with Address(server.url).client() as client:
            client.config_set("masterauth", primary.join_url.split("@")[0].rpartition(":")[2])
            client.replicaof("127.0.0.1", str(free_port))
        yield server


async def test_a_change_is_confirmed_or_unknown(
    primary: Embedded, replica: Embedded, nursery: trio.Nursery
) -> None:
    with Address(replica.url).client() as client:
        await until(lambda: client.info("replication")["master_link_status"] == "up")
    store, ear = RedisStore(primary.url, replicated=True), Ear()
    await nursery.start(store.run)
    async with store.watch(ear):
        await store.commit(put(a_call("c1")))
        with Address(replica.url).client() as client:
            assert client.exists("giliran:{main}:call:c1")
        os.kill(replica.pid, signal.SIGSTOP)
        try:
            with pytest.raises(Unknown):
                await store.commit(put(a_call("c2")))
            assert ear.heard[-1] == Changed(2, await store.read(["call:c2"]))
            with pytest.raises(Conflict):
                await store.commit(put(a_call("c2")))
        finally:
            os.kill(replica.pid, signal.SIGCONT)
        await until(lambda: store.available)
        await store.commit(put(a_call("c3")))
