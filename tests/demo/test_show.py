"""`giliran demo` and `giliran talk` as a newcomer meets them: real processes, no terminal."""

import signal
from pathlib import Path

import pytest

from .program import PORTS, giliran


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


async def test_a_newcomer_calls_answers_and_leaves(elsewhere: Path) -> None:
    async with giliran("demo", *PORTS) as demo:
        ready = await demo.line()
        assert ready.startswith("ready ws=ws://127.0.0.1:")
        ws, http = (word.partition("=")[2] for word in ready.split()[1:3])
        assert await demo.line() == ""
        assert (await demo.line()).startswith(f"Open {http}/ in a browser: ")
        assert await demo.line() == ""
        assert await demo.line() == "Or join in from another terminal:"
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
