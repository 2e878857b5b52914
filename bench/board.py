"""Whether the wallboard keeps up: from a change's commit until it is on a supervisor's screen.

A node, a pool full of people, and a page in a browser that draws them; beside the page a bare client that
only receives, which is the floor. Both are told the same frames, so a change's way can be followed: it was
committed, heard by a bare client, heard by the page, drawn by it, and presented by the browser. Every lag
counts from just before the commit was asked for, so the store's time is in it.
"""

import os
import re
import sys
import threading
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from itertools import pairwise
from random import Random
from statistics import median

import orjson
import trio
from attrs import define, field, frozen

from bench import screen
from bench.figures import Aim, Report, percentile
from bench.people import TTL_S, Failed, enter
from bench.pool import Pool
from bench.screen import Screen
from bench.servers import SECRET, Server, engine, machine_busy_s
from bench.sightings import Made, Seen, lags_ms, merged, within
from bench.traffic import REASONS, Traffic
from engine.config import load
from engine.domain.lifecycle import CallState
from engine.gateway.auth import mint

QUEUES = ("general", "premium", "cards", "loans", "business", "help")
CONFIG = (
    f"""
reasons = {orjson.dumps(REASONS).decode()}
[timings]
ask_every = "0s"
"""
    + "".join(
        f"""
[[queues]]
name = "{name}"
wrap_up = "5s"
"""
        for name in QUEUES
    )
    + """
[[rules]]
when = { tier = "priority" }
head_start = "90s"
"""
)
#: What is on its way when the measured time begins, and when it ends.
WARM_S, SETTLE_S = 3.0, 2.0
AIM_MS = 250.0
#: The status of a command that Ctrl-C ended.
INTERRUPTED = 130
_REV = re.compile(rb'"rev":(\d+)')
_HEAD_BYTES = 200


@frozen(kw_only=True)
class Size:
    """How full the house is, how much happens in it, and for how long that is measured."""

    repeats: int = 3
    seconds: float = 30.0
    changes_per_s: float = 50.0
    calls: int = 2_000
    agents: int = 500


@frozen(kw_only=True)
class Run:
    """One repeat: what was made within the measured time, and who saw it when."""

    began_ms: float
    ended_ms: float
    made: Sequence[Made]
    conflicts: int
    floor: Sequence[Seen]
    screen: Screen
    #: what the node ran on a processor, and the whole machine on all of them
    node_s: float
    machine_s: float
    pool_ahead_ms: float


@define(eq=False)
class Floor:
    """A supervisor who only listens."""

    seen: list[Seen] = field(factory=list)

    async def listen(self, node: Server, task_status: trio.TaskStatus[None]) -> None:
        """Note each frame of the board as it comes; started with the first."""
        link = await enter(node, "supervisor", "floor")
        await link.send(b'{"type":"board.watch"}')
        while True:
            head = (await link.receive())[:_HEAD_BYTES]
            at_ms = time.time() * 1000
            if head.startswith(b'{"type":"error"'):
                raise Failed(head)
            if head.startswith(b'{"type":"board.') and (rev := _REV.search(head)):
                self.seen.append(Seen(int(rev[1]), at_ms))
                if len(self.seen) == 1:
                    task_status.started()


def run(size: Size, report: Report) -> Report:
    """Every measure, `repeats` times, each with a node, a pool and a browser of its own. Raises NoBrowser."""
    screen.chromium()
    for n in range(size.repeats):
        print(f"bench: board, repeat {n + 1} of {size.repeats}", file=sys.stderr, flush=True)
        with engine(CONFIG) as node:
            tell(report, _run(size, node, n))
    return report


def _run(size: Size, node: Server, seed: int) -> Run:
    """One repeat. Ctrl-C ends it with everything that it started."""
    try:
        return trio.run(_once, size, node, seed, restrict_keyboard_interrupt_to_checkpoints=True)
    except BaseExceptionGroup as group:
        if group.subgroup(KeyboardInterrupt) is not None:
            sys.exit(INTERRUPTED)
        raise


def aims(report: Report) -> list[Aim]:
    """What the wallboard promises."""
    return [Aim("a change is on the screen, p95, ms", report["on screen p95"].median, AIM_MS, True)]


async def _once(size: Size, node: Server, seed: int) -> Run:
    policy = load(node.directory / "giliran.toml").policy
    async with Pool.joined(node.store, policy) as pool, trio.open_nursery() as nursery:
        traffic = Traffic(pool, size.calls, size.agents, Random(seed))
        await traffic.fill()
        floor = Floor()
        await nursery.start(floor.listen, node)
        async with _looked_at(node) as looked:
            await traffic.flow(size.changes_per_s, WARM_S)
            first, conflicts = len(pool.made), pool.conflicts
            began_ms, before_s = time.time() * 1000, (node.cpu_s(), machine_busy_s())
            await traffic.flow(size.changes_per_s, size.seconds)
            ended_ms, after_s = time.time() * 1000, (node.cpu_s(), machine_busy_s())
            conflicts = pool.conflicts - conflicts
            await trio.sleep(SETTLE_S)
        nursery.cancel_scope.cancel()
    waiting = sum(call.state is not CallState.CONNECTED for call in pool.calls.values())
    if looked.screen.rows != waiting:
        raise Failed(f"the page shows a line of {looked.screen.rows}, and {waiting} wait")
    return Run(
        began_ms=began_ms,
        ended_ms=ended_ms,
        made=pool.made[first:],
        conflicts=conflicts,
        floor=floor.seen,
        screen=looked.screen,
        node_s=after_s[0] - before_s[0],
        machine_s=after_s[1] - before_s[1],
        pool_ahead_ms=pool.ahead_ms(),
    )


@define
class _Looked:
    screen: Screen = field(init=False)


@asynccontextmanager
async def _looked_at(node: Server) -> AsyncIterator[_Looked]:
    """Somebody looks at the page, from the moment at which all of it is drawn. What he saw, afterwards."""
    token = mint(
        SECRET.encode(), "giliran", sub="screen", role="supervisor", ttl_s=TTL_S, now_s=int(time.time())
    )
    looked, drawn, over = _Looked(), trio.Event(), threading.Event()
    watch = partial(
        screen.watch,
        f"{node.http}/board#token={token}",
        drawn=lambda: trio.from_thread.run_sync(drawn.set),
        over=over,
    )

    async def look() -> None:
        looked.screen = await trio.to_thread.run_sync(watch)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(look)
        try:
            await drawn.wait()
            yield looked
        finally:
            over.set()


def tell(report: Report, run: Run) -> None:
    """The figures of one repeat."""
    seen, took_s = run.screen, (run.ended_ms - run.began_ms) / 1000
    report.add("changes measured", "changes", len(run.made))
    report.add("changes made", "1/s", len(run.made) / took_s)
    revs = [change.rev for change in run.made]
    report.add("commits in all", "1/s", (max(revs) - min(revs)) / took_s)
    report.add("refused, the engine was first", "changes", run.conflicts)
    stages = (
        ("floor", run.floor),
        ("received", seen.received),
        ("drawn", seen.drawn),
        ("on screen", seen.shown),
    )
    for stage, sights in stages:
        lags = lags_ms(run.made, sights)
        report.add(f"{stage} p50", "ms", median(lags))
        report.add(f"{stage} p95", "ms", percentile(lags, 0.95))
    report.add("on screen p99", "ms", percentile(lags, 0.99))
    report.add("on screen max", "ms", max(lags))
    for share in ("p50", "p95"):
        last = report[f"on screen {share}"].values[-1] / report[f"floor {share}"].values[-1]
        report.add(f"on screen / floor {share}", "times", last)
    _tell_of_page(report, run, took_s)
    report.add("node busy", "%", 100 * run.node_s / took_s)
    report.add("machine busy, of all processors", "%", 100 * run.machine_s / took_s / (os.cpu_count() or 1))
    report.add("pool's clock is ahead", "ms", run.pool_ahead_ms)
    report.add("page's clock is ahead", "ms", seen.ahead_ms)


def _tell_of_page(report: Report, run: Run, took_s: float) -> None:
    seen = run.screen
    shown = within(seen.shown, run.began_ms, run.ended_ms)
    report.add("drawings presented", "1/s", len(shown) / took_s)
    report.add("drawings not told of", "drawings", seen.untold)
    report.add("changes in one drawing", "changes", merged(run.made, seen.shown))
    report.add("frame of the engine", "kB", median(seen.frame_bytes) / 1000)
    frames = [at for at in seen.frames if run.began_ms <= at < run.ended_ms]
    report.add("animation frames", "1/s", len(frames) / took_s)
    report.add("longest between two", "ms", max(b - a for a, b in pairwise(frames)))
    tasks = [ms for at, ms in seen.long_tasks if run.began_ms <= at < run.ended_ms]
    report.add("long tasks (over 50 ms)", "tasks", len(tasks))
    report.add("longest task", "ms", max(tasks, default=0.0))
    for what, share in seen.busy.items():
        report.add(what, "%", 100 * share)
    report.add("page's heap at the beginning", "MB", seen.heap_mb[0])
    report.add("page's heap at the end", "MB", seen.heap_mb[1])
