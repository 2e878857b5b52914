"""What all conversations of a node share, and what each needs of its client's link."""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from attrs import field, frozen

from engine.actors.ports import CloseCode, Identity, Reception
from engine.domain.limits import SOCKETS_PER_IDENTITY
from engine.gateway.messages import ServerMessage


class Sink(Protocol):
    """The client's end of a conversation. None of these blocks."""

    def send(self, message: ServerMessage) -> None: ...

    def close(self, code: CloseCode, reason: str) -> None:
        """Say what was sent before, then close. Called at most once."""
        ...

    def ping(self, within_s: float) -> None:
        """Ask whether the client is there. If it does not answer within `within_s`, `lost()` is called."""
        ...


class Attendance:
    """How many conversations each person has on this node, up to a bound."""

    def __init__(self, most: int = SOCKETS_PER_IDENTITY) -> None:
        self._most = most
        self._here: Counter[tuple[str, str]] = Counter()

    def enter(self, identity: Identity) -> bool:
        """Take one more place for `identity`, unless there are too many already."""
        who = (identity.role, identity.sub)
        if self._here[who] >= self._most:
            return False
        self._here[who] += 1
        return True

    def leave(self, identity: Identity) -> None:
        who = (identity.role, identity.sub)
        self._here[who] -= 1
        if not self._here[who]:
            del self._here[who]


@frozen(kw_only=True)
class House:
    """What all conversations of a node share."""

    node: str
    reception: Reception
    #: a login token's bearer; raises TokenRefused
    verify: Callable[[str], Identity]
    #: the `config` of a welcome
    config_for: Callable[[Identity], Mapping[str, Any]]
    #: pool time, integer ms
    server_time: Callable[[], int]
    #: seconds of a monotonic clock
    now_s: Callable[[], float]
    #: seconds of Unix time, for the expiry of tokens alone
    unix_s: Callable[[], float]
    present: Attendance = field(factory=Attendance)
