"""A giliran program as a newcomer runs it: a real process, no terminal."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import trio

GENEROUS_S = 120


class Program:
    """A giliran process, and the lines it says."""

    def __init__(self, process: trio.Process) -> None:
        self.process = process
        self.said: list[str] = []
        self._rest = b""

    async def until(self, part: str) -> str:
        """The next line that has `part` in it."""
        while True:
            line = await self.line()
            if part in line:
                return line

    async def line(self) -> str:
        while b"\n" not in self._rest:
            assert self.process.stdout is not None
            data = await self.process.stdout.receive_some()
            assert data, f"it ended after {self.said}"
            self._rest += data
        line, _, self._rest = self._rest.partition(b"\n")
        self.said.append(line.decode())
        return self.said[-1]

    async def type(self, line: str) -> None:
        assert self.process.stdin is not None
        await self.process.stdin.send_all(f"{line}\n".encode())

    async def ended(self) -> int:
        """Its status; the rest of what it said is in `said`."""
        assert self.process.stdout is not None
        async for data in self.process.stdout:
            self._rest += data
        self.said += self._rest.decode().splitlines()
        return await self.process.wait()


def ours() -> dict[str, str]:
    """The environment, without what the machine has set for the engine."""
    return {name: value for name, value in os.environ.items() if not name.startswith("GILIRAN_")}


@asynccontextmanager
async def giliran(*arguments: str) -> AsyncIterator[Program]:
    """A program that is ended with the block, if it has not ended."""
    run = partial(
        trio.run_process,
        [sys.executable, "-m", "engine", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=ours(),
        check=False,
    )
    async with trio.open_nursery() as nursery:
        process = await nursery.start(run)
        with trio.fail_after(GENEROUS_S):
            yield Program(process)
        nursery.cancel_scope.cancel()


PORTS = ("--ws", "127.0.0.1:0", "--http", "127.0.0.1:0")
