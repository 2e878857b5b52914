"""A simulated person's own time, whatever system he is linked to: what he does now, and what he does later.

Everything he does takes scenario time, so his waits are divided by `speed`.
"""

from abc import ABC, abstractmethod
from typing import Protocol

import trio

from engine.gateway.messages import ClientMessage, ServerMessage
from engine.replay.people import Deeds, Later, Leave


class Person(Protocol):
    """Who decides. See `people`."""

    def heard(self, message: ServerMessage) -> Deeds: ...

    def act(self, later: Later) -> Deeds: ...


class Life(ABC):
    """Carries out a person's deeds. Whoever inherits has these fields, and a way to ask and to leave."""

    person: Person
    speed: float
    #: things the person waits for by himself
    timers: int
    over: bool
    _nursery: trio.Nursery | None

    @abstractmethod
    def ask(self, message: ClientMessage) -> None:
        """Send what the person asks."""

    @abstractmethod
    def leave(self) -> None:
        """The person goes: end what goes on."""

    def do(self, deeds: Deeds) -> None:
        """What the person does. Once he has left, nothing."""
        for deed in deeds:
            if self.over:
                return
            match deed:
                case Later():
                    assert self._nursery is not None
                    self.timers += 1
                    self._nursery.start_soon(self._later, deed)
                case Leave():
                    self.over = True
                    self.leave()
                case _:
                    self.ask(deed)

    def act(self, later: Later) -> None:
        """What he waited for has come."""
        if not self.over:
            self.do(self.person.act(later))

    async def _begin(self, begins_at: float, first: Deeds) -> None:
        await trio.sleep_until(begins_at)
        self.do(first)

    async def _later(self, later: Later) -> None:
        await trio.sleep(later.after_ms / 1000 / self.speed)
        self.timers -= 1
        self.act(later)
