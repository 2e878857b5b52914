"""The load: agents who accept at once, and customers who hang up as soon as they are connected."""

import time
from collections.abc import Callable

import orjson
import trio
from attrs import define, field

from bench.link import Link
from bench.servers import QUEUE, SECRET, Server
from engine.gateway.auth import mint
from engine.gateway.server import SUBPROTOCOL

TTL_S = 3600
READY = b'{"type":"state.set","state":"ready"}'
HANG_UP = b'{"type":"call.hangup"}'


class Failed(Exception):
    """The engine answered what no good run has."""


async def enter(server: Server, role: str, sub: str) -> Link:
    """Connect, say hello, and be welcome."""
    queues = [QUEUE] if role == "agent" else []
    token = mint(
        SECRET.encode(), "giliran", sub=sub, role=role, ttl_s=TTL_S, now_s=int(time.time()), queues=queues
    )
    link = await Link.open(server.url, f"/{role}", SUBPROTOCOL)
    await link.send(orjson.dumps({"type": "hello", "token": token}))
    welcome = orjson.loads(await link.receive())
    if welcome["type"] != "welcome":
        raise Failed(welcome)
    return link


def call_request(n: int) -> bytes:
    return orjson.dumps({"type": "call.request", "request_id": f"request-{n:08d}", "queue": QUEUE})


@define(eq=False)
class Agent:
    """Ready whenever he may be; takes every offer as it comes."""

    link: Link
    #: called with the customer's id and the instant (s) at which the offer was read
    offered: Callable[[str, float], None]

    async def work(self) -> None:
        while True:
            text = await self.link.receive()
            came_s = time.perf_counter()
            frame = orjson.loads(text)
            match frame["type"]:
                case "offer":
                    self.offered(frame["call"]["customer"]["id"], came_s)
                    accept = {"type": "offer.accept", "offer_id": frame["offer_id"]}
                    await self.link.send(orjson.dumps(accept))
                case "agent.state" if frame["state"] == "not_ready":
                    await self.link.send(READY)
                case "error":
                    raise Failed(frame)


@define(eq=False)
class Customer:
    """Asks, is connected, hangs up; asks again when told to."""

    sub: str
    link: Link
    _asked: int = 0

    async def call(self) -> None:
        """One call, from request to end. The caller notes when it began."""
        self._asked += 1
        await self.link.send(call_request(self._asked))
        while True:
            frame = orjson.loads(await self.link.receive())
            match frame["type"]:
                case "call.connected":
                    await self.link.send(HANG_UP)
                case "call.ended":
                    return
                case "error":
                    raise Failed(frame)


@define(eq=False)
class Crowd:
    """Agents at work and customers at hand, and what each request took until its offer.

    `name` tells its people from those of other crowds, who may be remembered.
    """

    server: Server
    name: str
    customers: list[Customer] = field(factory=list)
    #: request to offer, ms
    offer_ms: list[float] = field(factory=list)
    calls: int = 0
    _links: list[Link] = field(factory=list)
    _asked_s: dict[str, float] = field(factory=dict)

    async def gather(self, nursery: trio.Nursery, *, agents: int, customers: int) -> None:
        """Everybody enters; agents work in `nursery`."""
        for n in range(agents):
            link = await enter(self.server, "agent", f"{self.name}-a{n}")
            self._links.append(link)
            nursery.start_soon(Agent(link, self._offered).work)
        for n in range(customers):
            sub = f"{self.name}-c{n}"
            link = await enter(self.server, "customer", sub)
            self._links.append(link)
            self.customers.append(Customer(sub, link))

    async def leave(self) -> None:
        """Everybody's link is cut."""
        for link in self._links:
            await link.aclose()

    async def call(self, customer: Customer) -> None:
        self._asked_s[customer.sub] = time.perf_counter()
        await customer.call()
        self.calls += 1

    def _offered(self, customer: str, came_s: float) -> None:
        self.offer_ms.append((came_s - self._asked_s[customer]) * 1000)
