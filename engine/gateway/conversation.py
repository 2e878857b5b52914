"""One client's conversation with the engine, from its first frame to its last. Read this file first.

    HELLO ──hello──▶ ACTIVE ──▶ CLOSING

A conversation takes a client's messages, its bad frames, its session's notices and looks at the clock; it
speaks through a small `Sink`. There is no I/O here, no JSON and no task: sockets are one user of this class,
the simulated people of a replay another.

In HELLO only `hello` is heard, for `HELLO_S`. A good token turns it into a session; the session's `Entered`
becomes `welcome`. In ACTIVE every request goes to the session, which answers. In CLOSING nothing is heard and
nothing is said. A conversation ends itself over bad frames (4000), haste (4008), one connection too many of a
person (4009), a full mailbox (1013), or a token that is refused or expired (4003; not while a call is held);
its session ends it when a newer one took its place (4001); the node ends it to drain (1012), not before a
pending offer has ended.

An offer is followed by a ping: an agent who is not there is lost, and not one who did not answer.
"""

from enum import Enum
from math import inf

from attrs import define, field

from engine.actors.notices import Entered, Error, Notice, Offer, Ok, Reconfigured, Service
from engine.actors.ports import CloseCode, Identity, MailboxFull, Session
from engine.actors.requests import Request
from engine.domain import limits
from engine.domain.errors import Code, Refused
from engine.gateway.auth import TokenRefused
from engine.gateway.bucket import Bucket
from engine.gateway.house import House, Sink
from engine.gateway.messages import (
    ASKS,
    OFFER_OVER,
    OFFER_PENDS,
    ClientMessage,
    ConfigChanged,
    Hello,
    Ping,
    Pong,
    Role,
    TokenRefresh,
    Welcome,
)

PROTOCOL = 1

#: An expired session that holds a call is looked at again this often.
_EXPIRED_LOOK_S = 1.0


class Phase(Enum):
    HELLO = "hello"
    ACTIVE = "active"
    CLOSING = "closing"


@define(eq=False)
class Conversation:
    """One client. `role` is that of the path it came by."""

    role: Role
    _house: House
    _sink: Sink
    phase: Phase = field(default=Phase.HELLO, init=False)
    identity: Identity | None = field(default=None, init=False)
    #: an offer is pending on this link
    offered: bool = field(default=False, init=False)
    #: when `tick` has something to do next, by the house's clock
    due_at: float = field(init=False)
    _session: Session | None = field(default=None, init=False)
    _welcomed: bool = field(default=False, init=False)
    _draining: bool = field(default=False, init=False)
    _bucket: Bucket = field(init=False)
    _offences: int = field(default=0, init=False)
    _offended_at: float = field(default=0.0, init=False)

    def __attrs_post_init__(self) -> None:
        now = self._house.now_s()
        self.due_at = now + limits.HELLO_S
        self._bucket = Bucket(limits.MESSAGES_PER_S, limits.MESSAGES_BURST, now)

    # What the client does

    def receive(self, ref: str | None, message: ClientMessage) -> None:
        """The client sent a well-formed message."""
        if self.phase is Phase.CLOSING or self._too_fast(ref):
            return
        if self.phase is Phase.HELLO:
            if isinstance(message, Hello):
                self._hello(message)
            else:
                self._end(CloseCode.NO_HELLO, "hello missing")
            return
        match message:
            case Ping():
                self._sink.send(Pong(ref=ref, server_time=self._house.server_time()))
            case TokenRefresh():
                self._refresh(ref, message)
            case Hello():
                self._sink.send(
                    Error.of(ref, Refused(Code.WRONG_STATE, "hello was said", state=self.phase.value))
                )
            case _ if type(message) in ASKS[self.role]:
                self._ask(ref, message)
            case _:
                self._offend(ref, Refused(Code.NOT_ALLOWED, "not for this role"))

    def refuse(self, ref: str | None, refused: Refused) -> None:
        """The client sent a frame that could not be read."""
        if self.phase is not Phase.CLOSING and not self._too_fast(ref):
            self._offend(ref, refused)

    def too_big(self) -> None:
        """The client sent a frame beyond the size of its type."""
        self._end(CloseCode.TOO_BIG, "message too big")

    def lost(self) -> None:
        """The link is gone, however it ended. May be called more than once."""
        self.phase = Phase.CLOSING
        self.due_at = inf
        self._leave()

    # What the session does (ports.Client)

    def tell(self, notice: Notice) -> None:
        if self.phase is Phase.CLOSING:
            return
        if isinstance(notice, Entered):
            self._welcome(notice)
            return
        if isinstance(notice, Reconfigured):
            self._configure()
            return
        self._sink.send(notice)
        kind = type(notice)
        if kind in OFFER_PENDS:
            self.offered = True
            if kind is Offer:
                self._sink.ping(limits.OFFER_PONG_S)
        elif kind in OFFER_OVER:
            self.offered = False
            self._leave_if_drained()

    def close(self, code: CloseCode, reason: str) -> None:
        self._say_goodbye(code, reason)

    # What time and the node do

    def tick(self) -> None:
        """Do what is due. To be called at `due_at`, or soon after."""
        now = self._house.now_s()
        if now < self.due_at:
            return
        if self.phase is Phase.HELLO:
            self._end(CloseCode.NO_HELLO, "hello late")
        elif self._session is not None and self._session.holds_call:
            self.due_at = now + _EXPIRED_LOOK_S
        else:
            self._end(CloseCode.TOKEN, "token expired")

    def drain(self, retry_ms: int) -> None:
        """The node is going away: say so, and close as soon as no offer is pending."""
        if self.phase is not Phase.CLOSING:
            self._draining = True
            self._sink.send(Service(available=True, draining=True, retry_ms=retry_ms))
            self._leave_if_drained()

    def dismiss(self, code: CloseCode, reason: str) -> None:
        """Close now, whatever is pending: the node's own decision."""
        self._end(code, reason)

    # How it is done

    def _hello(self, hello: Hello) -> None:
        identity = self._identify(hello.token)
        if identity is None:
            self._end(CloseCode.TOKEN, "token refused")
            return
        if not self._house.present.enter(identity):
            self._end(CloseCode.CROWDED, "too many connections")
            return
        self._know(identity)
        self.phase = Phase.ACTIVE
        try:
            session = self._house.reception.enter(identity, self, hello.resume)
        except MailboxFull:
            self._end(CloseCode.OVERLOADED, "overloaded")
            return
        self._session = session
        if self.phase is not Phase.ACTIVE:  # ended while entering
            self._leave()

    def _identify(self, token: str) -> Identity | None:
        """Who the token's bearer is, if the token is good and for this path."""
        try:
            identity = self._house.verify(token)
        except TokenRefused:
            return None
        return identity if identity.role == self.role else None

    def _know(self, identity: Identity) -> None:
        self.identity = identity
        life_s = identity.expires_s - self._house.unix_s() if identity.expires_s else inf
        self.due_at = self._house.now_s() + life_s

    def _refresh(self, ref: str | None, refresh: TokenRefresh) -> None:
        identity = self._identify(refresh.token)
        if identity is None or self.identity is None or identity.sub != self.identity.sub:
            self._sink.send(Error.of(ref, Refused(Code.NOT_ALLOWED, "token refused", field="token")))
            return
        self._know(identity)
        if ref is not None:
            self._sink.send(Ok(ref=ref))
        if self._session is not None:
            self._session.renew(identity)

    def _welcome(self, entered: Entered) -> None:
        assert self.identity is not None, "a session entered before hello"
        self._sink.send(
            Welcome(
                protocol=PROTOCOL,
                session=entered.session,
                node=self._house.node,
                server_time=self._house.server_time(),
                state=entered.state,
                config=self._house.config_for(self.identity),
            )
        )

        self._welcomed = True

    def _configure(self) -> None:
        """Say anew what he may choose from; whoever was not welcomed yet will be told then."""
        if self._welcomed and self.identity is not None:
            self._sink.send(ConfigChanged(config=self._house.config_for(self.identity)))

    def _ask(self, ref: str | None, request: Request) -> None:
        assert self._session is not None, "active without a session"
        try:
            self._session.ask(ref, request)
        except MailboxFull:
            self._end(CloseCode.OVERLOADED, "overloaded")

    def _offend(self, ref: str | None, refused: Refused) -> None:
        """A bad frame: answered at first, closed over when it happens again and again."""
        now = self._house.now_s()
        if now - self._offended_at > limits.OFFENCE_MEMORY_S:
            self._offences = 0
        self._offences += 1
        self._offended_at = now
        self._sink.send(Error.of(ref, refused))
        if self._offences >= limits.OFFENCES:
            self._end(CloseCode.BAD_FRAMES, "bad frames")

    def _too_fast(self, ref: str | None) -> bool:
        """Whether this message is one too many; it is refused then, and at last closed over."""
        wait_s = self._bucket.take(self._house.now_s())
        if not wait_s:
            return False
        self._sink.send(
            Error.of(ref, Refused(Code.TOO_FAST, "too many messages", retry_ms=int(wait_s * 1000) + 1))
        )
        if self._bucket.refusals > limits.TOO_FAST_REFUSALS:
            self._end(CloseCode.TOO_FAST, "too many messages")
        return True

    def _leave_if_drained(self) -> None:
        if self._draining and not self.offered:
            self._end(CloseCode.GOING_AWAY, "going away")

    def _end(self, code: CloseCode, reason: str) -> None:
        """Close from this side: the session learns at once that nobody listens any more."""
        self._say_goodbye(code, reason)
        self._leave()

    def _say_goodbye(self, code: CloseCode, reason: str) -> None:
        if self.phase is not Phase.CLOSING:
            self.phase = Phase.CLOSING
            self.due_at = inf
            self._sink.close(code, reason)

    def _leave(self) -> None:
        """Tell the session, once, that its client is gone, and free its place."""
        session, self._session = self._session, None
        if session is not None:
            session.gone()
        identity, self.identity = self.identity, None
        if identity is not None:
            self._house.present.leave(identity)
