"""The baselines as processes: they say when they are ready, drain, and leave nothing."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from time import time
from typing import Any

import pytest
import trio

from engine.gateway.auth import mint
from engine.gateway.messages import Role, ServerMessage
from engine.policy_file import SAMPLE
from engine.replay.baselines.http_line import HttpLine
from engine.replay.cost import Traffic
from engine.replay.frames import reader
from engine.replay.link import Link
from engine.replay.node_process import NodeFailed, NodeProcess
from engine.replay.people import Deeds, Later
from engine.replay.result import Dispatch


@pytest.fixture(autouse=True)
def _temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))


def token(node: NodeProcess, role: Role, sub: str, **claims: Any) -> str:
    secret = node.secret.encode()
    return mint(secret, "giliran", sub=sub, role=role, ttl_s=600, now_s=int(time()), **claims)


@asynccontextmanager
async def line(node: NodeProcess, role: Role, sub: str, **claims: Any) -> AsyncIterator[HttpLine]:
    with trio.fail_after(60):
        async with HttpLine(node.url, token(node, role, sub, **claims), Traffic()) as made:
            yield made


@pytest.mark.parametrize("dispatch", [Dispatch.POLLING, Dispatch.STREAM])
def test_it_starts_drains_and_leaves_nothing(dispatch: Dispatch, tmp_path: Path) -> None:
    with NodeProcess(SAMPLE, 1.0, dispatch) as node:
        assert node.url.startswith("http://" if dispatch is Dispatch.POLLING else "ws://")
        node.check()
    assert node.status == 0
    assert list(tmp_path.iterdir()) == []


def test_one_that_cannot_start_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    node = NodeProcess(SAMPLE, 1.0, Dispatch.POLLING)
    monkeypatch.setattr(node, "_text", "colour = 3\n")
    with pytest.raises(NodeFailed, match="colour"), node:
        pytest.fail("it started")


def test_http_is_kept_alive_and_refuses_what_it_must() -> None:
    async def visit() -> None:
        async with line(node, Role.CUSTOMER, "c1", tier="regular") as customer:
            status, said = await customer.ask("POST", "/call", {"request_id": "r1", "queue": "general"})
            assert (status, said["state"]) == (200, "waiting")
            again = await customer.ask("POST", "/call", {"request_id": "r1", "queue": "general"})
            assert again == (200, said)
            assert await refused(customer, "POST", "/call", {"request_id": "r2", "queue": "general"}) == 409
            assert await refused(customer, "GET", "/agent/next") == 403
            customer.token = "nonsense"
            assert await refused(customer, "GET", "/call") == 401
            assert (customer.connects, customer.traffic.http_requests) == (1, 5)

    async def refused(asker: HttpLine, method: str, path: str, body: dict[str, Any] | None = None) -> int:
        return (await asker.ask(method, path, body))[0]

    with NodeProcess(SAMPLE, 1.0, Dispatch.POLLING) as node:
        trio.run(visit)


def test_a_page_that_was_loaded_anew_finds_everything_as_it_was() -> None:
    async def visit() -> None:
        async with line(node, Role.CUSTOMER, "c1") as customer:
            await customer.ask("POST", "/call", {"request_id": "r1", "queue": "general"})
            async with line(node, Role.AGENT, "a1", queues=["general"]) as agent:
                await agent.ask("POST", "/agent", None)
                await agent.ask("POST", "/agent/state", {"state": "ready"})
                _, offered = await agent.ask("GET", "/agent/next?answer=1", None)
            _, connected = await customer.ask("GET", "/call", None)
            async with line(node, Role.AGENT, "a1", queues=["general"]) as agent:
                _, state = await agent.ask("POST", "/agent", None)
        assert (state["state"], state["call_id"]) == ("on_call", offered["call_id"])
        assert connected["call_id"] == offered["call_id"]

    with NodeProcess(SAMPLE, 1.0, Dispatch.POLLING) as node:
        trio.run(visit)


class Watcher:
    """Does nothing but listen."""

    def __init__(self) -> None:
        self.heard_of = trio.Event()

    def heard(self, message: ServerMessage) -> Deeds:
        if message.type == "agent.state":
            self.heard_of.set()
        return ()

    def act(self, later: Later) -> Deeds:
        return ()


def test_of_two_pages_of_one_agent_the_newer_stays() -> None:
    def opened(watcher: Watcher) -> Link:
        def show() -> str:
            return token(node, Role.AGENT, "a1", queues=["general"])

        return Link((f"{node.url}/agent",), watcher, reader(Role.AGENT), show, Random(1))

    async def visit() -> None:
        watchers = [Watcher(), Watcher()]
        older, newer = map(opened, watchers)

        async def come_later() -> None:
            await watchers[0].heard_of.wait()
            await newer.run()

        with trio.fail_after(60):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(come_later)
                await older.run()
                await watchers[1].heard_of.wait()
                nursery.cancel_scope.cancel()
        assert (older.closes, dict(newer.closes)) == ({4001: 1}, {})

    with NodeProcess(SAMPLE, 1.0, Dispatch.STREAM) as node:
        trio.run(visit)
