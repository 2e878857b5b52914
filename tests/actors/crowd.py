"""Who lives at random: customers, agents and supervisors who do what people do, by the world's dice alone.

Each hears what his link tells him, and at `at` does what he then feels like.
"""

from collections.abc import Sequence
from random import Random
from typing import Protocol

import trio

from engine.actors.notices import (
    AgentStateNow,
    CallEnded,
    CallQueued,
    CallRequeued,
    CustomerConnected,
    Offer,
)
from engine.actors.requests import (
    AgentSetSkills,
    AgentSetState,
    BoardWatch,
    CallAssign,
    CallCancel,
    CallEnd,
    CallHangup,
    CallPrioritise,
    CallRequest,
    CallTransfer,
    OfferAccept,
    OfferDecline,
    QueuePause,
    QueueResume,
    Request,
    RulesReload,
    StateSet,
)
from engine.actors.requests import WrapupFinish as Finish
from engine.domain.lifecycle import AgentState, CallState
from engine.domain.rules import Policy
from engine.gateway.messages import Welcome

from .pool import Client, Pool, VirtualNode
from .wallboard import Wallboard

QUEUES = ("general", "instant")
NEVER = float("inf")


class World(Protocol):
    random: Random
    pool: Pool
    #: the nemesis rests; everybody goes home
    calm: bool
    closing: bool
    served: int
    passed_on: int

    def some(self, least_s: float, most_s: float) -> float: ...


class Person:
    """`token` is what he shows to resume, `at` when he does something next."""

    token: str | None = None

    def __init__(self, world: World, me: Client) -> None:
        self.world, self.me = world, me
        self.at = NEVER

    def door(self, nodes: Sequence[VirtualNode]) -> VirtualNode:
        """Where he goes."""
        return self.world.random.choice(nodes)

    def soon(self, least_s: float, most_s: float) -> None:
        self.at = trio.current_time() + self.world.some(least_s, most_s)

    def heard(self, message: object) -> None: ...

    def do(self) -> None: ...

    def cut_off(self) -> None:
        """His link is gone."""


class Customer(Person):
    def __init__(self, world: World, me: Client) -> None:
        super().__init__(world, me)
        self.call = ""
        self.connected = False
        self.n = 0

    def heard(self, message: object) -> None:
        match message:
            case Welcome(state="idle"):
                self.call, self.connected = "", False
                self.soon(0, 20)
            case CallQueued(call_id=call_id, resume_token=token):
                self.call, self.token, self.connected = call_id, token, False
                self.soon(5, 120)
            case CallRequeued():
                self.connected = False
            case CustomerConnected(call_id=call_id):
                self.call, self.connected = call_id, True
                self.world.served += 1
                self.soon(3, 25)
            case CallEnded():
                self.call, self.connected = "", False
                self.soon(1, 20)

    def do(self) -> None:
        self.at = trio.current_time() + 5
        if self.call:
            self.me.say((CallHangup if self.connected else CallCancel)(call_id=self.call))
        elif not self.world.closing:
            self.n += self.world.random.random() < 0.9
            queue = self.world.random.choice(QUEUES)
            self.me.say(CallRequest(request_id=f"{self.me.sub}-{self.n}", queue=queue))


class Agent(Person):
    """He names the call he asks something of, and where answers may be lost asks again over a new link."""

    def __init__(self, world: World, me: Client, colleagues: Sequence[str]) -> None:
        super().__init__(world, me)
        self.colleagues = colleagues
        self.deed: Request | None = None
        self.last: Request | None = None
        self.call: str | None = None

    def will(self, deed: Request | None, least_s: float, most_s: float) -> None:
        self.deed = deed
        self.soon(least_s, most_s)

    def heard(self, message: object) -> None:
        chance = self.world.random.random()
        if isinstance(message, AgentStateNow):
            self.call = message.call_id
        match message:
            case Welcome() if self.last is not None and self.world.pool.memory.faults is not None:
                self.me.say(self.last)
            case Offer(offer_id=offer_id, call=call):
                self.world.passed_on += call.from_agent is not None
                answer = OfferAccept(offer_id=offer_id) if chance < 0.8 else OfferDecline(offer_id=offer_id)
                self.will(answer if chance < 0.9 else None, 0, 4)
            case AgentStateNow(state=AgentState.NOT_READY | AgentState.OFFLINE):
                self.will(StateSet(state=AgentState.READY), 0, 6)
            case AgentStateNow(state=AgentState.READY) if chance < 0.1 and not self.world.closing:
                self.will(StateSet(state=AgentState.NOT_READY, reason="break"), 1, 20)
            case AgentStateNow(state=AgentState.ON_CALL) if chance < 0.2:
                self.will(CallHangup(call_id=self.call), 2, 10)
            case AgentStateNow(state=AgentState.ON_CALL) if chance < 0.6:
                self.will(self._transfer(), 1, 10)
            case AgentStateNow(state=AgentState.WRAP_UP) if chance < 0.5:
                self.will(Finish(call_id=self.call, notes="" if chance < 0.2 else "spoke"), 0, 3)

    def _transfer(self) -> CallTransfer:
        random = self.world.random
        if random.random() < 0.5:
            return CallTransfer(call_id=self.call, queue=random.choice(QUEUES), note="one of yours")
        return CallTransfer(call_id=self.call, agent_id=random.choice(self.colleagues))

    def do(self) -> None:
        deed, self.deed, self.at = self.deed, None, NEVER
        self.last = deed if isinstance(deed, CallHangup | CallTransfer | Finish) else None
        if deed is not None:
            self.me.say(deed)


class Supervisor(Person):
    """Commands what his board shows, and looks at it anew now and then. He goes to the first node."""

    def __init__(self, world: World, me: Client, rules: Sequence[Policy]) -> None:
        super().__init__(world, me)
        self.board = Wallboard(me)
        self.rules = rules

    def door(self, nodes: Sequence[VirtualNode]) -> VirtualNode:
        return nodes[0]

    def cut_off(self) -> None:
        self.board.lost()

    @property
    def looks(self) -> bool:
        """Whether what his board shows is told of as it happens."""
        return self.board.rev is not None and self.me.link is not None and not self.me.link.cut

    def heard(self, message: object) -> None:
        if isinstance(message, Welcome):
            self.me.say(BoardWatch())
            self.soon(1, 5)

    def do(self) -> None:
        self.soon(0.3, 6)
        command = self._command()
        if command is not None:
            self.me.say(command)

    def _command(self) -> Request | None:
        random = self.world.random
        if self.world.closing or random.random() < 0.2:
            return BoardWatch()
        calls, agents = sorted(self.board.calls), sorted(self.board.agents)
        waiting = [c for c in calls if self.board.calls[c].state is CallState.WAITING]
        ready = [a for a in agents if self.board.agents[a].state is AgentState.READY]
        if waiting and ready and random.random() < 0.7:
            return CallAssign(call_id=random.choice(waiting), agent_id=random.choice(ready))
        deed = random.choice(("place", "place", "assign", "end", "state", "skills", "gate", "rules"))
        if deed == "gate":
            make = random.choice((QueuePause, QueueResume, QueueResume))
            return make(queue=random.choice(QUEUES))
        if deed == "rules":
            self.world.pool.written = self.world.pool.policy = random.choice(self.rules)
            return RulesReload()
        if deed in ("place", "assign", "end") and calls:
            return self._of_call(deed, random.choice(calls), agents)
        if deed in ("state", "skills") and agents:
            return self._of_agent(deed, random.choice(agents))
        return None

    def _of_call(self, deed: str, call_id: str, agents: list[str]) -> Request | None:
        random = self.world.random
        match deed:
            case "place":
                head_start_ms = random.choice((None, 0, 5_000, 60_000, -30_000))
                band = random.choice((None, None, 0, 1))
                return CallPrioritise(call_id=call_id, head_start_ms=head_start_ms, band=band, reason="vip")
            case "assign":
                return CallAssign(call_id=call_id, agent_id=random.choice(agents)) if agents else None
            case _:
                return CallEnd(call_id=call_id) if random.random() < 0.3 else None

    def _of_agent(self, deed: str, agent_id: str) -> Request:
        random = self.world.random
        if deed == "skills":
            queues = random.choice((("general",), ("instant",), (), tuple(QUEUES)))
            return AgentSetSkills(agent_id=agent_id, queues=queues, skills={})
        state = random.choice((AgentState.READY, AgentState.READY, AgentState.NOT_READY, AgentState.OFFLINE))
        reason = "meeting" if state is AgentState.NOT_READY else None
        return AgentSetState(agent_id=agent_id, state=state, reason=reason)
