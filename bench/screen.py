"""The page in a real browser that draws it: what came, when it was on the screen, and what it cost the page.

Playwright's calls are plain ones and belong to the thread that began, so `watch` is one long call for a
thread of its own. What the page measures by itself is in `screen.js`.
"""

import shutil
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from attrs import frozen
from playwright.sync_api import CDPSession, Page, sync_playwright

from bench.sightings import Seen

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
#: A wallboard's screen.
WIDTH, HEIGHT = 1920, 1080
#: What a page's main thread does, and Chromium's names for it.
BUSY = {
    "page busy": "TaskDuration",
    "page in scripts": "ScriptDuration",
    "page in styles": "RecalcStyleDuration",
    "page in layout": "LayoutDuration",
}
#: By then the page has drawn the whole board, or it never will.
DRAWN_S = 60.0
LOOK_MS = 100.0
#: How often the clocks are compared; the quickest comparison is the best one.
COMPARED = 20


class NoBrowser(Exception):
    """There is no chromium on this machine."""


@frozen(kw_only=True)
class Screen:
    """What was found, in order. Instants are this machine's clock's."""

    received: tuple[Seen, ...]
    drawn: tuple[Seen, ...]
    shown: tuple[Seen, ...]
    #: (began, ms)
    long_tasks: tuple[tuple[float, float], ...]
    frames: tuple[float, ...]
    frame_bytes: tuple[int, ...]
    #: drawings of which the browser never told when they were presented
    untold: int
    #: rows of the line at the end
    rows: int
    #: by how much the page's clock is ahead of this machine's
    ahead_ms: float
    #: seconds of the page's main thread, by what it did, per second
    busy: Mapping[str, float]
    heap_mb: tuple[float, float]


def chromium() -> str:
    """Where it is. Raises NoBrowser."""
    found = shutil.which("chromium")
    if found is None:
        raise NoBrowser("chromium is missing; remedy: apt-get install chromium")
    return found


def watch(url: str, *, drawn: Callable[[], None], over: threading.Event) -> Screen:
    """Open the page, say when the whole board is `drawn`, and look on until it is `over`."""
    script = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, locale="en-GB")
        page.add_init_script(script)
        page.goto(url)
        _until_drawn(page)
        devtools = page.context.new_cdp_session(page)
        devtools.send("Performance.enable")
        ahead_ms, before = _ahead_ms(page), _metrics(devtools)
        drawn()
        while not over.is_set():
            page.wait_for_timeout(LOOK_MS)
        after = _metrics(devtools)
        found = page.evaluate("() => bench.told()")
        browser.close()
    return _screen(found, ahead_ms, before, after)


def _until_drawn(page: Page) -> None:
    give_up_at_s = time.monotonic() + DRAWN_S
    while not page.evaluate("() => bench.shown()"):
        if time.monotonic() > give_up_at_s:
            raise RuntimeError(f"{page.url} drew no board; it shows: {page.inner_text('body')[:500]}")
        page.wait_for_timeout(LOOK_MS)


def _ahead_ms(page: Page) -> float:
    compared = []
    for _ in range(COMPARED):
        began = time.time() * 1000
        theirs = page.evaluate("() => bench.now()")
        ended = time.time() * 1000
        compared.append((ended - began, theirs - (began + ended) / 2))
    return float(min(compared)[1])


def _metrics(devtools: CDPSession) -> dict[str, float]:
    """Chromium's own count of what the page's main thread did (s), and what is live in its heap (bytes)."""
    devtools.send("HeapProfiler.collectGarbage")
    told = devtools.send("Performance.getMetrics")["metrics"]
    return {each["name"]: each["value"] for each in told}


def _screen(
    found: Mapping[str, Any], ahead_ms: float, before: Mapping[str, float], after: Mapping[str, float]
) -> Screen:
    took_s = after["Timestamp"] - before["Timestamp"]

    def seen(name: str) -> tuple[Seen, ...]:
        return tuple(Seen(rev, at - ahead_ms) for rev, at in found[name])

    return Screen(
        received=seen("received"),
        drawn=seen("drawn"),
        shown=tuple(sorted(seen("shown"), key=lambda each: each.at_ms)),
        long_tasks=tuple((at - ahead_ms, ms) for at, ms in found["longTasks"]),
        frames=tuple(at - ahead_ms for at in found["frames"]),
        frame_bytes=tuple(found["bytes"]),
        untold=found["untold"],
        rows=found["rows"],
        ahead_ms=ahead_ms,
        busy={what: (after[name] - before[name]) / took_s for what, name in BUSY.items()},
        heap_mb=(before["JSHeapUsedSize"] / 1e6, after["JSHeapUsedSize"] / 1e6),
    )
