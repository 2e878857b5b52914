"""What the store's tests share: the servers, a rig that makes the same store in three ways, and an ear.

A server that is missing skips its tests on a laptop and fails them where CI is set.
"""

import os
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from inspect import iscoroutinefunction
from pathlib import Path
from typing import Any

import pytest
import trio

from engine.store.embedded import Embedded, EmbeddedError, binary

from .rig import Ear, Rig


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A module that defines `in_virtual_time` has its tests run by it."""
    for item in items:
        run = getattr(getattr(item, "module", None), "in_virtual_time", None)
        if run is not None and iscoroutinefunction(getattr(item, "obj", None)):
            item.add_marker(pytest.mark.trio(run=run))


def missing(what: str) -> None:
    """A server is not there."""
    if os.environ.get("CI"):
        pytest.fail(f"{what} is missing")
    pytest.skip(f"{what} is missing")


def server_binary(kind: str) -> Path:
    """The server of that kind: "valkey" (the embedded one) or "redis" (the system's)."""
    if kind == "valkey":
        try:
            return binary()
        except EmbeddedError as error:
            missing(str(error))
    found = shutil.which("redis-server")
    if found is None:
        missing("redis-server")
    return Path(str(found))


@pytest.fixture(scope="session")
def servers() -> Iterator[Callable[[str], Embedded]]:
    """One running server of each kind, for tests that do it no harm and use a pool of their own."""
    with tempfile.TemporaryDirectory() as directory:
        running: dict[str, Embedded] = {}

        def server(kind: str) -> Embedded:
            if kind not in running:
                running[kind] = Embedded(Path(directory) / kind, server=server_binary(kind)).__enter__()
            return running[kind]

        yield server
        for one in running.values():
            one.stop()


@pytest.fixture
async def rig(request: pytest.FixtureRequest, nursery: trio.Nursery, servers: Any) -> AsyncIterator[Rig]:
    """A pool of the kind the test is parametrised with (indirectly), or on the embedded server."""
    kind = getattr(request, "param", "valkey")
    made = Rig(nursery, None if kind == "memory" else servers(kind))
    yield made
    if made.client is not None:
        made.client.close()


@pytest.fixture
def ear() -> Ear:
    return Ear()


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Embedded]:
    """A server of this test's own, to be stopped, killed and entered again, always on the same socket."""
    with tempfile.TemporaryDirectory() as runtime:
        server = Embedded(tmp_path / "data", socket=Path(runtime) / "s", server=server_binary("valkey"))
        with server:
            yield server


@pytest.fixture
async def own_rig(nursery: trio.Nursery, own_server: Embedded) -> AsyncIterator[Rig]:
    """A pool on a server that may be harmed."""
    made = Rig(nursery, own_server)
    yield made
    made.client.close()


@pytest.fixture
def free_port() -> int:
    """A loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
