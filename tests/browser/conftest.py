"""One browser for all, and to each test a house of its own: nodes, people, and no complaint at the end.

A browser that is missing skips these tests on a laptop and fails them where CI is set. Playwright's calls
are plain ones, so no test here is asynchronous.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from .house import House
from .launch import NoBrowser, launched
from .spares import Spares


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with ExitStack() as ends:
        try:
            browser = ends.enter_context(launched())
        except NoBrowser as why:
            (pytest.fail if os.environ.get("CI") else pytest.skip)(str(why))
        yield browser


@pytest.fixture(scope="module")
def standing(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One house for a whole module, whose tests do nothing that another could notice."""
    with House(browser, tmp_path_factory.mktemp("standing")) as made:
        yield made
        made.assert_nothing_to_complain_of()


@pytest.fixture(scope="package")
def spares(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Spares]:
    made = Spares(partial(tmp_path_factory.mktemp, "node"))
    yield made
    made.close()


@pytest.fixture
def house(browser: Browser, spares: Spares, tmp_path: Path) -> Iterator[House]:
    """One running node; people are asked in, and more nodes if need be."""
    with House(browser, tmp_path, spares=spares) as made:
        yield made
        made.assert_nothing_to_complain_of()
