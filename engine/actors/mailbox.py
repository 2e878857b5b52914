"""A session's mailbox: bounded, and kind to slow readers.

Requests wait in line and are limited: the one too many raises `MailboxFull`. Records do not wait in line:
only the newest of each is kept, so news can never overflow. `receive` gives news before requests, and the
end of the socket last, so that what a client managed to ask is still done.

The lines are lists: they are short, mostly empty, and there are two for every socket (an empty deque takes
760 bytes).
"""

from collections.abc import Mapping

import trio
from attrs import define, field, frozen

from engine.actors.ports import MailboxFull
from engine.actors.requests import Request, Signal
from engine.domain.limits import MAILBOX_REQUESTS, MAILBOX_SIGNALS
from engine.domain.model import Record, Ref
from engine.domain.news import Resynced, Service, Signalled


@frozen
class Asked:
    """A client's request; `ref` is echoed in the answer."""

    ref: str | None
    request: Request


@frozen
class Heard:
    """Records as stored, the newest of each (None = deleted)."""

    records: Mapping[Ref, Record | None]


@frozen
class Gone:
    """The socket is gone."""


Item = Asked | Heard | Gone | Signalled | Resynced | Service


@define(eq=False)
class Mailbox:
    _requests: list[Asked] = field(factory=list)
    _signals: list[Signalled] = field(factory=list)
    _records: dict[Ref, Record | None] = field(factory=dict)
    _resynced: Resynced | None = None
    _service: Service | None = None
    _gone: bool = False
    _gone_told: bool = False
    _wake: trio.Event | None = None

    def ask(self, ref: str | None, request: Request) -> None:
        """Raises MailboxFull. Signals come in bursts and leave no other request less room."""
        signals = isinstance(request, Signal)
        alike = sum(isinstance(asked.request, Signal) is signals for asked in self._requests)
        if alike >= (MAILBOX_SIGNALS if signals else MAILBOX_REQUESTS):
            raise MailboxFull
        self._requests.append(Asked(ref, request))
        self._ring()

    def hear(self, records: Mapping[Ref, Record | None]) -> None:
        for ref, record in records.items():
            known = self._records.get(ref)
            if record is None or known is None or record.version > known.version:
                self._records[ref] = record
        self._ring()

    def signal(self, signal: Signalled) -> None:
        """Raises MailboxFull."""
        if len(self._signals) >= MAILBOX_SIGNALS:
            raise MailboxFull
        self._signals.append(signal)
        self._ring()

    def resync(self, resynced: Resynced) -> None:
        """What is held is to be replaced; older news is moot."""
        self._records.clear()
        self._resynced = resynced
        self._ring()

    def service(self, service: Service) -> None:
        self._service = service
        self._ring()

    def gone(self) -> None:
        self._gone = True
        self._ring()

    @property
    def left(self) -> bool:
        """Whether the socket is gone, whatever else is still to be received."""
        return self._gone

    def __len__(self) -> int:
        return len(self._requests) + len(self._signals) + len(self._records)

    def _ring(self) -> None:
        if self._wake is not None:
            self._wake.set()
            self._wake = None

    async def receive(self) -> Item:
        while True:
            item = self._next()
            if item is not None:
                return item
            self._wake = trio.Event()
            await self._wake.wait()

    def _next(self) -> Item | None:
        item: Item | None = None
        if self._service is not None:
            item, self._service = self._service, None
        elif self._resynced is not None:
            item, self._resynced = self._resynced, None
        elif self._records:
            item, self._records = Heard(self._records), {}
        elif self._signals:
            item = self._signals.pop(0)
        elif self._requests:
            item = self._requests.pop(0)
        elif self._gone and not self._gone_told:
            self._gone_told = True
            item = Gone()
        return item
