"""The live replay: a day against a running server, through real sockets, on the wall clock times `speed`.

The servers are other processes (`servers`): nodes over one store, or one of the two systems before them, by
`dispatch`. The people are those of the virtual replay, each on a link of his own (see `entrances`). What goes
wrong really does (`live_faults`). What came of each call is read from the servers' journal and from nothing
else, and the invariants are checked on it (`invariants`); results are in scenario seconds. What serving cost
is measured from outside (`cost`).

The day begins once everybody who is there at second 0 is ready. A customer opens his page a little before he
asks, so that a handshake is no part of his wait. The day ends when every caller has left, or when nothing is
left that could serve those who wait.
"""

import signal
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator
from functools import partial
from random import Random
from typing import Any

import trio
from attrs import define, field

from engine.actors.notices import AgentStateNow, CallPosition, Ok
from engine.actors.ports import CloseCode
from engine.domain.facts import Fact
from engine.domain.lifecycle import AgentState
from engine.gateway.messages import Pong, ServerMessage
from engine.replay.cost import Cost
from engine.replay.entrances import Entrance, Entrances
from engine.replay.faults import Fault
from engine.replay.invariants import violations
from engine.replay.live_faults import Harm
from engine.replay.node_process import NodeFailed
from engine.replay.outcomes import outcomes
from engine.replay.people import Later, SimAgent, SimCustomer, Turn
from engine.replay.result import Dispatch, Result
from engine.replay.rows import AgentRow, CallRow, Drop
from engine.replay.scenario import Scenario
from engine.replay.servers import Servers
from engine.replay.silence import longest_silence_s
from engine.store.clock import NodeClock
from engine.store.control import Control
from engine.store.wire import Address

Plan = tuple[float, Callable[[], None]]  #: at a second of the day
Progress = Callable[[int, int], None]  #: callers who have left, callers in all

#: A customer's page is open this long before he asks; in real time, as all network is.
EARLY_S = 0.5
#: How long those who are there at second 0 may take to be ready.
OPENING_S = 60.0
#: How often it is seen to that the servers still run.
CHECK_S = 1.0
#: Ways for a connection to end that only a bug of ours brings about.
FAULTS = frozenset({CloseCode.NOT_TEXT, CloseCode.TOO_BIG, CloseCode.BAD_FRAMES, CloseCode.NO_HELLO}) | {
    *(CloseCode.TOKEN, CloseCode.TOO_FAST)
}


def replay(
    scenario: Scenario,
    *,
    dispatch: Dispatch = Dispatch.PRIORITY,
    speed: float = 1.0,
    seed: int | None = None,
    progress: Progress | None = None,
) -> Result:
    """Replay `scenario` live, and leave nothing.

    Raises `NodeFailed`, and KeyboardInterrupt on SIGINT or SIGTERM.
    """
    seed = scenario.seed if seed is None else seed
    scenario = scenario.day(seed)
    with Servers(scenario, speed, dispatch) as servers:
        day = Day(scenario, servers, speed, seed, progress)
        trio.run(day.run)
    if day.failed is not None:
        raise day.failed
    if day.stopped:
        raise KeyboardInterrupt
    broken = violations(day.facts, day.answered(), complete=day.complete)
    return Result(
        scenario=scenario,
        mode="live",
        dispatch=dispatch,
        seed=seed,
        calls=outcomes(day.facts, scenario.calls, start_at=day.start_at, speed=speed),
        facts=tuple(day.facts),
        start_at=day.start_at,
        speed=speed,
        cost=day.cost,
        violations=(*broken, *day.faults()),
        extra=day.counts(),
    )


@define(eq=False)
class Day:
    """A day as it goes on."""

    scenario: Scenario
    servers: Servers
    speed: float
    seed: int
    progress: Progress | None = None
    #: pool time of second 0
    start_at: int = 0
    facts: list[Fact] = field(factory=list)
    stopped: bool = False
    failed: NodeFailed | None = None
    #: whether every caller has left
    complete: bool = False
    cost: Cost | None = None
    _ways: Entrances = field(init=False)
    _zero_s: float = 0.0  # trio's time of second 0
    _begun: trio.Event = field(factory=trio.Event)
    _customers: dict[str, tuple[SimCustomer, Entrance]] = field(factory=dict)
    _agents: list[tuple[SimAgent, Entrance]] = field(factory=list)
    _ready: set[str] = field(factory=set)
    _to_come: int = 0
    _left: int = 0
    _news: trio.Event = field(factory=trio.Event)

    def __attrs_post_init__(self) -> None:
        self._ways = Entrances(self.servers, self.speed, self.seed)

    async def run(self) -> None:
        servers, traffic = self.servers, self._ways.traffic
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._until_stopped, nursery.cancel_scope)
            nursery.start_soon(self._check, nursery.cancel_scope)
            with Address(servers.store_url).client() as client:
                await self._open(nursery)
                clock = NodeClock()
                clock.follow((await Control(client, servers.keys).look(())).sample)
                before = servers.cost(traffic, client)
                self.start_at, self._zero_s = clock.now(), trio.current_time()
                self._begun.set()
                async with trio.open_nursery() as harm:
                    for fault in self.scenario.faults:
                        harm.start_soon(self._suffer, fault, nursery.cancel_scope)
                    await self._play()
                    harm.cancel_scope.cancel()  # and everything is whole again
                after = servers.cost(traffic, client)
                self.cost = None if before is None or after is None else after.since(before)
                self.facts = await trio.to_thread.run_sync(servers.facts)
            nursery.cancel_scope.cancel()

    async def _until_stopped(self, scope: trio.CancelScope) -> None:
        with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
            async for _ in signals:
                self.stopped = True
                scope.cancel()

    async def _suffer(self, fault: Fault, scope: trio.CancelScope) -> None:
        await self._until(fault.at_s)
        try:
            await Harm(self.servers, self.speed, self._links_of).suffer(fault)
        except NodeFailed as failed:
            self.failed = failed
            scope.cancel()

    async def _check(self, scope: trio.CancelScope) -> None:
        while self.failed is None:
            await trio.sleep(CHECK_S)
            try:
                self.servers.check()
            except NodeFailed as failed:
                self.failed = failed
        scope.cancel()

    # the people

    async def _open(self, nursery: trio.Nursery) -> None:
        """Send everybody on his way; return once those who are there from the start are ready."""
        first = {row.id for row in self.scenario.agents if not row.login_s}
        for n, agent in enumerate(self.scenario.agents):
            nursery.start_soon(self._work, n, agent)
        for n, call in enumerate(self.scenario.calls):
            nursery.start_soon(self._visit, n, call)
        with trio.move_on_after(OPENING_S) as opening:
            while not first <= self._ready:
                await self._news.wait()
        if opening.cancelled_caught:
            missing = ", ".join(sorted(first - self._ready)[:5])
            self.failed = NodeFailed(f"not everybody was ready within {OPENING_S:.0f} s: {missing}")
            await trio.sleep_forever()

    async def _work(self, n: int, row: AgentRow) -> None:
        """One log-in of an agent."""
        if row.login_s:
            await self._until(row.login_s)
        agent = SimAgent(row, Random(f"{self.seed}/{row.id}/{n}"))
        link = self._ways.agent(agent, n, partial(self._saw, row.id))
        self._agents.append((agent, link))
        plans = [
            (pause.at_s, partial(link.act, Later(Turn.PAUSE, 0, k))) for k, pause in enumerate(row.breaks)
        ]
        if row.logout_s is not None:
            plans.append((row.logout_s, partial(link.act, Later(Turn.LOG_OUT, 0))))
        await self._live(link.run, [*plans, *_drops(link, row.drops)])

    async def _live(self, life: Callable[[], Awaitable[None]], plans: Iterable[Plan]) -> None:
        """A life, and what happens at certain seconds of it."""
        async with trio.open_nursery() as nursery:
            for second, what in plans:
                nursery.start_soon(self._at, second, what)
            await life()
            nursery.cancel_scope.cancel()

    async def _at(self, second: float, what: Callable[[], None]) -> None:
        await self._until(second)
        what()

    async def _visit(self, n: int, row: CallRow) -> None:
        """One customer, from opening his page to leaving."""
        await self._until(row.arrive_s, early_s=EARLY_S)
        customer = SimCustomer(row)
        link = self._ways.customer(customer, n, partial(self._saw, row.id))
        self._customers[row.id] = (customer, link)
        life = partial(link.run, self._zero_s + row.arrive_s / self.speed, first=customer.arrive())
        await self._live(life, _drops(link, row.drops))
        self._left += 1
        self._stir()
        if self.progress is not None:
            self.progress(self._left, len(self.scenario.calls))

    def _saw(self, sub: str, message: ServerMessage) -> None:
        if isinstance(message, AgentStateNow) and message.state is AgentState.READY:
            self._ready.add(sub)
        if not isinstance(message, Ok | Pong | CallPosition):
            self._stir()

    # its course

    async def _until(self, second: float, *, early_s: float = 0.0) -> None:
        """Sleep until that second of the day, or `early_s` of real time before."""
        self._to_come += 1
        try:
            await self._begun.wait()
            await trio.sleep_until(self._zero_s + second / self.speed - early_s)
        finally:
            self._to_come -= 1

    def _stir(self) -> None:
        self._news.set()
        self._news = trio.Event()

    async def _play(self) -> None:
        end_s, calls = self.scenario.end_s, len(self.scenario.calls)
        silence_s = longest_silence_s(
            self.scenario.policy.scaled(self.speed), troubled=bool(self.scenario.faults)
        )
        with trio.move_on_at(float("inf") if end_s is None else self._zero_s + end_s / self.speed):
            while self._left < calls:
                with trio.move_on_after(silence_s) as silence:
                    await self._news.wait()
                if silence.cancelled_caught and not self._to_come and not self._timers():
                    break
        self.complete = self._left == calls

    def _links(self) -> Iterator[tuple[SimCustomer | SimAgent, Entrance]]:
        yield from self._customers.values()
        yield from self._agents

    def _links_of(self, who: str) -> Iterator[Entrance]:
        return (link for person, link in self._links() if person.row.id == who)

    def _timers(self) -> int:
        return sum(link.timers for _, link in self._links() if not link.over)

    # what is told of it

    def answered(self) -> dict[str, bool]:
        """The callers who must be in the journal, and whether they were refused.

        Whoever's own link broke is not among them: he may have been away for too long.
        """
        came = {name: customer for name, (customer, link) in self._customers.items() if not link.broke}
        return {name: bool(c.errors) for name, c in came.items() if self.complete or c.call_id or c.errors}

    def faults(self) -> Iterator[str]:
        """Links that the node had to close."""
        for person, link in self._links():
            for code in FAULTS & link.closes.keys():
                yield f"the link of {person.row.id} was closed with {code}"

    def counts(self) -> dict[str, Any]:
        """For the summary: links that had to come back, and refusals by code."""
        people = list(self._links())
        errors = Counter(code for person, _ in people for code in person.errors)
        reconnects = sum(max(0, link.connects - 1) for _, link in people)
        return {"reconnects": reconnects, "errors": dict(sorted(errors.items())), **self._ways.told()}


def _drops(link: Entrance, drops: Iterable[Drop]) -> list[Plan]:
    return [(drop.at_s, partial(link.drop, drop.for_ms)) for drop in drops]
