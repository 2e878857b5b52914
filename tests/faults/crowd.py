"""The clients of the rig: customers who ask, wait, talk and hang up, agents who answer, over real sockets.

Whoever loses his link comes back at the other node after a jittered pause, as a client should. What each does
and hears goes to one log, which the checker reads.
"""

import time
from collections.abc import Sequence
from random import Random
from typing import Any

import trio
from attrs import define, field
from e2e.jwt import mint
from e2e.process import SECRET, Engine
from e2e.wire import AWAY, Frame, Wire, connected

NEVER = float("inf")


def now_ms() -> int:
    """The clock of the journal: the store's own, which is this machine's."""
    return int(time.time() * 1000)


@define(eq=False)
class Crowd:
    """Everybody, and their one log."""

    engines: Sequence[Engine]
    random: Random
    log: list[dict[str, Any]] = field(factory=list)
    #: from now on nobody asks, and whoever has a call leaves it
    closing: bool = False
    people: list["Person"] = field(factory=list)

    def write(self, who: str, what: str, **more: Any) -> None:
        self.log.append({"at": now_ms(), "who": who, "what": what, **more})

    async def run(self, customers: int, agents: int) -> None:
        """Live until cancelled."""
        async with trio.open_nursery() as nursery:
            for n in range(agents):
                self.people.append(Agent(self, f"a{n:03}"))
            for n in range(customers):
                self.people.append(Customer(self, f"k{n:03}"))
            for person in self.people:
                nursery.start_soon(person.live)

    @property
    def quiet(self) -> bool:
        """Whether nobody has a call any more, as far as he knows."""
        return not any(person.call for person in self.people)


@define(eq=False)
class Person:
    crowd: Crowd
    sub: str
    role: str = ""
    claims: dict[str, Any] = field(factory=dict)
    call: str = ""
    connected: bool = False
    #: when he next does something by himself, by trio's clock
    at: float = NEVER
    resume: str = ""
    wire: Wire | None = None

    @property
    def who(self) -> str:
        return f"{self.role}:{self.sub}"

    def soon(self, least_s: float, most_s: float) -> None:
        self.at = trio.current_time() + self.crowd.random.uniform(least_s, most_s)

    async def live(self) -> None:
        """Come, and come again elsewhere whenever the link is gone."""
        random, engines = self.crowd.random, self.crowd.engines
        at = random.randrange(len(engines))
        await trio.sleep(random.uniform(0, 2))
        while True:
            try:
                await self._visit(engines[at])
            except AWAY:
                pass
            except BaseExceptionGroup as group:
                _, other = group.split(AWAY)
                if other is not None:
                    raise
            at = (at + 1) % len(engines)
            await trio.sleep(random.uniform(0.2, 1.5))

    async def _visit(self, engine: Engine) -> None:
        token = mint(SECRET, self.role, self.sub, **self.claims)
        hello = {"token": token, **({"resume": self.resume} if self.resume else {})}
        up, self.at = False, NEVER
        try:
            async with connected(engine.url, f"/{self.role}") as self.wire:
                await self.wire.say("hello", **hello)
                while True:
                    frame = await self.wire.next(self.at)
                    if frame is None and self.wire.closed is not None:
                        return
                    if frame is None:
                        self.at = NEVER
                        await self.do(self.wire)
                        continue
                    if frame["type"] == "welcome":
                        up = True
                        self.crowd.write(self.who, "up", state=frame["state"])
                    await self.heard(frame, self.wire)
        finally:
            if up:
                self.crowd.write(self.who, "down", code=self.wire and self.wire.closed)

    async def heard(self, frame: Frame, wire: Wire) -> None:
        raise NotImplementedError

    async def do(self, wire: Wire) -> None:
        raise NotImplementedError


@define(eq=False)
class Customer(Person):
    role: str = "customer"
    requests: int = 0

    async def heard(self, frame: Frame, wire: Wire) -> None:
        match frame["type"]:
            case "welcome" if frame["state"] == "idle":
                if not self.call:
                    self.soon(0, 4)
            case "call.queued":
                if frame["call_id"] != self.call:
                    self.crowd.write(self.who, "queued", call=frame["call_id"])
                self.call, self.resume = frame["call_id"], frame["resume_token"]
                self.connected = False
                self.soon(15, 40)
            case "call.position":
                self.resume = frame.get("resume_token", self.resume)
            case "call.requeued":
                self.connected = False
                self.soon(15, 40)
            case "call.connected":
                self.call, self.connected = frame["call_id"], True
                self.soon(1, 5)
            case "call.ended":
                self.call, self.connected = "", False
                self.soon(1, 6)
            case "error" if frame["code"] == "unavailable":
                self.soon(0.5, 1.5)
        if self.crowd.closing:
            self.soon(0, 1)
        if frame["type"] == "welcome" and frame["state"] == "idle" and self.call:
            self.soon(2, 2)

    async def do(self, wire: Wire) -> None:
        if self.call and wire.frames[-1]["type"] == "welcome":
            # welcomed as idle, and nothing since: his call is forgotten
            self.crowd.write(self.who, "idle", call=self.call)
            self.call = ""
        elif self.call:
            self.crowd.write(self.who, "left", call=self.call)
            await wire.say("call.hangup", ref="left")
            self.soon(3, 5)
        elif not self.crowd.closing:
            self.requests += 1
            await wire.say(
                "call.request", ref="ask", request_id=f"{self.sub}-{self.requests}", queue="general"
            )
            self.soon(5, 8)


@define(eq=False)
class Agent(Person):
    role: str = "agent"
    claims: dict[str, Any] = field(factory=lambda: {"queues": ["general"]})
    offer: str = ""
    state: str = ""
    passes_on: bool = False

    async def heard(self, frame: Frame, wire: Wire) -> None:
        match frame["type"]:
            case "agent.state":
                self.state = frame["state"]
                if self.state in ("not_ready", "offline"):
                    self.soon(0.1, 1)
                if self.state not in ("offered", "on_call"):
                    self.offer = self.call = ""
            case "offer":
                self.offer = frame["offer_id"]
                if self.crowd.random.random() < 0.95:
                    self.soon(0.1, 1)
            case "offer.ended":
                self.offer = ""
            case "call.connected":
                self.call, self.offer = frame["call_id"], ""
                chance = self.crowd.random.random()
                self.passes_on = chance < 0.15
                if chance < 0.3:
                    self.soon(0.5, 4)
            case "call.ended":
                self.call = ""
            case "error" if frame["code"] == "unavailable":
                self.soon(0.3, 1)

    async def do(self, wire: Wire) -> None:
        if self.state == "offered" and self.offer:
            await wire.say("offer.accept", ref="accept", offer_id=self.offer)
        elif self.state == "on_call" and self.call and self.passes_on and not self.crowd.closing:
            await wire.say("call.transfer", ref="transfer", **self._to())
        elif self.state == "on_call" and self.call:
            self.crowd.write(self.who, "left", call=self.call)
            await wire.say("call.hangup", ref="left")
        elif self.state in ("not_ready", "offline"):
            await wire.say("state.set", ref="ready", state="ready")

    def _to(self) -> dict[str, str]:
        """To his queue, or to a colleague, who may be busy or away."""
        agents = [person.sub for person in self.crowd.people if isinstance(person, Agent)]
        someone = self.crowd.random.choice(agents)
        return {"queue": "general"} if self.crowd.random.random() < 0.5 else {"agent_id": someone}
