"""A person's link in virtual time: a conversation on one side, the person on the other.

It does what the reference client does on a socket. A lost link comes back after a random wait within a bound
that doubles (full jitter: M. Brooker, "Exponential Backoff and Jitter", 2015), at the next node, with the
newest resume token; not after 4001, when another session of the same person has taken over, nor after 4003.
What he asked that was not answered when the link broke is asked again after the next welcome.

A client that stops reading (`stall`) hears nothing, answers no ping, and does not notice that it was given up
until it reads on; then it reads what had come before that.
"""

from collections.abc import Callable
from functools import partial
from random import Random
from typing import Protocol

from attrs import define, field

from engine.actors.notices import CallPosition, CallQueued, Error, Ok
from engine.actors.ports import CloseCode
from engine.domain.errors import Code
from engine.domain.limits import PING_EVERY_S, PONG_S
from engine.gateway.conversation import Conversation
from engine.gateway.messages import ClientMessage, Hello, Role, ServerMessage, Welcome
from engine.replay.people import Deeds, Later, Leave, SimAgent, SimCustomer, Turn
from engine.replay.rows import Drop
from engine.replay.virtual_node import VirtualNode

#: The bound of the first wait before a reconnect, and of the last.
BACKOFF_S, BACKOFF_MOST_S = 0.5, 15.0

Person = SimCustomer | SimAgent


class World(Protocol):
    """Where the door is."""

    def now(self) -> int: ...

    def plan(self, at: int, turn: Turn, row: int, what: Callable[[], None]) -> None: ...

    def reach(self, n: int) -> VirtualNode | None: ...


@define(eq=False)
class Stall:
    """A client reads nothing: what comes meanwhile, and whether the link was ended for good."""

    unread: list[ServerMessage] = field(factory=list)
    over: bool = False


@define(eq=False)
class Door:
    """`row` is the person's place among things of the same instant. Implements the gateway's Sink."""

    world: World
    person: Person
    row: int
    token: str
    random: Random
    connects: int = 0
    over: bool = False
    #: his own link broke
    broke: bool = False
    _conversation: Conversation | None = None
    _node: VirtualNode | None = None
    _next: int = field(init=False)
    _failures: int = 0
    _stall: Stall | None = None
    _up_at: int = 0
    _welcome: bool = False
    _resume: str | None = None
    _asked: int = 0
    _unanswered: dict[str, ClientMessage] = field(factory=dict)

    @_next.default
    def _first(self) -> int:
        """People spread over the nodes."""
        return self.row

    # the link

    def connect(self) -> None:
        """Open the link and say hello, unless it is open or the person has left."""
        if self.over or self._conversation is not None or self._stall is not None:
            return
        node, self._next = self.world.reach(self._next), self._next + 1
        if node is None or node.house is None:
            self._come_back()
            return
        self.connects += 1
        self._up_at = self.world.now()
        role = Role.CUSTOMER if isinstance(self.person, SimCustomer) else Role.AGENT
        self._node, self._conversation = node, Conversation(role, node.house, self)
        self._conversation.receive("", Hello(token=self.token, resume=self._resume))

    def _come_back(self) -> None:
        """Try again after a while."""
        bound_s = min(BACKOFF_MOST_S, BACKOFF_S * 2 ** min(self._failures, 10))
        self._failures += 1
        self._later(round(self.random.uniform(0, bound_s) * 1000), self.connect)

    def _later(self, after_ms: int, what: Callable[[], None]) -> None:
        self.world.plan(self.world.now() + after_ms, Turn.LINK, self.row, what)

    def bereave(self, node: VirtualNode) -> None:
        """That node is gone; if the link was there, it breaks."""
        if self._node is node and self._conversation is not None:
            self._conversation, self._welcome = None, False
            self._come_back_unless_stalled()

    def drop(self, drop: Drop) -> None:
        """The link breaks, and comes back later."""
        if self._conversation is not None and not self.over:
            self.broke, self._stall = True, None
            self._break()
            if drop.for_ms:
                self._later(drop.for_ms, self.connect)
            else:
                self._come_back()

    def stall(self, for_ms: int) -> None:
        """His client stops reading for so long."""
        if self._conversation is None or self.over or self._stall is not None:
            return
        self.broke, self._stall = True, Stall()
        self._later(for_ms, partial(self._read_on, self._stall))
        pinged_ms, every_ms = self.world.now() - self._up_at, round(PING_EVERY_S * 1000)
        self._unheard_after(every_ms - pinged_ms % every_ms + round(PONG_S * 1000))

    def _unheard_after(self, after_ms: int) -> None:
        """Whoever still reads nothing then will be given up."""
        self._later(after_ms, partial(self._give_up, self._stall, self._conversation))

    def _give_up(self, stall: Stall | None, conversation: Conversation | None) -> None:
        if stall is not None and self._stall is stall and self._conversation is conversation:
            self._break()

    def _read_on(self, stall: Stall) -> None:
        if self._stall is not stall:
            return
        self._stall = None
        for message in stall.unread:
            if not self.over:
                self._hear(message)
        self.over = self.over or stall.over
        if self._conversation is None:
            self._welcome = False
            if not self.over:
                self._come_back()

    def _come_back_unless_stalled(self) -> None:
        """Whoever reads nothing does not notice yet that he must."""
        if self._stall is None:
            self._come_back()

    def _break(self) -> None:
        conversation, self._conversation, self._welcome = self._conversation, None, False
        if conversation is not None:
            conversation.lost()

    # what the gateway says (Sink)

    def send(self, message: ServerMessage) -> None:
        if self._stall is None:
            self._hear(message)
        else:
            self._stall.unread.append(message)

    def _hear(self, message: ServerMessage) -> None:
        match message:
            case Welcome():
                self._failures, self._welcome = 0, True
                for ref, asked in tuple(self._unanswered.items()):
                    self._say(ref, asked)
            case Error(ref=str(ref), code=Code.UNAVAILABLE, retry_ms=int(wait_ms)) if ref in self._unanswered:
                self._later(wait_ms, partial(self._again, ref))
                return
            case Ok(ref=ref) | Error(ref=str(ref)):
                self._unanswered.pop(ref, None)
            case CallQueued(resume_token=token) | CallPosition(resume_token=str(token)):
                self._resume = token
        self.do(self.person.heard(message))

    def close(self, code: CloseCode, reason: str) -> None:
        over = code in (CloseCode.REPLACED, CloseCode.TOKEN)
        self._break()
        if self._stall is not None:
            self._stall.over = over
        elif over:
            self.over = True
        else:
            self._come_back()

    def ping(self, within_s: float) -> None:
        """A person in the same process is always there, if he reads."""
        if self._stall is not None:
            self._unheard_after(round(within_s * 1000))

    # what the person does

    def act(self, later: Later) -> None:
        """What he waited for has come."""
        if not self.over:
            self.do(self.person.act(later))

    def do(self, deeds: Deeds) -> None:
        for deed in deeds:
            match deed:
                case Later():
                    at = self.world.now() + deed.after_ms
                    self.world.plan(at, deed.turn, self.row, partial(self.act, deed))
                case Leave():
                    self.over, self._stall = True, None
                    self._break()
                case _:
                    self._ask(deed)

    def _ask(self, message: ClientMessage) -> None:
        if self.over or message in self._unanswered.values():
            return
        self._asked += 1
        ref = str(self._asked)
        self._unanswered[ref] = message
        if self._welcome:
            self._say(ref, message)

    def _again(self, ref: str) -> None:
        if self._welcome and ref in self._unanswered:
            self._say(ref, self._unanswered[ref])

    def _say(self, ref: str, message: ClientMessage) -> None:
        if self._conversation is not None:
            self._conversation.receive(ref, message)
