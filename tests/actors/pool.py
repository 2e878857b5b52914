"""Virtual nodes over one pool in memory, and clients that keep all they are told. No I/O; time is trio's.

A node is what `engine.node` puts together, less its sockets: a store, a directory, a leadership, and the
gateway's conversations at its door. It can be killed (its tasks end where they stand), have its way to the
store shut (what it asks waits, as if the process were paused), and be started anew.
"""

from collections.abc import Callable
from random import Random
from typing import Any, TypeVar

import trio
import trio.testing
from attrs import define, field

from engine.actors.context import Context
from engine.actors.directory import Directory
from engine.actors.ids import RandomIds
from engine.actors.leadership import Leadership, Pulse
from engine.actors.notices import AgentConnected, AgentStateNow, CustomerConnected, Error, Offer, Ok
from engine.actors.ports import CloseCode, Identity
from engine.actors.requests import CallRequest, OfferAccept, StateSet
from engine.actors.rulebook import Rulebook
from engine.domain.change import Reaped
from engine.domain.errors import Refused
from engine.domain.lifecycle import AgentState
from engine.domain.model import Agent, Call, Customer, Record, Ref
from engine.domain.rules import Policy, Queue, Timings
from engine.gateway.auth import SignedReceipts, TokenRefused
from engine.gateway.conversation import Conversation
from engine.gateway.house import House
from engine.gateway.messages import ClientMessage, Hello, Role, ServerMessage, Welcome
from engine.gateway.video import PeerToPeer
from engine.store.clock import VirtualClock
from engine.store.memory_store import Faults, MemoryPool

from .gated_store import GatedStore

POLICY = Policy(
    queues={
        "general": Queue(name="general", ring_ms=15_000, wrap_up_ms=30_000),
        "instant": Queue(name="instant", ring_ms=15_000, wrap_up_ms=0),
    },
    timings=Timings(),
)

#: One secret for the pool: any node reads what another signed.
SECRET = b"the pool's secret, for tests alone"

#: As long as nothing is to be waited for longer, in virtual seconds.
SOON_S = 10.0

M = TypeVar("M")


@define(eq=False)
class Link:
    """One socket of a client's: the gateway's Sink on one side, the client on the other."""

    client: "Client"
    conversation: Conversation = field(init=False)
    closed: CloseCode | None = None
    cut: bool = False

    def send(self, message: ServerMessage) -> None:
        if not self.cut:
            self.client.got(self, message)

    def close(self, code: CloseCode, reason: str) -> None:
        if not self.cut:
            self.closed, self.cut = code, True
            self.client.told()
            self.conversation.lost()

    def ping(self, within_s: float) -> None:
        """Whoever is in this process answers."""

    def drop(self) -> None:
        """The socket is gone, and the node notices."""
        self.cut = True
        self.conversation.lost()
        self.client.told()


@define(eq=False)
class Client:
    """A person with one socket at a time, at whatever node he likes."""

    pool: "Pool"
    identity: Identity
    heard: list[ServerMessage] = field(factory=list)
    heard_at: list[int] = field(factory=list)
    #: told of each message as it comes, with the link it came by
    listener: Callable[["Client", ServerMessage], None] | None = None
    link: Link | None = None
    links: list[Link] = field(factory=list)
    node: "VirtualNode | None" = None
    _read: int = 0
    _refs: int = 0
    _news: trio.Event = field(factory=trio.Event)

    def got(self, link: Link, message: ServerMessage) -> None:
        self.heard.append(message)
        self.heard_at.append(self.pool.clock.now())
        self.told()
        if self.listener is not None:
            self.listener(self, message)

    def told(self) -> None:
        self._news.set()
        self._news = trio.Event()

    @property
    def sub(self) -> str:
        return self.identity.sub

    @property
    def closed(self) -> CloseCode | None:
        return None if self.link is None else self.link.closed

    def knock(self, node: "VirtualNode", resume: str | None = None) -> None:
        """Open a link and say hello."""
        self.node, self.link = node, Link(self)
        self.links.append(self.link)
        node.links.append(self.link)
        role = Role(self.identity.role)
        self.link.conversation = Conversation(role, node.house, self.link)
        self.link.conversation.receive(None, Hello(token=self.pool.token(self.identity), resume=resume))

    async def enter(self, node: "VirtualNode | None" = None, *, resume: str | None = None) -> Welcome:
        self.knock(node or self.pool.nodes[0], resume)
        return await self.hear(Welcome)

    def say(self, message: ClientMessage, ref: str | None = None) -> None:
        assert self.link is not None
        if not self.link.cut:
            self.link.conversation.receive(ref, message)

    async def ask(self, message: ClientMessage, within_s: float = SOON_S) -> Ok | Error:
        """Say it and wait for its answer."""
        self._refs += 1
        ref = f"r{self._refs}"
        self.say(message, ref)
        answer = await self._until(
            lambda: next((m for m in self.heard if isinstance(m, Ok | Error) and m.ref == ref), None),
            within_s,
            f"an answer to {message}",
        )
        assert isinstance(answer, Ok | Error)
        return answer

    async def hear(self, kind: type[M], within_s: float = SOON_S, **fields: Any) -> M:
        """The next message of that kind with those fields; what came before it counts as read."""

        def find() -> M | None:
            for at in range(self._read, len(self.heard)):
                found = self.heard[at]
                if isinstance(found, kind) and all(getattr(found, k) == v for k, v in fields.items()):
                    self._read = at + 1
                    return found
            return None

        return await self._until(find, within_s, f"{kind.__name__} {fields or ''}")

    async def next(self, until: float) -> ServerMessage | None:
        """The next message; None once the link is gone, or at that instant of trio's clock."""
        with trio.CancelScope(deadline=until):
            while self._read >= len(self.heard):
                if self.link is None or self.link.cut:
                    return None
                await self._news.wait()
            self._read += 1
            return self.heard[self._read - 1]
        return None

    @property
    def log(self) -> list[tuple[int, ServerMessage]]:
        """Everything heard, with when."""
        return list(zip(self.heard_at, self.heard, strict=True))

    async def shut_out(self, link: Link | None = None) -> CloseCode:
        """The code the node closed that link (by default the present one) with, once it does."""
        watched = link or self.link
        assert watched is not None
        return await self._until(lambda: watched.closed, SOON_S, "a close")

    async def _until(self, find: Callable[[], M | None], within_s: float, what: str) -> M:
        with trio.move_on_after(within_s):
            while True:
                news = self._news
                if (found := find()) is not None:
                    return found
                await news.wait()
        raise AssertionError(f"{self.sub} never heard {what}, but {self.heard[self._read :]}")

    def unread(self, kind: type[M]) -> list[M]:
        """The messages of that kind since the one last heard."""
        return [m for m in self.heard[self._read :] if isinstance(m, kind)]

    def forget(self) -> None:
        """What was said so far counts as read."""
        self._read = len(self.heard)

    def drop(self) -> None:
        assert self.link is not None
        self.link.drop()

    @property
    def record(self) -> Record | None:
        return self.pool.record(f"{self.identity.role}:{self.sub}")


class VirtualNode:
    """One node's actors. `run` returns when it was killed or declared dead."""

    def __init__(self, pool: "Pool", name: str) -> None:
        self.pool = pool
        self.name = name
        self.links: list[Link] = []
        self.scope = trio.CancelScope()
        self.reaped = False
        self.up = trio.Event()

    async def run(self) -> None:
        pool = self.pool
        self.store = GatedStore(pool.memory, self.name)
        self.context = Context(
            store=self.store,
            clock=pool.clock,
            ids=RandomIds(Random(pool.random.random())),
            policy=Rulebook(pool.policy, pool.read_rules),
            receipts=SignedReceipts(SECRET),
            video=PeerToPeer(),
            day_at=lambda now: now - now % pool.day_ms,
        )
        self.leadership = Leadership(self.context, Pulse(), position_every_ms=1_000, deadlines_at_once=8)
        try:
            with self.scope:
                async with trio.open_nursery() as nursery:
                    self.directory = Directory(self.context, nursery)
                    self.store.listen(self.directory)
                    await nursery.start(self.store.run)
                    self.house = House(
                        node=self.store.node,
                        reception=self.directory,
                        verify=pool.identity,
                        config_for=lambda _: {},
                        server_time=pool.clock.now,
                        now_s=trio.current_time,
                        unix_s=lambda: 0.0,
                    )
                    self.up.set()
                    await self.leadership.run()
        except* Reaped:
            self.reaped = True
            for link in self.links:
                link.close(CloseCode.GOING_AWAY, "node restarts")
        finally:
            self.store.close()

    @property
    def leads(self) -> bool:
        return self.leadership.reigning and not self.scope.cancel_called

    def kill(self) -> None:
        """The process is gone: nobody says goodbye."""
        for link in self.links:
            if not link.cut:
                link.cut = True
                link.client.told()
        self.store.close()
        self.store.shut()
        self.scope.cancel()


class Pool:
    """The pool's truth, its nodes and its clients."""

    def __init__(
        self,
        nursery: trio.Nursery,
        *,
        policy: Policy = POLICY,
        seed: int = 0,
        faults: Faults | None = None,
    ) -> None:
        self.clock = VirtualClock()
        self.random = Random(seed)
        self.policy = policy
        #: the rules as they are written by now, or what is wrong with them
        self.written: Policy | Refused = policy
        self.memory = MemoryPool(self.clock, random=Random(self.random.random()), faults=faults)
        self.nodes: list[VirtualNode] = []
        self.day_ms = 86_400_000
        self._nursery = nursery
        self._identities: dict[str, Identity] = {}

    async def node(self, name: str = "node") -> VirtualNode:
        """Start a node; it is ready for clients, and leads if nobody else does."""
        made = VirtualNode(self, name)
        self.nodes.append(made)
        self._nursery.start_soon(made.run)
        await made.up.wait()
        await trio.testing.wait_all_tasks_blocked()
        return made

    def token(self, identity: Identity) -> str:
        name = f"{identity.role}/{identity.sub}"
        self._identities[name] = identity
        return name

    def identity(self, token: str) -> Identity:
        if token not in self._identities:
            raise TokenRefused("unknown")
        return self._identities[token]

    def read_rules(self) -> Policy:
        if isinstance(self.written, Refused):
            raise self.written
        return self.written

    def customer(self, sub: str, **identity: Any) -> Client:
        return Client(self, Identity(sub=sub, role="customer", name=sub.title(), **identity))

    def agent(self, sub: str, queues: tuple[str, ...] = ("general", "instant"), **identity: Any) -> Client:
        return Client(self, Identity(sub=sub, role="agent", name=sub.title(), queues=queues, **identity))

    def supervisor(self, sub: str = "boss", queues: tuple[str, ...] = ()) -> Client:
        return Client(self, Identity(sub=sub, role="supervisor", name=sub.title(), queues=queues))

    async def waiting(self, sub: str, queue: str = "general", node: "VirtualNode | None" = None) -> Client:
        """A customer who has asked for a call."""
        made = self.customer(sub)
        await made.enter(node)
        assert isinstance(await made.ask(CallRequest(request_id=f"{sub}-1", queue=queue)), Ok)
        return made

    async def ready(self, sub: str, node: "VirtualNode | None" = None, **identity: Any) -> Client:
        """An agent who is ready."""
        made = self.agent(sub, **identity)
        await made.enter(node)
        assert isinstance(await made.ask(StateSet(state=AgentState.READY)), Ok)
        await made.hear(AgentStateNow, state=AgentState.READY)
        return made

    def leader(self) -> VirtualNode | None:
        """The node that leads. Another may still believe that it does; whatever it does is refused."""
        name = self.memory.leader.get("node", "")
        return next((n for n in self.nodes if n.up.is_set() and n.store.node == name and n.leads), None)

    async def until(self, holds: Callable[[], object], within_s: float = SOON_S, what: str = "") -> None:
        """Return as soon as `holds` does, looked at every 50 ms."""
        for _ in range(round(within_s / 0.05)):
            if holds():
                return
            await trio.sleep(0.05)
        raise AssertionError(f"{what or holds} did not come about within {within_s} s")

    def record(self, ref: Ref) -> Record | None:
        return self.memory.stored(ref)

    def call_of(self, client: Client) -> Call:
        """The call that client's record names."""
        holder = client.record
        assert isinstance(holder, Customer | Agent)
        call = self.record(f"call:{holder.call}")
        assert isinstance(call, Call)
        return call

    def facts(self, kind: str) -> list[dict[str, Any]]:
        """The journal's facts of that kind, in order."""
        return [f for _, _, _, facts in self.memory.journal for f in facts if f["kind"] == kind]


async def in_call(
    pool: Pool,
    queue: str = "general",
    *,
    siti_at: VirtualNode | None = None,
    budi_at: VirtualNode | None = None,
) -> tuple[Client, Client]:
    """An agent and a customer who talk."""
    siti = await pool.ready("siti", siti_at)
    budi = await pool.waiting("budi", queue, budi_at)
    await siti.ask(OfferAccept(offer_id=(await siti.hear(Offer)).offer_id))
    await siti.hear(AgentConnected)
    await budi.hear(CustomerConnected)
    return siti, budi
