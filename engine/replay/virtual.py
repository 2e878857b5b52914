"""The virtual replay: a day through the very actors that serve customers, in virtual time, to the byte.

Things of the same instant happen in this order: services and wrap-ups end, log-ins, log-outs, arrivals,
hang-ups, then by row; each is applied and matched before the next, which means that the driver waits until
every task is blocked. Virtual time stands still meanwhile. It moves to the next event of the agenda or the
engine's own next timer, whichever is earlier; the engine's timers of an instant come first, because wrap-
ups end with services.
"""

import gc
import heapq
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from random import Random

import trio
import trio.testing
from attrs import evolve
from trio._core import _run

from engine.actors.ports import Identity
from engine.domain.rules import Policy
from engine.replay.door import Door
from engine.replay.invariants import violations
from engine.replay.outcomes import outcomes
from engine.replay.people import Later, SimAgent, SimCustomer, Turn
from engine.replay.result import Result
from engine.replay.rows import AgentRow, CallRow, Drop
from engine.replay.scenario import Scenario
from engine.replay.still_clock import StillClock
from engine.replay.world import World

#: Longer than any scenario. Putting records away is a quarter of a plain day's commits.
KEEP_MS = 366 * 86_400_000

Progress = Callable[[int, int], None]  #: calls that have come, calls in all


def replay(scenario: Scenario, seed: int | None = None, progress: Progress | None = None) -> Result:
    """Replay `scenario`. The same scenario and seed give the same result, on every machine."""
    seed = scenario.seed if seed is None else seed
    scenario = scenario.day(seed)
    clock = StillClock()
    with deterministic_scheduling(seed), seldom_collecting():
        return trio.run(_replay, scenario, seed, clock, progress, clock=clock)


@contextmanager
def deterministic_scheduling(seed: int) -> Iterator[None]:
    """Inside, trio runs its tasks in an order that `seed` alone decides. Semi-private, so tested."""
    switches = vars(_run)
    before = switches["_ALLOW_DETERMINISTIC_SCHEDULING"]
    switches["_ALLOW_DETERMINISTIC_SCHEDULING"] = True
    _run._r.seed(seed)
    try:
        yield
    finally:
        switches["_ALLOW_DETERMINISTIC_SCHEDULING"] = before


@contextmanager
def seldom_collecting() -> Iterator[None]:
    """Inside, cyclic garbage is looked for a hundred times less often: a day keeps nearly all it makes."""
    young, *older = gc.get_threshold()
    gc.set_threshold(100 * young, *older)
    try:
        yield
    finally:
        gc.set_threshold(young, *older)


async def _replay(scenario: Scenario, seed: int, clock: StillClock, progress: Progress | None) -> Result:
    async with trio.open_nursery() as nursery:
        policy, troubled = _keeping(scenario.policy), bool(scenario.faults)
        world = World(policy, seed, nursery, clock, nodes=scenario.nodes, troubled=troubled)
        await trio.testing.wait_all_tasks_blocked()
        start_at = world.now()
        _plan(world, scenario, start_at, seed)
        await trio.testing.wait_all_tasks_blocked()
        await _play(world, scenario, start_at, clock, progress)
        nursery.cancel_scope.cancel()
    facts = world.facts()
    complete = scenario.end_s is None
    return Result(
        scenario=scenario,
        mode="virtual",
        dispatch="priority",
        seed=seed,
        calls=outcomes(facts, scenario.calls, start_at=start_at),
        facts=facts,
        start_at=start_at,
        violations=tuple(violations(facts, world.answered(), complete=complete)),
        extra={"refused_commits": world.refusals.count, "reconnects": world.reconnects()},
    )


def _keeping(policy: Policy) -> Policy:
    """The policy of a replay, in which nobody asks about an ended call: none is put away while it runs."""
    return evolve(policy, timings=evolve(policy.timings, keep_ended_ms=KEEP_MS))


def _plan(world: World, scenario: Scenario, start_at: int, seed: int) -> None:
    for n, agent in enumerate(scenario.agents):
        at = start_at + round(agent.login_s * 1000)
        world.plan(at, Turn.LOG_IN, n, partial(_log_in, world, agent, n, start_at, seed))
    for n, call in enumerate(scenario.calls):
        at = start_at + round(call.arrive_s * 1000)
        world.plan(at, Turn.ARRIVE, n, partial(_arrive, world, call, n, start_at))
    for n, fault in enumerate(scenario.faults):
        at = start_at + round(fault.at_s * 1000)
        world.plan(at, Turn.FAULT, n, partial(world.suffer, fault))


def _log_in(world: World, row: AgentRow, n: int, start_at: int, seed: int) -> None:
    agent = SimAgent(row, Random(f"{seed}/{row.id}/{n}"))
    identity = Identity(sub=row.id, role="agent", queues=row.queues, skills=row.skills)
    door = world.enter(agent, n, identity)
    door.do(agent.begins())
    _drop_links(world, door, row.drops, n, start_at)
    if row.logout_s is not None:
        at = start_at + round(row.logout_s * 1000)
        world.plan(at, Turn.LOG_OUT, n, partial(door.act, Later(Turn.LOG_OUT, 0)))


def _arrive(world: World, row: CallRow, n: int, start_at: int) -> None:
    customer = SimCustomer(row)
    identity = Identity(sub=row.id, role="customer", tier=row.tier, attributes=row.attributes)
    door = world.enter(customer, n, identity)
    door.do(customer.arrive())
    _drop_links(world, door, row.drops, n, start_at)


def _drop_links(world: World, door: Door, drops: tuple[Drop, ...], n: int, start_at: int) -> None:
    for drop in drops:
        world.plan(start_at + round(drop.at_s * 1000), Turn.LINK, n, partial(door.drop, drop))


async def _play(
    world: World,
    scenario: Scenario,
    start_at: int,
    clock: StillClock,
    progress: Progress | None,
) -> None:
    end_at = None if scenario.end_s is None else start_at + round(scenario.end_s * 1000)
    arrived, agenda = 0, world.agenda
    while (agenda or world.busy()) and not world.over():
        event_at = agenda[0][0] if agenda else None
        timer_in_s = trio.lowlevel.current_statistics().seconds_to_next_deadline
        event_in_s = float("inf") if event_at is None else (event_at - world.now()) / 1000
        if end_at is not None and world.now() + 1000 * min(timer_in_s, event_in_s) > end_at:
            return
        if timer_in_s <= event_in_s and timer_in_s != float("inf"):
            clock.move(max(0.0, timer_in_s))
        elif agenda:
            clock.move(max(0.0, event_in_s))
            _, turn, _, _, what = heapq.heappop(agenda)
            what()
            if turn is Turn.ARRIVE:
                arrived += 1
                if progress is not None:
                    progress(arrived, len(scenario.calls))
        else:
            return
        await trio.testing.wait_all_tasks_blocked()
