"""Small questions, asked together: what waits while one round is on its way is the next, as one pipeline.

So a rush of sessions that each want a record or a rank costs a few round trips and not one each, and nobody
waits behind all the others. A round belongs to no one: who gives up takes no answer from the rest.
"""

from collections.abc import Sequence
from typing import Any

import redis
import trio
from attrs import define, field

from engine.domain.change import Unavailable
from engine.store.wire import LOST

#: How long an answer is waited for.
PATIENCE_S = 3.0
#: How many questions make a round at most.
MOST_TOGETHER = 256

Command = tuple[str, ...]


@define(eq=False)
class _Question:
    commands: Sequence[Command]
    replies: list[Any] = field(factory=list)
    failed: Exception | None = None
    over: trio.Event = field(factory=trio.Event)


class Questions:
    """Made on the trio thread; used there while `serve` runs."""

    def __init__(self, client: "redis.Redis") -> None:
        self._client = client
        self._waiting: list[_Question] = []
        self._asked = trio.Event()
        self._limiter = trio.CapacityLimiter(1)

    async def ask(self, *commands: Command) -> list[Any]:
        """The replies, in order; an error reply is one. Raises Unavailable."""
        question = _Question(commands)
        self._waiting.append(question)
        self._asked.set()
        with trio.move_on_after(PATIENCE_S):
            await question.over.wait()
        if question.failed is not None:
            raise Unavailable(str(question.failed)) from question.failed
        if not question.over.is_set():
            raise Unavailable("too many questions are waiting")
        return question.replies

    async def serve(self) -> None:
        """Put what is asked, until cancelled."""
        while True:
            await self._asked.wait()
            self._asked = trio.Event()
            while self._waiting:
                together, self._waiting = self._waiting[:MOST_TOGETHER], self._waiting[MOST_TOGETHER:]
                await self._put(together)

    async def _put(self, together: Sequence[_Question]) -> None:
        commands = [command for question in together for command in question.commands]
        try:
            found = await trio.to_thread.run_sync(self._exchange, commands, limiter=self._limiter)
        except LOST as error:
            for question in together:
                question.failed = error
        else:
            replies = iter(found)
            for question in together:
                question.replies = [next(replies) for _ in question.commands]
        for question in together:
            question.over.set()

    def _exchange(self, commands: Sequence[Command]) -> list[Any]:
        """One round; put again at once if the connection turns out to be stale."""
        try:
            return self._pipeline(commands)
        except redis.ConnectionError:
            return self._pipeline(commands)

    def _pipeline(self, commands: Sequence[Command]) -> list[Any]:
        with self._client.pipeline(transaction=False) as pipe:
            for command in commands:
                pipe.execute_command(*command)  # type: ignore[no-untyped-call]
            return pipe.execute(raise_on_error=False)
