"""Engines in processes of their own, each test in a directory of its own."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
import trio

from .house import House
from .process import SETTINGS, Engine

Enter = Callable[..., AbstractAsyncContextManager[Any]]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """One node on an embedded store, more if asked, and people who know the way in."""
    (tmp_path / "giliran.toml").write_text(SETTINGS)
    made = House(tmp_path, [Engine(tmp_path, "one")])
    await made.engines[0].start()
    yield made
    with trio.CancelScope(shield=True):
        for engine in reversed(made.engines):
            await engine.stop()
