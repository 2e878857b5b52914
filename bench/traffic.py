"""What happens in the pool: a full house, and then a day's changes at a steady pace, by chance.

Customers ask and give up, supervisors move them up, agents go on breaks and come back, take the calls that
the engine gives them and hang up. A new customer asks whenever too few wait, so as many wait at the end as
at the beginning.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import cycle
from random import Random
from typing import TypeVar

import trio
from attrs import define, field

from bench.pool import Pool
from engine.actors.ids import RandomIds
from engine.domain.change import Change
from engine.domain.lifecycle import AgentState, CallState
from engine.domain.model import Agent, Call, Customer
from engine.domain.moves import agent as agents
from engine.domain.moves import customer as customers
from engine.domain.moves import supervisor as supervisors

T = TypeVar("T")

NAMES = ("Sari", "Budi", "Ayu", "Dewi", "Agus", "Putri", "Eko", "Rina")
REASONS = ("break", "lunch", "training")
TIERS = ("regular", "regular", "regular", "priority")
SKILLS = ("loan", "card", "english")
#: Of all agents, those who take calls; the others are not ready.
WORKING = 0.8
#: How long an agent lets it ring.
RINGS_MS = 2_000
#: The head start of a supervisor's favour, at most.
FAVOUR_MS = 600_000
#: Commits on their way at once while the house fills.
AT_ONCE = 64
#: By then the house is full, or it never will be.
FILL_S = 120.0
#: Customers beyond those in the house: somebody must be there to come.
SPARE = 200


@define(eq=False)
class Traffic:
    """`calls` wait for `agents`, by a `random` of its own."""

    pool: Pool
    calls: int
    agents: int
    random: Random
    _ids: RandomIds = field(init=False)
    _queues: tuple[str, ...] = field(init=False)
    _customers: Iterator[str] = field(init=False)
    _asked: int = 0

    def __attrs_post_init__(self) -> None:
        self._ids, self._queues = RandomIds(self.random), tuple(self.pool.policy.queues)
        self._customers = cycle([f"c{n}" for n in range(self.calls + self.agents + SPARE)])

    @property
    def working(self) -> int:
        """How many agents take calls."""
        return max(1, round(self.agents * WORKING))

    async def fill(self) -> None:
        """Everybody comes, all the calls wait, and whoever works has one beside them. Raises TooSlowError."""
        with trio.fail_after(FILL_S):
            await self._fill()

    async def _fill(self) -> None:
        await self._all(partial(self._come, f"c{n}") for n in range(self.calls + self.agents + SPARE))
        await self._all([self._ask] * (self.calls + self.working))
        await self._all(partial(self._log_in, n) for n in range(self.agents))
        first = list(self.pool.agents)[: self.working]
        await self._all(partial(self._be_ready, name) for name in first)
        while len(self._agents(AgentState.ON_CALL)) < self.working:
            heard = self.pool.changed
            await self._all(partial(self._accept, agent) for agent in self._agents(AgentState.OFFERED))
            with trio.move_on_after(1.0):
                await heard.wait()

    async def flow(self, changes_per_s: float, for_s: float) -> None:
        """So many changes a second on average, each at its instant whatever became of those before."""
        next_s = trio.current_time()
        end_s = next_s + for_s
        async with trio.open_nursery() as nursery:
            while next_s < end_s:
                await trio.sleep_until(next_s)
                nursery.start_soon(self._go_on)
                next_s += self.random.expovariate(changes_per_s)

    async def _go_on(self) -> None:
        if (change := self._next()) is not None:
            await self.pool.commit(change)

    async def _all(self, makers: Iterable[Callable[[], Change | None]]) -> None:
        at_once = trio.CapacityLimiter(AT_ONCE)

        async def make(maker: Callable[[], Change | None]) -> None:
            async with at_once:
                if (change := maker()) is not None:
                    await self.pool.commit(change)

        async with trio.open_nursery() as nursery:
            for maker in makers:
                nursery.start_soon(make, maker)

    # what happens next

    def _next(self) -> Change | None:
        """Who is called answers; whoever is missing in the line comes; anything else by chance."""
        for agent in self._agents(AgentState.OFFERED):
            if self.pool.now() - agent.since_at >= RINGS_MS and (change := self._accept(agent)):
                return change
        doings = [self._give_up, self._favour, self._rest, self._hang_up]
        self.random.shuffle(doings)
        if len(self._waiting()) < self.calls:
            doings.insert(0, self._ask)
        found = (change for does in doings if (change := does()) is not None and change.writes)
        return next(found, None)

    def _ask(self) -> Change:
        customer = self._stranger()
        self._asked += 1
        asking = customers.Asking(
            request_id=f"r{self._asked}",
            queue=self._queues[self._asked % len(self._queues)],
            tier=self.random.choice(TIERS),
            skills={self.random.choice(SKILLS): 1} if self.random.random() < 0.3 else {},
            attributes={},
            client_attributes={},
        )
        now = self.pool.now()
        call_id = self._ids.call(now)
        return customers.ask(customer, None, asking, call_id=call_id, policy=self.pool.policy, now=now)

    def _give_up(self) -> Change | None:
        call = self._one(self._waiting())
        return None if call is None else customers.leave(call, None, self.pool.policy, self.pool.now())

    def _favour(self) -> Change | None:
        call = self._one(self._waiting())
        if call is None:
            return None
        head_start_ms = self.random.randrange(1_000, FAVOUR_MS)
        band = self.random.choice([None, None, None, 1])
        return supervisors.prioritise(
            call, head_start_ms=head_start_ms, band=band, reason="vip", by="s1", now=self.pool.now()
        )

    def _rest(self) -> Change | None:
        """As many rest as should: one more goes after his call, or one comes back, or has another reason."""
        policy, now = self.pool.policy, self.pool.now()
        resting, busy = self._agents(AgentState.NOT_READY), self._agents(AgentState.ON_CALL)
        goes = [agent for agent in busy if agent.next_state is None]
        reason = self.random.choice(REASONS)
        if resting and self.random.random() < 0.5:
            agent = self.random.choice(resting)
            return supervisors.set_state(agent, AgentState.NOT_READY, reason, policy=policy, by="s1", now=now)
        if len(resting) + len(busy) - len(goes) > self.agents - self.working and resting:
            return agents.set_state(self.random.choice(resting), AgentState.READY, "", policy, now)
        if goes:
            return agents.set_state(self.random.choice(goes), AgentState.NOT_READY, reason, policy, now)
        return None

    def _accept(self, agent: Agent) -> Change | None:
        call = self._call_of(agent)
        return None if call is None else agents.accept(agent, call, agent.offer, self.pool.now())

    def _hang_up(self) -> Change | None:
        agent = self._one(self._agents(AgentState.ON_CALL))
        if agent is None or (call := self._call_of(agent)) is None:
            return None
        if self.random.random() < 0.5:
            return agents.hang_up(agent, call, self.pool.policy, self.pool.now())
        return customers.leave(call, agent, self.pool.policy, self.pool.now())

    # who there is

    def _come(self, name: str) -> Change:
        node, now = self.pool.store.node, self.pool.now()
        return customers.come(None, None, sub=name, name=name, session=name, node=node, now=now)

    def _log_in(self, n: int) -> Change:
        now, count = self.pool.now(), len(self._queues)
        return agents.log_in(
            None,
            None,
            sub=f"a{n:03d}",
            name=f"{NAMES[n % len(NAMES)]} {n}",
            queues=tuple(sorted({self._queues[n % count], self._queues[(n + 1) % count]})),
            skills={skill: 1 + (n + k) % 3 for k, skill in enumerate(SKILLS)},
            session=f"a{n:03d}",
            node=self.pool.store.node,
            day_at=0,
            timings=self.pool.policy.timings,
            now=now,
        )

    def _be_ready(self, name: str) -> Change:
        agent = self.pool.agents[name]
        return agents.set_state(agent, AgentState.READY, "", self.pool.policy, self.pool.now())

    def _stranger(self) -> Customer:
        """The next customer who has no call."""
        while True:
            customer = self.pool.customers[next(self._customers)]
            if customer.call not in self.pool.calls and self.pool.free(customer):
                return customer

    def _waiting(self) -> list[Call]:
        return [c for c in self.pool.calls.values() if c.state is CallState.WAITING and self.pool.free(c)]

    def _agents(self, state: AgentState) -> list[Agent]:
        return [a for a in self.pool.agents.values() if a.state is state and self.pool.free(a)]

    def _call_of(self, agent: Agent) -> Call | None:
        call = self.pool.calls.get(agent.call)
        return call if call is not None and call.offer == agent.offer and self.pool.free(call) else None

    def _one(self, of: list[T]) -> T | None:
        return self.random.choice(of) if of else None
