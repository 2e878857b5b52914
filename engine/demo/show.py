"""`giliran demo`: a node on a store of its own, people around it, and a window on it all in the terminal.

In a terminal the window is redrawn in place; elsewhere each assignment is a line. The ready line comes first,
as `serve` prints it, then the page on which one takes part, and how to join in from a terminal. Ctrl-C,
SIGTERM or the end of the time lead to a summary and status 0.
"""

import os
import shutil
import socket
import sys
import tempfile
from collections import deque
from logging import WARNING
from pathlib import Path

import trio
from attrs import define, evolve, field, fields
from rich.console import Console
from rich.live import Live

from engine.app import Lives, Place, asked_to_end, ready_line, store
from engine.demo import scene
from engine.demo.browser import can_open, open_page
from engine.demo.crowd import Crowd
from engine.demo.page import demo_routes
from engine.demo.panorama import Panorama
from engine.demo.screen import Line, counters, lines, screen, status
from engine.demo.tokens import AUDIENCE
from engine.node import Ready
from engine.observability import log as logs
from engine.settings import Durability, Settings

HOME = Path(".giliran/demo")
SEED = 1
#: How often the window is redrawn, how often a plain one tells the present, and the moments it remembers.
LOOK_S, STATUS_S, REMEMBERED = 0.5, 10.0, 100
#: What no browser is sent to, and where it goes instead.
_HERE = {"0.0.0.0": "127.0.0.1", "::": "localhost", "::1": "localhost"}


def demo(settings: Settings, for_ms: int | None, browser: bool) -> None:
    """Show the engine at work for so long, or until told to stop; in a `browser` too, if there can be one."""
    HOME.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=HOME, prefix="") as fresh:
        settings = evolve(
            settings,
            redis_url=None,
            data_dir=Path(fresh),
            durability=Durability.APPEND_ONLY,
            policy=scene.policy(),
            audience=AUDIENCE,
            public_keys=(),
            ws_port=_free_or_own(settings.ws_host, settings.ws_port, "ws_port"),
            http_port=_free_or_own(settings.http_host, settings.http_port, "http_port"),
        )
        window = Window(Console(), tuple(settings.policy.queues))
        browser = browser and can_open(os.environ, window.redraws and sys.stdin.isatty())
        with (HOME / "log").open("w") as file:
            logs.configure(settings.log_format, level=WARNING, stream=file if window.redraws else sys.stderr)
            with store(settings) as place:
                trio.run(_show, settings, place, for_ms, window, browser)
            logs.configure(settings.log_format)


def _free_or_own(host: str, port: int, name: str) -> int:
    """The port that was asked for; any free one (0) if nobody asked and the usual one is taken."""
    if port != getattr(fields(Settings), name).default:
        return port
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return 0
    return port


async def _show(
    settings: Settings, place: Place, for_ms: int | None, window: "Window", browser: bool
) -> None:
    async with asked_to_end() as asked, trio.open_nursery() as nursery:
        nursery.start_soon(place.keep)
        lives = Lives(settings, place.url, demo_routes(settings.secret))
        ready = await nursery.start(lives.run)
        ws_url = f"ws://{settings.ws_host}:{ready.ws_port}"
        page = page_url(settings.http_host, ready.http_port)
        window.page, window.join = invitation(page), joining(settings, ready)
        _say(ready_line(settings, ready, place.join_url), "", window.page, "", *window.join)
        async with lives.node.watch(window.panorama), trio.open_nursery() as around:
            around.start_soon(Crowd(settings, ws_url, SEED).run)
            around.start_soon(window.run, lives)
            if browser:
                around.start_soon(open_page, page)
            with trio.move_on_after(float("inf") if for_ms is None else for_ms / 1000):
                await asked.wait()
            around.cancel_scope.cancel()
        _say(counters(window.panorama))
        await lives.node.drain()
        nursery.cancel_scope.cancel()


def page_url(host: str, port: int) -> str:
    """By which a browser on this machine reaches a node's pages, as one of the node's own origins."""
    return f"http://{_HERE.get(host, host)}:{port}/"


def invitation(url: str) -> str:
    return f"Open {url} in a browser: be a customer, an agent or a supervisor, already signed in."


def joining(settings: Settings, ready: Ready) -> tuple[str, ...]:
    """The commands by which somebody in another terminal takes part."""
    command = shutil.which("giliran", path=os.path.dirname(sys.executable))
    giliran = f"{os.path.relpath(sys.executable)} -m engine" if command is None else os.path.relpath(command)
    usual = ready.ws_port == fields(Settings).ws_port.default
    where = "" if usual else f" --ws ws://{settings.ws_host}:{ready.ws_port}"
    return (
        "Or join in from another terminal:",
        f"  {giliran} talk customer{where}    asks for a call",
        f"  {giliran} talk agent{where}       takes calls",
    )


def _say(*said: object) -> None:
    for line in said:
        print(line, flush=True)


@define
class Window:
    """What is seen of the pool."""

    console: Console
    queues: tuple[str, ...]
    panorama: Panorama = field(factory=Panorama)
    recent: deque[Line] = field(factory=lambda: deque(maxlen=REMEMBERED))
    page: str = ""
    join: tuple[str, ...] = ()

    @property
    def redraws(self) -> bool:
        return self.console.is_terminal

    async def run(self, lives: Lives) -> None:
        """Show what happens, until cancelled."""
        begun_at = lives.node.now()
        if self.redraws:
            await self._redraw(lives, begun_at)
        else:
            await self._tell(lives, begun_at)

    def _look(self, begun_at: int) -> list[Line]:
        new = lines(self.panorama, self.panorama.moments, begun_at)
        self.panorama.moments.clear()
        self.recent.extend(new)
        return new

    async def _redraw(self, lives: Lives, begun_at: int) -> None:
        with Live(console=self.console, auto_refresh=False, vertical_overflow="crop") as live:
            while True:
                self._look(begun_at)
                live.update(
                    screen(
                        self.panorama,
                        tuple(self.recent),
                        self.queues,
                        (self.page, *self.join),
                        lives.node.now(),
                        *self.console.size,
                    )
                )
                await trio.to_thread.run_sync(live.refresh)
                await trio.sleep(LOOK_S)

    async def _tell(self, lives: Lives, begun_at: int) -> None:
        told_at_s = trio.current_time()
        while True:
            _say(*self._look(begun_at))
            if trio.current_time() - told_at_s >= STATUS_S:
                told_at_s = trio.current_time()
                now = lives.node.now()
                _say(Line((now - begun_at) / 1000, status(self.panorama, self.queues, now)))
            await trio.sleep(LOOK_S)
