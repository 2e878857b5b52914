"""`giliran demo` and `giliran talk` as a newcomer meets them: real processes, no terminal."""

import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
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


@asynccontextmanager
async def giliran(*arguments: str) -> AsyncIterator[Program]:
    """A program that is ended with the block, if it has not ended."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("GILIRAN_")}
    run = partial(
        trio.run_process,
        [sys.executable, "-m", "engine", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=ours,
        check=False,
    )
    async with trio.open_nursery() as nursery:
        process = await nursery.start(run)
        with trio.fail_after(GENEROUS_S):
            yield Program(process)
        nursery.cancel_scope.cancel()


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


PORTS = ("--ws", "127.0.0.1:0", "--http", "127.0.0.1:0")


async def test_a_newcomer_calls_answers_and_leaves(elsewhere: Path) -> None:
    async with giliran("demo", *PORTS) as demo:
        ready = await demo.line()
        assert ready.startswith("ready ws=ws://127.0.0.1:")
        ws = ready.split()[1].removeprefix("ws=")
        assert await demo.line() == "Join in from another terminal:"
        assert f"talk customer --ws {ws}" in await demo.line()
        assert f"talk agent --ws {ws}" in await demo.line()
        await demo.until(" gets ")
        async with giliran("talk", "agent", "--ws", ws) as agent:
            await agent.until("you are ready")
            await demo.until("You gets ")
            await agent.until("RINGS: ")
            await agent.type("a")
            await agent.until("connected with ")
            await agent.type("q")
            async with giliran("talk", "customer", "--ws", ws, "--tier", "priority") as customer:
                await demo.until(" gets You (general, priority)")
                await customer.until("connected with ")
                await customer.type("h")
                assert await customer.ended() == 0
                assert customer.said[-1].endswith("the call ended: completed, by customer")
            assert await agent.ended() == 0
        demo.process.send_signal(signal.SIGINT)
        assert await demo.ended() == 0
        assert " asked, " in demo.said[-1]
    assert [path.name for path in (elsewhere / ".giliran/demo").iterdir()] == ["log"]


@pytest.mark.parametrize("stop", ["time", "SIGTERM"])
async def test_it_ends_by_itself_or_when_told(stop: str, elsewhere: Path) -> None:
    limit = ("--for", "1s") if stop == "time" else ()
    async with giliran("demo", *PORTS, *limit) as demo:
        assert (await demo.line()).startswith("ready ws=")
        if stop != "time":
            demo.process.send_signal(signal.SIGTERM)
        assert await demo.ended() == 0
        assert " asked, " in demo.said[-1]
    assert [path.name for path in (elsewhere / ".giliran/demo").iterdir()] == ["log"]


async def test_the_usual_port_that_is_taken_is_no_obstacle() -> None:
    async with giliran("demo", "--ws", "127.0.0.1:0") as first:
        one = (await first.line()).split()[2]
        async with giliran("demo", "--ws", "127.0.0.1:0") as second:
            assert (await second.line()).split()[2] != one
