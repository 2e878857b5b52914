"""When the demo opens its page by itself, and where that page is."""

import os
import pty
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
import trio
from attrs import define
from e2e.process import eventually

from engine.demo.browser import can_open
from engine.demo.show import page_url

from .program import GENEROUS_S, PORTS, ours


@pytest.mark.parametrize(
    ("environ", "terminal", "platform", "opens"),
    [
        ({"DISPLAY": ":0"}, True, "linux", True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, True, "linux", True),
        ({}, True, "darwin", True),
        ({}, True, "linux", False),
        ({"DISPLAY": ""}, True, "linux", False),
        ({"DISPLAY": ":0"}, False, "linux", False),
        ({}, False, "darwin", False),
        ({"DISPLAY": "localhost:10.0", "SSH_CONNECTION": "1 2 3 4"}, True, "linux", False),
        ({"SSH_CONNECTION": "1 2 3 4"}, True, "darwin", False),
    ],
)
def test_only_before_somebody_who_sees_it(
    environ: dict[str, str], terminal: bool, platform: str, opens: bool
) -> None:
    assert can_open(environ, terminal, platform) is opens


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8080/"),
        ("0.0.0.0", "http://127.0.0.1:8080/"),
        ("::", "http://localhost:8080/"),
        ("::1", "http://localhost:8080/"),
        ("demo.bank.example", "http://demo.bank.example:8080/"),
    ],
)
def test_the_url_is_one_a_browser_can_be_sent_to(host: str, url: str) -> None:
    assert page_url(host, 8080) == url


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trio.Path:
    """Where the browser of a display that is there writes what it was told to open."""
    opened, browser = tmp_path / "opened", tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {opened}.new && mv {opened}.new {opened}\n')
    browser.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DISPLAY", ":9")
    monkeypatch.setenv("BROWSER", f"{browser} %s")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("SSH_CONNECTION", raising=False)
    return trio.Path(opened)


async def test_in_a_terminal_the_page_is_opened(opened: trio.Path) -> None:
    async with in_a_terminal("demo", *PORTS) as demo:
        await eventually(opened.exists, "the browser was told")
        demo.process.send_signal(signal.SIGTERM)
    assert await opened.read_text() == f"{demo.url}\n"


async def test_or_not_if_nobody_wants_it(opened: trio.Path) -> None:
    async with in_a_terminal("demo", "--for", "1s", "--no-browser", *PORTS) as demo:
        pass
    assert demo.url.startswith("http://127.0.0.1:")
    assert not await opened.exists()


@define
class Terminal:
    process: trio.Process
    said: str = ""

    @property
    def url(self) -> str:
        """Which it tells to open."""
        return self.said.partition("\r\nOpen ")[2].partition(" ")[0]


@asynccontextmanager
async def in_a_terminal(*arguments: str) -> AsyncIterator[Terminal]:
    """A program with a terminal of its own; at the end of the block it is waited for, and ends well."""
    mine, its = pty.openpty()
    process = await trio.lowlevel.open_process(
        [sys.executable, "-m", "engine", *arguments],
        stdin=its,
        stdout=its,
        stderr=its,
        env=ours(),
        start_new_session=True,
    )
    os.close(its)
    terminal = Terminal(process)

    async def read() -> None:
        terminal.said = await trio.to_thread.run_sync(everything, mine)

    with trio.fail_after(GENEROUS_S):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(read)
            try:
                yield terminal
                status = await process.wait()
            finally:
                process.kill()
    assert status == 0, terminal.said[-2000:]


def everything(terminal: int) -> str:
    """Read until the last who writes there has gone."""
    said = b""
    with suppress(OSError):  # Linux's word for it is EIO
        while part := os.read(terminal, 4096):
            said += part
    os.close(terminal)
    return said.decode(errors="replace")
