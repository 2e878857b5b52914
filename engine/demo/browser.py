"""Opening the demo's page for whoever sits before this terminal, and only for him."""

import sys
from collections.abc import Mapping
from functools import partial
from subprocess import DEVNULL

import trio

_DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY")


def can_open(environ: Mapping[str, str], terminal: bool, platform: str = sys.platform) -> bool:
    """Whether a browser that is opened here comes up before him: a terminal, a display, and both his own."""
    if not terminal or "SSH_CONNECTION" in environ:
        return False
    return platform == "darwin" or any(environ.get(name) for name in _DISPLAYS)


async def open_page(url: str) -> None:
    """By `webbrowser`, in a process of its own: browsers talk, and some read the keyboard."""
    command = [sys.executable, "-m", "webbrowser", url]
    run = partial(trio.run_process, stdin=DEVNULL, stdout=DEVNULL, stderr=DEVNULL, check=False)
    await run(command, start_new_session=True)
