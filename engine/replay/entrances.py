"""The ways in: how a simulated person is linked to the system that a live replay runs, by its dispatch.

To the engine and to `stream` by a WebSocket, to `polling` by a page that asks. The people are the same, and
so is what chance decides for each.
"""

import time
from collections.abc import Callable, Mapping
from random import Random
from typing import Any

from attrs import define, field

from engine.domain.limits import TOKEN_LIFE_S
from engine.gateway.auth import mint
from engine.gateway.messages import Role, ServerMessage
from engine.replay.baselines.http_line import HttpLine
from engine.replay.baselines.page import (
    AGENT_LEAST_S,
    AGENT_MOST_S,
    CUSTOMER_S,
    AgentPage,
    CustomerPage,
    Rooms,
)
from engine.replay.cost import Traffic
from engine.replay.frames import reader
from engine.replay.life import Person
from engine.replay.link import Link
from engine.replay.node_process import Dispatch, NodeProcess
from engine.replay.people import SimAgent, SimCustomer

Saw = Callable[[ServerMessage], None]
Entrance = Link | CustomerPage | AgentPage


@define(eq=False)
class Entrances:
    """Ways into `node`. `traffic` counts what passes through all of them."""

    node: NodeProcess
    speed: float
    seed: int
    traffic: Traffic = field(factory=Traffic)
    _rooms: Rooms = field(factory=Rooms)
    #: each agent's polling interval, if he polls
    _every_s: dict[str, float] = field(factory=dict)

    def customer(self, person: SimCustomer, saw: Saw) -> Entrance:
        row = person.row
        claims = {"tier": row.tier, "attributes": dict(row.attributes)}
        if self.node.dispatch is not Dispatch.POLLING:
            return self._link(Role.CUSTOMER, person, row.id, claims, saw)
        return CustomerPage(
            line=self._line(Role.CUSTOMER, row.id, claims),
            person=person,
            random=self._random(Role.CUSTOMER, row.id),
            rooms=self._rooms,
            speed=self.speed,
            saw=saw,
        )

    def agent(self, person: SimAgent, saw: Saw) -> Entrance:
        row = person.row
        claims = {"queues": list(row.queues), "skills": dict(row.skills)}
        if self.node.dispatch is not Dispatch.POLLING:
            return self._link(Role.AGENT, person, row.id, claims, saw)
        random = self._random(Role.AGENT, row.id)
        self._every_s[row.id] = random.uniform(AGENT_LEAST_S, AGENT_MOST_S)
        return AgentPage(
            line=self._line(Role.AGENT, row.id, claims),
            person=person,
            random=random,
            rooms=self._rooms,
            every_s=self._every_s[row.id],
            answers=row.answer_ms == 0 and row.accept >= 1,
            speed=self.speed,
            saw=saw,
        )

    def told(self) -> dict[str, Any]:
        """For the summary: at what intervals pages polled, in the scenario's seconds."""
        if not self._every_s:
            return {}
        every_s = self._every_s.values()
        mean_s = sum(every_s) / len(every_s)
        spread = {"least": min(every_s), "mean": mean_s, "most": max(every_s)}
        agents = {name: round(value, 2) for name, value in spread.items()}
        return {"polled_every_s": {"customers": CUSTOMER_S, "agents": agents}}

    def _link(self, role: Role, person: Person, sub: str, claims: Mapping[str, Any], saw: Saw) -> Link:
        return Link(
            f"{self.node.url}/{role}",
            person,
            reader(role),
            lambda: self._token(role, sub, claims),
            self._random(role, sub),
            speed=self.speed,
            saw=saw,
            traffic=self.traffic,
        )

    def _line(self, role: Role, sub: str, claims: Mapping[str, Any]) -> HttpLine:
        return HttpLine(self.node.url, self._token(role, sub, claims), self.traffic)

    def _random(self, role: Role, sub: str) -> Random:
        return Random(f"{self.seed}/{role}/{sub}")

    def _token(self, role: Role, sub: str, claims: Mapping[str, Any]) -> str:
        secret, now_s = self.node.secret.encode(), int(time.time())
        return mint(secret, "giliran", sub=sub, role=role, ttl_s=TOKEN_LIFE_S, now_s=now_s, **claims)
