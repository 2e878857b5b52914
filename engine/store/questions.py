"""Small questions, asked together: what waits while one round is on its way is the next, as one pipeline.

So a rush of sessions that each want a record or a rank costs a few round trips and not one each, and nobody
waits behind all the others. A round belongs to no one: who gives up takes no answer from the rest. When a
round fails the store is away, and so all that waits has failed: nothing stale is asked once it is back.

What is posted has no answer that anybody waits for: signals. As nobody is held up by them, their amount is
bounded, and what is beyond is dropped.
"""

from collections import deque
from collections.abc import Sequence
from typing import Any

import redis
import structlog
import trio
from attrs import define, field

from engine.domain.change import NotSent, Unavailable
from engine.store.wire import LOST

#: How long an answer is waited for.
PATIENCE_S = 3.0
#: How many questions make a round at most.
MOST_TOGETHER = 256
#: How many may be waiting; beyond it a question is refused at once.
MOST_WAITING = 10_000
#: How many characters may be posted and waiting: some hundred of the largest signals, and of the usual ones
#: what a thousand calls that begin at once send.
MOST_POSTED = 16_000_000

log = structlog.get_logger(__name__)

Command = tuple[str, ...]


@define(eq=False)
class _Question:
    commands: Sequence[Command]
    replies: list[Any] = field(factory=list)
    failed: Exception | None = None
    given_up: bool = False
    over: trio.Event = field(factory=trio.Event)
    #: how much was posted by it
    posted: int = 0


class Questions:
    """Made on the trio thread; used there while `serve` runs."""

    def __init__(self, client: "redis.Redis") -> None:
        self._client = client
        self._waiting: deque[_Question] = deque()
        self._asked = trio.Event()
        self._limiter = trio.CapacityLimiter(1)
        self._posted = 0
        self._dropped = 0

    async def ask(self, *commands: Command) -> list[Any]:
        """The replies, in order; an error reply is one. Raises Unavailable."""
        if len(self._waiting) >= MOST_WAITING:
            raise NotSent("too many questions are waiting")
        question = _Question(commands)
        self._wait(question)
        try:
            with trio.move_on_after(PATIENCE_S):
                await question.over.wait()
        finally:
            question.given_up = True
        if question.failed is not None:
            raise Unavailable(str(question.failed)) from question.failed
        if not question.over.is_set():
            raise Unavailable("too many questions are waiting")
        return question.replies

    def post(self, *command: str) -> None:
        """Send a command soon, if there is room, whatever becomes of it."""
        size = sum(map(len, command))
        if self._posted + size > MOST_POSTED or len(self._waiting) >= MOST_WAITING:
            self._dropped += 1
            return
        self._posted += size
        self._wait(_Question([command], posted=size))

    def _wait(self, question: _Question) -> None:
        self._waiting.append(question)
        self._asked.set()

    async def serve(self) -> None:
        """Put what is asked, until cancelled."""
        while True:
            await self._asked.wait()
            self._asked = trio.Event()
            while together := self._next(MOST_TOGETHER):
                await self._put(together)
            if self._dropped:
                log.warning("signals_dropped", count=self._dropped)
                self._dropped = 0

    def _next(self, most: int) -> list[_Question]:
        """Those of the next round, without those who have given up."""
        together: list[_Question] = []
        while self._waiting and len(together) < most:
            question = self._waiting.popleft()
            if not question.given_up:
                together.append(question)
        return together

    async def _put(self, together: list[_Question]) -> None:
        commands = [command for question in together for command in question.commands]
        try:
            found = await trio.to_thread.run_sync(self._exchange, commands, limiter=self._limiter)
        except LOST as error:
            together += self._next(len(self._waiting))
            for question in together:
                question.failed = error
        else:
            replies = iter(found)
            for question in together:
                question.replies = [next(replies) for _ in question.commands]
        for question in together:
            self._posted -= question.posted
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
