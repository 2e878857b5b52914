"""One browser for all, and to each test a house of its own: nodes, people, and no complaint at the end.

A browser that is missing skips these tests on a laptop and fails them where CI is set. Playwright's calls
are plain ones, so no test here is asynchronous.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from .house import House
from .launch import ARGUMENTS, PATIENCE_MS


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    executable = shutil.which("chromium")
    if executable is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("chromium is missing")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def standing(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One house for a whole module, whose tests do nothing that another could notice."""
    with House(browser, tmp_path_factory.mktemp("standing")) as made:
        yield made
        made.assert_nothing_to_complain_of()


@pytest.fixture
def house(browser: Browser, tmp_path: Path) -> Iterator[House]:
    """One running node; people are asked in, and more nodes if need be."""
    with House(browser, tmp_path) as made:
        yield made
        made.assert_nothing_to_complain_of()
