"""The link over a wire that fails on cue: what is sent again, in which order, and what callers learn."""

import queue
from collections.abc import Sequence
from typing import Any

import pytest
import redis
import trio
import trio.testing

from engine.domain.change import Change, NotSent, Unknown
from engine.store import redis_link
from engine.store.handoff import Handoff
from engine.store.operation import ACKNOWLEDGED, Operation, operation
from engine.store.redis_link import RedisLink

from .rig import PATIENCE_S, until

N = 3  # where an op's number stands in its arguments


class FakeWire:
    """A connection whose replies are dealt by the test; a lost connection is one of them."""

    def __init__(self, replies: "queue.SimpleQueue[Any]") -> None:
        self.pipelines: list[list[str]] = []
        self.acknowledged: list[str] = []
        self._replies = replies

    def send(self, commands: Sequence[Sequence[str]]) -> None:
        self.pipelines.append([c[4 + N] if c[0] == "EVALSHA" else c[0] for c in commands])
        self.acknowledged.append(commands[0][4 + ACKNOWLEDGED] if commands[0][0] == "EVALSHA" else "")

    def reply(self) -> Any:
        reply = self._replies.get(timeout=PATIENCE_S)
        if isinstance(reply, redis.ConnectionError | redis.TimeoutError):
            raise reply
        return reply

    def close(self) -> None:
        pass


class Rigged:
    """A link, its wires so far, and the replies to come."""

    def __init__(self, nursery: trio.Nursery) -> None:
        self.replies: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.wires: list[FakeWire] = []
        self.lost = 0
        self.refused = 0
        handoff = Handoff()
        nursery.start_soon(handoff.serve)
        self.link = RedisLink(
            self._connect, "p:", deliver=lambda ops: handoff.put(lambda: self._answer(ops)), lost=self._lose
        )
        handoff.thread("link", self.link.work)

    def _connect(self) -> Any:
        if self.refused:
            self.refused -= 1
            raise redis.ConnectionError("refused")
        self.wires.append(FakeWire(self.replies))
        return self.wires[-1]

    def _answer(self, ops: Sequence[Operation]) -> None:
        for op in ops:
            self.link.answered(op)

    def _lose(self) -> None:
        self.lost += 1

    async def send(self, n: int) -> Any:
        return await self.link.send(operation(Change(), n=n, boot="b", node="n-b", era="e"))

    @property
    def sent(self) -> list[list[list[str]]]:
        """Per wire, per pipeline, the ops' numbers."""
        return [wire.pipelines for wire in self.wires]


@pytest.fixture
async def rigged(nursery: trio.Nursery) -> Any:
    made = Rigged(nursery)
    yield made
    made.link.stop(at_once=True)


async def test_unresolved_ops_go_again_in_order_and_before_newer_ones(rigged: Rigged) -> None:
    answers: dict[int, Any] = {}

    async def send(n: int) -> None:
        answers[n] = await rigged.send(n)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(send, 1)
        await until(lambda: rigged.sent and rigged.sent[0])
        for n in (2, 3, 4):
            nursery.start_soon(send, n)
            await trio.testing.wait_all_tasks_blocked()
        rigged.replies.put(["ok", "1"])
        rigged.replies.put(["ok", "2"])
        rigged.replies.put(redis.ConnectionError("gone"))
        rigged.replies.put(["again", "3"])
        rigged.replies.put(["ok", "4"])
    assert answers == {1: ["ok", "1"], 2: ["ok", "2"], 3: ["again", "3"], 4: ["ok", "4"]}
    assert rigged.sent == [[["1"], ["2", "3", "4"]], [["3", "4"]]]
    assert rigged.lost == 0


async def test_what_was_applied_is_acknowledged_with_the_next_change(rigged: Rigged) -> None:
    for n, reply in ((1, ["ok", "1"]), (2, ["conflict", [], []]), (3, ["again", "2"])):
        rigged.replies.put(reply)
        await rigged.send(n)
    rigged.replies.put(["ok", "3"])
    await rigged.send(4)
    assert rigged.wires[0].acknowledged == ["", "1", "", "3"]


async def test_a_script_the_server_forgot_is_loaded_and_the_op_goes_again(rigged: Rigged) -> None:
    for reply in (redis.exceptions.NoScriptError("NOSCRIPT"), "sha", ["ok", "1"]):
        rigged.replies.put(reply)
    assert await rigged.send(1) == ["ok", "1"]
    assert rigged.sent == [[["1"], ["SCRIPT"], ["1"]]]


@pytest.mark.parametrize("word", ["OOM", "BUSY", "MISCONF", "NOREPLICAS", "CLUSTERDOWN"])
async def test_a_refusal_is_an_answer(rigged: Rigged, word: str) -> None:
    refusal = redis.ResponseError(f"{word} no")
    rigged.replies.put(refusal)
    assert await rigged.send(1) is refusal
    rigged.replies.put(["ok", "1"])
    assert await rigged.send(2) == ["ok", "1"]
    assert len(rigged.wires) == 1


async def test_a_demoted_primary_is_left(rigged: Rigged) -> None:
    rigged.replies.put(redis.exceptions.ReadOnlyError("READONLY"))
    await rigged.send(1)
    rigged.replies.put(["ok", "1"])
    await rigged.send(2)
    assert len(rigged.wires) == 2


async def test_an_op_that_kills_every_connection_is_given_up(
    rigged: Rigged, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_link, "MOST_ATTEMPTS", 2)
    rigged.replies.put(redis.ConnectionError("killed"))
    rigged.replies.put(redis.ConnectionError("killed"))
    assert isinstance(await rigged.send(1), Unknown)
    rigged.replies.put(["ok", "1"])
    assert await rigged.send(2) == ["ok", "1"]


async def test_what_was_never_sent_is_withdrawn_and_not_sent_later(rigged: Rigged) -> None:
    rigged.refused = 10**9
    async with trio.open_nursery() as nursery:

        async def refused() -> None:
            with pytest.raises(NotSent):
                await rigged.send(1)

        nursery.start_soon(refused)
        await until(lambda: rigged.lost)
        rigged.link.withdraw_unsent()
    rigged.refused = 0
    rigged.replies.put(["ok", "1"])
    assert await rigged.send(2) == ["ok", "1"]
    assert rigged.sent == [[["2"]]]


async def test_patience_ends_as_unknown_once_sent(rigged: Rigged, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_link, "PATIENCE_S", 0.05)
    with pytest.raises(Unknown):
        await rigged.send(1)
    rigged.replies.put(["ok", "1"])
    rigged.replies.put(["ok", "2"])
    monkeypatch.undo()
    assert await rigged.send(2) == ["ok", "2"]


async def test_patience_ends_as_not_sent_before(rigged: Rigged, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_link, "PATIENCE_S", 0.05)
    rigged.refused = 10**9
    with pytest.raises(NotSent):
        await rigged.send(1)


async def test_the_number_waiting_is_bounded(rigged: Rigged, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_link, "MOST_WAITING", 2)
    async with trio.open_nursery() as nursery:
        for n in (1, 2):
            nursery.start_soon(rigged.send, n)
        await trio.testing.wait_all_tasks_blocked()
        with pytest.raises(NotSent):
            await rigged.send(3)
        rigged.replies.put(["ok", "1"])
        rigged.replies.put(["ok", "2"])


async def test_a_cancelled_caller_leaves_his_op_under_way(rigged: Rigged) -> None:
    with trio.CancelScope() as scope:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(rigged.send, 1)
            await trio.testing.wait_all_tasks_blocked()
            scope.cancel()
    rigged.replies.put(["ok", "1"])
    rigged.replies.put(["ok", "2"])
    assert await rigged.send(2) == ["ok", "2"]
    assert [n for pipeline in rigged.sent[0] for n in pipeline] == ["1", "2"]


async def test_stopping_sends_what_waits(rigged: Rigged) -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(rigged.send, 1)
        await trio.testing.wait_all_tasks_blocked()
        rigged.link.stop()
        rigged.replies.put(["ok", "1"])
    assert rigged.sent == [[["1"]]]
