"""The demo's people, each on a real WebSocket of his own."""

from random import Random
from typing import Any

import trio
from attrs import frozen

from engine.demo.agent import MoodyAgent
from engine.demo.scene import AGENTS, AgentSketch, Caller, callers
from engine.demo.tokens import minter
from engine.demo.unseen import Unseen
from engine.gateway.messages import Role
from engine.replay.frames import reader
from engine.replay.life import Person
from engine.replay.link import Link
from engine.replay.people import SimCustomer
from engine.settings import Settings


@frozen
class Crowd:
    """Everybody around the node at `ws_url`; all that they do comes from `seed`."""

    settings: Settings
    ws_url: str
    seed: int

    async def run(self) -> None:
        """Come, call, answer and go, until cancelled."""
        async with trio.open_nursery() as nursery:
            for sketch in AGENTS:
                nursery.start_soon(self._agent(sketch).run)
            for caller in callers(self.seed):
                await trio.sleep(caller.after_s)
                nursery.start_soon(self._call, caller)

    def _agent(self, sketch: AgentSketch) -> Link:
        random = Random(f"{self.seed}/{sketch.id}")
        claims = {"name": sketch.name, "queues": list(sketch.queues), "skills": dict(sketch.skills)}
        return self._link(Role.AGENT, MoodyAgent(random), sketch.id, claims)

    async def _call(self, caller: Caller) -> None:
        customer = SimCustomer(caller.row)
        claims = {"name": caller.name, "tier": caller.row.tier}
        link = self._link(Role.CUSTOMER, customer, caller.row.id, claims)
        await link.run(first=customer.arrive())

    def _link(self, role: Role, person: Person, sub: str, claims: dict[str, Any]) -> Link:
        return Link(
            (f"{self.ws_url}/{role}",),
            Unseen(person),
            reader(role),
            minter(self.settings.secret, role, sub, **claims),
            Random(f"{self.seed}/link/{sub}"),
        )
