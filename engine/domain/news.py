"""What a store tells its node: records that changed, signals, loss and return of the store itself.

News may repeat or come late and does no harm: a record says its own version. Only `Resynced` replaces.
"""

from collections.abc import Mapping
from typing import Any

from attrs import frozen

from engine.domain.model import Record, Ref


@frozen
class Changed:
    """One commit's records, together (None = deleted)."""

    rev: int
    records: Mapping[Ref, Record | None]


@frozen
class Resynced:
    """Everything the channel holds, re-read: it replaces what was known. `era` is the store's."""

    rev: int
    era: str
    records: Mapping[Ref, Record]


@frozen
class Signalled:
    """An ephemeral message to the holder of `to` ("customer:…" or "agent:…"); never stored."""

    to: Ref
    body: Mapping[str, Any]


@frozen
class Service:
    """The store went away or came back."""

    available: bool


News = Changed | Resynced | Signalled | Service


@frozen
class Leader:
    """Who leads the pool. A write is fenced by `token`; `beat` rises once a second while he lives."""

    epoch: int
    nonce: str
    node: str
    beat: int

    @property
    def token(self) -> str:
        return f"{self.epoch}:{self.nonce}"


@frozen
class Lease:
    """The answer to a bid: who leads now, whether it is the bidder, and for how long no leader had beaten."""

    leader: Leader
    mine: bool
    silence_ms: int
