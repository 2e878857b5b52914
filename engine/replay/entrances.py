"""The ways in: how a simulated person is linked to the system that a live replay runs, by its dispatch.

To the engine's nodes and to `stream` by a WebSocket, to `polling` by a page that asks. The people are the
same, and so is what chance decides for each.
"""

import time
from collections.abc import Callable, Mapping
from random import Random
from statistics import fmean
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
from engine.replay.people import SimAgent, SimCustomer
from engine.replay.result import Dispatch
from engine.replay.servers import Servers

Saw = Callable[[ServerMessage], None]
Entrance = Link | CustomerPage | AgentPage


@define(eq=False)
class Entrances:
    """Ways into `servers`. `traffic` counts what passes through all of them."""

    servers: Servers
    speed: float
    seed: int
    traffic: Traffic = field(factory=Traffic)
    _rooms: Rooms = field(factory=Rooms)
    #: each agent's polling interval, if he polls
    _every_s: dict[str, float] = field(factory=dict)

    def customer(self, person: SimCustomer, n: int, saw: Saw) -> Entrance:
        """The link of the n-th caller, to the n-th of the nodes, or round again."""
        row = person.row
        claims = {"tier": row.tier, "attributes": dict(row.attributes)}
        if self.servers.dispatch is not Dispatch.POLLING:
            return self._link(Role.CUSTOMER, person, row.id, n, claims, saw)
        return CustomerPage(
            line=self._line(Role.CUSTOMER, row.id, claims),
            person=person,
            random=self._random(Role.CUSTOMER, row.id),
            rooms=self._rooms,
            speed=self.speed,
            saw=saw,
        )

    def agent(self, person: SimAgent, n: int, saw: Saw) -> Entrance:
        """The same for an agent."""
        row = person.row
        claims = {"queues": list(row.queues), "skills": dict(row.skills)}
        if self.servers.dispatch is not Dispatch.POLLING:
            return self._link(Role.AGENT, person, row.id, n, claims, saw)
        random = self._random(Role.AGENT, row.id)
        self._every_s[row.id] = random.uniform(AGENT_LEAST_S, AGENT_MOST_S)
        return AgentPage(
            line=self._line(Role.AGENT, row.id, claims),
            person=person,
            random=random,
            rooms=self._rooms,
            every_s=self._every_s[row.id],
            answers=row.answers is None and row.answer_ms == 0 and row.accept >= 1,
            speed=self.speed,
            saw=saw,
        )

    def told(self) -> dict[str, Any]:
        """For the summary, if pages polled: at what intervals, in the scenario's seconds, and how long the
        answers took, in real ms; at high speeds that is much of a scenario's second."""
        if not self._every_s:
            return {}
        every_s = sorted(self._every_s.values())
        agents = {"least": every_s[0], "mean": fmean(every_s), "most": every_s[-1]}
        answered_s = sorted(self.traffic.answered_s)
        shares = {"p50": 0.5, "p99": 0.99}
        return {
            "polled_every_s": {"customers": CUSTOMER_S, "agents": _rounded(agents, 2)},
            "answered_ms": _rounded(
                {name: 1000 * answered_s[int(share * len(answered_s))] for name, share in shares.items()}, 1
            ),
        }

    def _link(
        self, role: Role, person: Person, sub: str, n: int, claims: Mapping[str, Any], saw: Saw
    ) -> Link:
        return Link(
            [f"{url}/{role}" for url in self.servers.urls],
            person,
            reader(role),
            lambda: self._token(role, sub, claims),
            self._random(role, sub),
            speed=self.speed,
            saw=saw,
            traffic=self.traffic,
            node=n,
        )

    def _line(self, role: Role, sub: str, claims: Mapping[str, Any]) -> HttpLine:
        return HttpLine(self.servers.urls[0], self._token(role, sub, claims), self.traffic)

    def _random(self, role: Role, sub: str) -> Random:
        return Random(f"{self.seed}/{role}/{sub}")

    def _token(self, role: Role, sub: str, claims: Mapping[str, Any]) -> str:
        secret, now_s = self.servers.secret.encode(), int(time.time())
        return mint(secret, "giliran", sub=sub, role=role, ttl_s=TOKEN_LIFE_S, now_s=now_s, **claims)


def _rounded(values: Mapping[str, float], digits: int) -> dict[str, float]:
    return {name: round(value, digits) for name, value in values.items()}
