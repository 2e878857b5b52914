"""The actors and the client's link as the gateway's tests need them: they remember, they decide nothing."""

from collections.abc import Callable
from typing import Any

from attrs import define, field

from engine.actors.notices import Entered, Notice, Ok
from engine.actors.ports import Client, CloseCode, Identity, MailboxFull
from engine.actors.requests import Request
from engine.domain.limits import MAILBOX_REQUESTS
from engine.gateway.auth import TokenRefused
from engine.gateway.house import Attendance, House

SECRET = b"a secret of the tests, long enough"
AUDIENCE = "giliran"


@define(eq=False)
class FakeSession:
    """A session that keeps what it is asked. `eager` answers every request with ok."""

    identity: Identity
    client: Client
    resume: str | None = None
    eager: bool = True
    holds_call: bool = False
    room: int = MAILBOX_REQUESTS
    asked: list[tuple[str | None, Request]] = field(factory=list)
    renewed: list[Identity] = field(factory=list)
    gone_times: int = 0

    def ask(self, ref: str | None, request: Request) -> None:
        if self.room == 0:
            raise MailboxFull
        self.asked.append((ref, request))
        if self.eager:
            if ref is not None:
                self.client.tell(Ok(ref=ref))
        else:
            self.room -= 1

    def renew(self, identity: Identity) -> None:
        self.renewed.append(identity)

    def gone(self) -> None:
        self.gone_times += 1


@define(eq=False)
class FakeReception:
    """Makes a session of every hello, greets it at once, and keeps it."""

    eager: bool = True
    make: type[FakeSession] = FakeSession
    on_enter: Callable[[FakeSession], None] | None = None
    sessions: list[FakeSession] = field(factory=list)

    def enter(self, identity: Identity, client: Client, resume: str | None) -> FakeSession:
        session = self.make(identity, client, resume, eager=self.eager)
        self.sessions.append(session)
        client.tell(Entered(session=f"s{len(self.sessions)}", state="idle"))
        if self.on_enter is not None:
            self.on_enter(session)
        return session

    @property
    def last(self) -> FakeSession:
        return self.sessions[-1]


@define(eq=False)
class FakeSink:
    """What the client would have seen."""

    sent: list[Any] = field(factory=list)
    closed: list[tuple[int, str]] = field(factory=list)
    pings: list[float] = field(factory=list)

    def send(self, message: Notice) -> None:
        self.sent.append(message)

    def close(self, code: CloseCode, reason: str) -> None:
        self.closed.append((int(code), reason))

    def ping(self, within_s: float) -> None:
        self.pings.append(within_s)


@define(eq=False)
class FakeTime:
    """A clock that stands until it is moved."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


def known(token: str) -> Identity:
    """Tokens of these tests: `role:sub` or `role:sub:expires_s`; anything else is refused."""
    role, _, rest = token.partition(":")
    sub, _, expires_s = rest.partition(":")
    if not sub:
        raise TokenRefused("shape")
    return Identity(sub=sub, role=role, expires_s=int(expires_s or 0))


def house(reception: FakeReception, now_s: Callable[[], float], **changes: Any) -> House:
    return House(
        **{
            "node": "n1",
            "reception": reception,
            "verify": known,
            "config_for": lambda identity: {"for": identity.role},
            "server_time": lambda: 42,
            "now_s": now_s,
            "unix_s": now_s,
            "present": Attendance(),
        }
        | changes
    )
