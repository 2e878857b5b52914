"""Questions beside commits: small ones share a round, long ones hold up neither them nor the heart."""

import threading
from typing import Any

import pytest
import redis
import structlog.testing
import trio
import trio.lowlevel
import trio.testing

from engine.domain.change import NotSent, Unavailable
from engine.domain.news import Resynced
from engine.store.control import LONG_PATIENCE_S, Control
from engine.store.keys import Keys
from engine.store.questions import MOST_TOGETHER, Questions
from engine.store.scripts import script

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
        self.disconnected = 0
        self.connection_pool = self

    def disconnect(self, *, inuse_connections: bool) -> None:
        assert not inuse_connections
        self.disconnected += 1

    def pipeline(self, *, transaction: bool) -> FakePipeline:
        assert not transaction
        return FakePipeline(self)

    def zrange(self, *_: object, **__: object) -> list[Any]:
        assert self.gate.wait(PATIENCE_S)
        return []

    def evalsha(self, sha: str, *_: object) -> list[Any]:
        if self.failures:
            raise self.failures.pop(0)
        if sha == script("snapshot").sha:
            assert self.gate.wait(PATIENCE_S)
            return ["5", "10", "era", []]
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


async def test_nobody_waits_for_what_he_posts_and_what_is_too_much_is_dropped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("engine.store.questions.MOST_POSTED", 20)
    client, answers = FakeClient(), dict[str, Any]()
    questions = Questions(client)  # type: ignore[arg-type]
    with trio.fail_after(PATIENCE_S), structlog.testing.capture_logs() as logs:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(questions.serve)
            for word in ("first", "second", "third", "4th", "5"):
                questions.post("POST", word)
            client.gate.set()
            await ask(questions, "asked", answers)
            questions.post("POST", "later")
            await ask(questions, "again", answers)
            nursery.cancel_scope.cancel()
    sent = [command for each in client.rounds for command in each if command[0] == "POST"]
    assert sent == [("POST", "first"), ("POST", "second"), ("POST", "later")]
    assert logs == [{"event": "signals_dropped", "count": 3, "log_level": "warning"}]


async def test_too_many_questions_are_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.store.questions.MOST_WAITING", 2)
    questions = Questions(FakeClient())  # type: ignore[arg-type]
    async with trio.open_nursery() as nursery:
        for word in ("one", "two"):
            nursery.start_soon(ask, questions, word, {})
        await trio.testing.wait_all_tasks_blocked()
        with pytest.raises(NotSent):
            await questions.ask(("GET", "x"))
        nursery.cancel_scope.cancel()


async def test_a_round_that_fails_fails_all_that_wait_and_nothing_of_it_is_asked_later() -> None:
    client, refused = FakeClient(), list[str]()
    client.failures = [redis.ConnectionError("away")] * 2
    questions = Questions(client)  # type: ignore[arg-type]

    async def refuse(word: str) -> None:
        with pytest.raises(Unavailable, match="away"):
            await questions.ask(("GET", word))
        refused.append(word)

    with trio.fail_after(PATIENCE_S):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(questions.serve)
            async with trio.open_nursery() as askers:
                askers.start_soon(refuse, "sent")
                while not client.rounds:
                    await trio.lowlevel.checkpoint()
                askers.start_soon(refuse, "waiting")
                await trio.testing.wait_all_tasks_blocked()
                questions.post("POST", "stale")
                client.gate.set()
            assert await questions.ask(("GET", "new")) == ["new"]
            nursery.cancel_scope.cancel()
    assert sorted(refused) == ["sent", "waiting"]
    assert client.rounds == [[("GET", "sent")]] * 2 + [[("GET", "new")]]


async def test_who_gave_up_before_his_round_is_not_asked_for() -> None:
    client = FakeClient()
    questions = Questions(client)  # type: ignore[arg-type]
    with trio.fail_after(PATIENCE_S):
        async with trio.open_nursery() as leaving:
            leaving.start_soon(ask, questions, "gone", {})
            await trio.testing.wait_all_tasks_blocked()
            leaving.cancel_scope.cancel()
        client.gate.set()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(questions.serve)
            assert await questions.ask(("GET", "here")) == ["here"]
            nursery.cancel_scope.cancel()
    assert client.rounds == [[("GET", "here")]]


async def test_a_whole_pool_may_take_its_time_and_is_decoded_beside_the_loop(
    mock_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoders: list[threading.Thread] = []

    def decode(_: object) -> dict[str, Any]:
        decoders.append(threading.current_thread())
        return {}

    monkeypatch.setattr("engine.store.control.sound", decode)
    client, found = FakeClient(), list[Any]()
    control = Control(client, Keys("p"))  # type: ignore[arg-type]

    async def read() -> None:
        found.append(await control.snapshot("feed"))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(read)
        await trio.testing.wait_all_tasks_blocked()
        mock_clock.jump(LONG_PATIENCE_S - 1)
        await trio.testing.wait_all_tasks_blocked()
        client.gate.set()
    assert found == [(5, Resynced(10, "era", {}))]
    assert decoders != [threading.current_thread()]


@pytest.mark.parametrize("error", [redis.ConnectionError("stale"), redis.exceptions.ReadOnlyError("demoted")])
async def test_a_connection_to_what_was_the_primary_is_left(error: Exception) -> None:
    client = FakeClient()
    client.failures = [error]
    control = Control(client, Keys("p"))  # type: ignore[arg-type]
    assert (await control.look(())).era == "era"
    assert client.disconnected == 1
