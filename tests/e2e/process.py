"""A node of the engine as its users run it: `serve` in a process of its own, ready once its one line says so.

Nothing of the engine is imported here: the command line is all that is used.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from inspect import isawaitable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import trio
from attrs import define, field

#: A loaded machine may take this long for what an idle one does in one second.
GENEROUS_S = 30.0

COMMAND = (sys.executable, "-m", "engine")

SECRET = "a secret of the tests, long enough for anybody"

SETTINGS = """
reasons = ["break"]

[cluster]
lease = "1s"
beat = "250ms"

[timings]
ask_every = "0s"

[limits]
position_every = "200ms"

[log]
format = "json"

[[queues]]
name = "general"
ring = "15s"
wrap_up = "0s"

[[queues]]
name = "slow"
wrap_up = "30s"

[[queues]]
name = "health"
wrap_up = "0s"
"""


def environment() -> dict[str, str]:
    """As a user has it, with this checkout's engine and none of the machine's own settings."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("GILIRAN_")}
    root = str(Path(__file__).parents[2])
    return {**clean, "PYTHONPATH": root, "PYTHONUNBUFFERED": "1", "GILIRAN_SECRET": SECRET}


@define(eq=False)
class Engine:
    """`directory` holds its settings, its secret and its data; nodes of one directory share the secret."""

    directory: Path
    name: str = "one"
    arguments: tuple[str, ...] = ()
    ws: str = "127.0.0.1:0"
    http: str = "127.0.0.1:0"
    url: str = ""
    http_url: str = ""
    node: str = ""
    store: str = ""
    _process: trio.Process | None = None
    _lines: list[str] = field(factory=list)

    @property
    def process(self) -> trio.Process:
        assert self._process is not None, f"{self.name} was not started"
        return self._process

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    async def start(self) -> "Engine":
        """Start it (again, on the same ports if it ran before) and wait for its line."""
        with (self.directory / f"{self.name}.log").open("ab") as log:
            self._process = await trio.lowlevel.open_process(
                [
                    *COMMAND,
                    "serve",
                    "--node",
                    self.name,
                    "--ws",
                    self.ws,
                    "--http",
                    self.http,
                    *self.arguments,
                ],
                cwd=self.directory,
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
        with trio.move_on_after(GENEROUS_S):
            line = await self._line()
            said = dict(word.split("=", 1) for word in line.split()[1:])
            assert line.startswith("ready "), line
            self.url, self.http_url = said["ws"], said["http"]
            self.node, self.store = said["node"], said["store"]
            self.ws, self.http = urlsplit(self.url).netloc, urlsplit(self.http_url).netloc
            return self
        raise AssertionError(f"{self.name} is not ready: {self.log()[-3000:]}")

    async def _line(self) -> str:
        stdout, said = self.process.stdout, b""
        assert stdout is not None
        while not said.endswith(b"\n"):
            chunk = await stdout.receive_some()
            assert chunk, f"{self.name} ended before it was ready: {self.log()[-3000:]}"
            said += chunk
        return said.decode().strip()

    def log(self) -> str:
        """What it has logged."""
        return (self.directory / f"{self.name}.log").read_text()

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def interrupt_group(self) -> None:
        """Ctrl-C, as a terminal sends it: to every process of the group."""
        os.killpg(self.pid, signal.SIGINT)

    async def kill(self) -> None:
        """It is gone, without a word."""
        self.process.kill()
        await self.process.wait()

    async def ended(self, within_s: float = GENEROUS_S) -> int:
        """Its exit status."""
        with trio.fail_after(within_s):
            return await self.process.wait()

    async def stop(self) -> None:
        """For the end of a test: gently, and then not."""
        if self.running:
            self.signal(signal.SIGTERM)
            with trio.move_on_after(GENEROUS_S):
                await self.process.wait()
                return
            await self.kill()

    def children(self) -> list[int]:
        """The processes it started."""
        found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(self.pid)], capture_output=True, text=True)
        return [pid for pid in map(int, found.stdout.split()) if pid not in (self.pid,)]


async def eventually(holds: Callable[[], Any], what: str) -> None:
    """Return once `holds` does; it may be asynchronous."""
    give_up_at = trio.current_time() + GENEROUS_S
    while trio.current_time() < give_up_at:
        held = holds()
        if await held if isawaitable(held) else held:
            return
        await trio.sleep(0.05)
    raise AssertionError(f"never came about: {what}")


async def token(directory: Path, role: str, sub: str, *more: str) -> str:
    """A login token, as the command line makes it in that directory."""
    run = partial(
        subprocess.run,
        [*COMMAND, "token", "--role", role, "--sub", sub, *more],
        cwd=directory,
        env=environment(),
        check=True,
        capture_output=True,
        text=True,
    )
    made = await trio.to_thread.run_sync(run)
    return str(made.stdout.strip())
