"""How the browser is started: Debian's chromium, with a camera and a microphone that are not there."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--use-fake-device-for-media-stream=fps=10",
    "--use-fake-ui-for-media-stream",
    "--allow-loopback-in-peer-connection",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
]

#: A loaded machine may take this long for what an idle one does in a moment.
PATIENCE_MS = 20_000


class NoBrowser(Exception):
    """There is no chromium on this machine."""


@contextmanager
def launched(*more: str) -> Iterator[Browser]:
    """The browser, with `more` arguments. Raises `NoBrowser`."""
    executable = shutil.which("chromium")
    if executable is None:
        raise NoBrowser("chromium is missing; Debian: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=[*ARGUMENTS, *more])
        yield browser
        browser.close()
