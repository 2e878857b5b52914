"""An empty Redis for each test of a baseline's rules: the embedded one, or none and so no test."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from engine.store.embedded import Embedded, EmbeddedError, binary
from engine.store.wire import Address


@pytest.fixture(scope="session")
def _server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    try:
        binary()
    except EmbeddedError as error:
        pytest.fail(str(error)) if os.environ.get("CI") else pytest.skip(str(error))
    with Embedded(Path(tmp_path_factory.mktemp("store"))) as server:
        yield server


@pytest.fixture
def client(_server: Embedded) -> Iterator["redis.Redis"]:
    with Address(_server.url).client() as client:
        client.flushall()
        yield client
