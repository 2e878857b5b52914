"""Questions beside commits: small ones share a round, long ones hold up neither them nor the heart."""

import threading
from typing import Any

import pytest
import redis
import trio
import trio.lowlevel
import trio.testing

from engine.domain.change import Unavailable
from engine.store.control import Control
from engine.store.keys import Keys
from engine.store.questions import MOST_TOGETHER, Questions

from .rig import PATIENCE_S

Rounds = list[list[tuple[str, ...]]]


class FakePipeline:
    """Answers each command with its last word, once `gate` is open."""

    def __init__(self, client: "FakeClient") -> None:
        self._client = client
        self._commands: list[tuple[str, ...]] = []

    def __enter__(self) -> "FakePipeline":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def execute_command(self, *command: str) -> None:
        self._commands.append(command)

    def execute(self, *, raise_on_error: bool) -> list[Any]:
        assert not raise_on_error
        self._client.rounds.append(self._commands)
        assert self._client.gate.wait(PATIENCE_S)
        if self._client.failures:
            raise self._client.failures.pop(0)
        return [command[-1] for command in self._commands]


class FakeClient:
    """A Redis of which the test opens the gate."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.rounds: Rounds = []
        self.failures: list[Exception] = []

    def pipeline(self, *, transaction: bool) -> FakePipeline:
        assert not transaction
        return FakePipeline(self)

    def zrange(self, *_: object, **__: object) -> list[Any]:
        assert self.gate.wait(PATIENCE_S)
        return []

    def evalsha(self, *_: object) -> list[Any]:
        return ["era", ["1", "0"], "0", "0", []]


async def ask(questions: Questions, word: str, answers: dict[str, Any]) -> None:
    answers[word] = await questions.ask(("ONE", word), ("TWO", word + word))


async def test_what_waits_while_a_round_is_on_its_way_is_the_next() -> None:
    client, answers = FakeClient(), dict[str, Any]()
    questions = Questions(client)  # type: ignore[arg-type]
    words = [f"w{n}" for n in range(MOST_TOGETHER + 1)]
    with trio.fail_after(PATIENCE_S):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(questions.serve)
            async with trio.open_nursery() as askers:
                askers.start_soon(ask, questions, "first", answers)
                while not client.rounds:
                    await trio.lowlevel.checkpoint()
                for word in words:
                    askers.start_soon(ask, questions, word, answers)
                await trio.testing.wait_all_tasks_blocked()
                client.gate.set()
            nursery.cancel_scope.cancel()
    assert [len(each) for each in client.rounds] == [2, 2 * MOST_TOGETHER, 2]
    assert answers == {word: [word, word + word] for word in ["first", *words]}


@pytest.mark.parametrize("times", [1, 2])
async def test_a_stale_connection_is_tried_again_once(times: int) -> None:
    client = FakeClient()
    client.gate.set()
    client.failures = [redis.ConnectionError("stale")] * times
    questions = Questions(client)  # type: ignore[arg-type]
    with trio.fail_after(PATIENCE_S):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(questions.serve)
            if times == 1:
                assert await questions.ask(("GET", "x")) == ["x"]
            else:
                with pytest.raises(Unavailable, match="stale"):
                    await questions.ask(("GET", "x"))
                assert await questions.ask(("GET", "x")) == ["x"]
            nursery.cancel_scope.cancel()


async def test_who_gives_up_takes_no_answer_from_the_others() -> None:
    client, answers = FakeClient(), dict[str, Any]()
    questions = Questions(client)  # type: ignore[arg-type]
    with trio.fail_after(PATIENCE_S):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(questions.serve)
            async with trio.open_nursery() as leaving:
                leaving.start_soon(ask, questions, "gone", {})
                nursery.start_soon(ask, questions, "here", answers)
                while not client.rounds:
                    await trio.lowlevel.checkpoint()
                leaving.cancel_scope.cancel()
            client.gate.set()
            while "here" not in answers:
                await trio.lowlevel.checkpoint()
            nursery.cancel_scope.cancel()
    assert answers == {"here": ["here", "herehere"]}


async def test_the_heart_waits_behind_nothing() -> None:
    client = FakeClient()
    control = Control(client, Keys("p"))  # type: ignore[arg-type]
    with trio.fail_after(PATIENCE_S):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(control.serve)
            nursery.start_soon(control.index, "agents")
            nursery.start_soon(control.rank, "q", "c")
            await trio.testing.wait_all_tasks_blocked()
            assert (await control.look(())).era == "era"
            client.gate.set()
            nursery.cancel_scope.cancel()
