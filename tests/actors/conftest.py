"""Every test here runs in virtual time, on one pool of its own."""

from collections.abc import Iterator, MutableMapping, Sequence
from inspect import iscoroutinefunction
from pathlib import Path
from typing import Any

import pytest
import structlog.testing
import trio
import trio.testing

from .pool import Pool

HERE = Path(__file__).parent


def in_virtual_time(test: Any, clock: trio.abc.Clock | None = None, instruments: Sequence[Any] = ()) -> Any:
    """Run a test on a clock that jumps to the next timer as soon as everybody waits."""
    return trio.run(test, clock=trio.testing.MockClock(autojump_threshold=0), instruments=instruments)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent == HERE and iscoroutinefunction(getattr(item, "obj", None)):
            item.add_marker(pytest.mark.trio(run=in_virtual_time))


@pytest.fixture(autouse=True)
def log() -> Iterator[list[MutableMapping[str, Any]]]:
    """What was logged, kept instead of shown."""
    with structlog.testing.capture_logs() as entries:
        yield entries


@pytest.fixture
async def pool(nursery: trio.Nursery) -> Pool:
    """A pool with one node, which leads."""
    made = Pool(nursery)
    await made.node("a")
    return made
