"""A person's link in virtual time: a conversation on one side, the person on the other.

It does what the reference client does on a socket. What he asked that was not answered when the link broke is
asked again after the next welcome; the newest resume token is shown; the link does not come back after 4001,
when another session of the same person has taken over.
"""

from collections.abc import Callable
from functools import partial
from typing import Protocol

from attrs import define, field

from engine.actors.notices import CallPosition, CallQueued, Error, Ok
from engine.actors.ports import CloseCode
from engine.gateway.conversation import Conversation
from engine.gateway.house import House
from engine.gateway.messages import ClientMessage, Hello, Role, ServerMessage, Welcome
from engine.replay.people import Deeds, Later, Leave, SimAgent, SimCustomer, Turn
from engine.replay.rows import Drop

Person = SimCustomer | SimAgent


class World(Protocol):
    """Where the door is."""

    house: House

    def now(self) -> int: ...

    def plan(self, at: int, turn: Turn, row: int, what: Callable[[], None]) -> None: ...


@define(eq=False)
class Door:
    """`row` is the person's place among things of the same instant. Implements the gateway's Sink."""

    world: World
    person: Person
    row: int
    token: str
    over: bool = False
    #: his own link broke
    broke: bool = False
    _conversation: Conversation | None = None
    _welcome: bool = False
    _resume: str | None = None
    _asked: int = 0
    _unanswered: dict[str, ClientMessage] = field(factory=dict)

    # the link

    def connect(self) -> None:
        """Open the link and say hello, unless it is open or the person has left."""
        if self.over or self._conversation is not None:
            return
        role = Role.CUSTOMER if isinstance(self.person, SimCustomer) else Role.AGENT
        self._conversation = Conversation(role, self.world.house, self)
        self._conversation.receive("", Hello(token=self.token, resume=self._resume))

    def drop(self, drop: Drop) -> None:
        """The link breaks, and comes back later."""
        if self._conversation is not None and not self.over:
            self.broke = True
            self._break()
            self.world.plan(self.world.now() + drop.for_ms, Turn.LINK, self.row, self.connect)

    def _break(self) -> None:
        conversation, self._conversation, self._welcome = self._conversation, None, False
        if conversation is not None:
            conversation.lost()

    # what the gateway says (Sink)

    def send(self, message: ServerMessage) -> None:
        match message:
            case Welcome():
                self._welcome = True
                for ref, asked in tuple(self._unanswered.items()):
                    self._say(ref, asked)
            case Ok(ref=ref) | Error(ref=str(ref)):
                self._unanswered.pop(ref, None)
            case CallQueued(resume_token=token) | CallPosition(resume_token=str(token)):
                self._resume = token
        self.do(self.person.heard(message))

    def close(self, code: CloseCode, reason: str) -> None:
        self.over = True
        self._break()

    def ping(self, within_s: float) -> None:
        """A person in the same process is always there."""

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
                    self.over = True
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

    def _say(self, ref: str, message: ClientMessage) -> None:
        if self._conversation is not None:
            self._conversation.receive(ref, message)
