"""`python -m bench [--quick] [--json F]`: the whole run, about three minutes; a quick one, a part of one."""

import argparse
import json
import os
import platform
import resource
import sys
import tempfile
from functools import partial
from pathlib import Path

import trio
from attrs import frozen
from rich.console import Console

from bench import floor, house
from bench.figures import Report
from bench.link import Link
from bench.servers import Server, bare, engine
from engine.store.embedded import Embedded


@frozen(kw_only=True)
class Size:
    """How much is measured: counts, and seconds where it is time."""

    repeats: int
    round_trips: int
    idle_calls: int
    warm_s: float
    load_s: float
    frame_sessions: int
    memory_sessions: int


FULL = Size(
    repeats=3,
    round_trips=100,
    idle_calls=100,
    warm_s=2.0,
    load_s=5.0,
    frame_sessions=100,
    memory_sessions=1_000,
)
QUICK = Size(
    repeats=1,
    round_trips=40,
    idle_calls=20,
    warm_s=0.5,
    load_s=1.5,
    frame_sessions=20,
    memory_sessions=100,
)
#: Of a session: the engine allows a burst of 100 messages, hello included.
WINDOWS = 3


def run(size: Size) -> Report:
    """Every measure, `repeats` times, floor and engine in turn so that both see the same weather."""
    _allow_sockets(2 * size.memory_sessions + 500)
    report = Report(_machine())
    with tempfile.TemporaryDirectory(prefix="giliran-bench-") as directory, Embedded(directory) as store:
        for n in range(size.repeats):
            _say(f"repeat {n + 1} of {size.repeats}")
            with bare() as plain, engine() as node:
                trio.run(_speed, report, size, plain, node, store.url, n)
            for role, opened in (("agent", house.agent), ("customer", house.customer)):
                with engine() as node:
                    found_kb = trio.run(floor.memory_kb, node, partial(opened, node), size.memory_sessions)
                    report.add(f"memory {role}", "kB/session", found_kb)
            with bare() as plain:
                found_kb = trio.run(floor.memory_kb, plain, _bare_link(plain), size.memory_sessions)
                report.add("memory bare", "kB/session", found_kb)
    return report


async def _speed(report: Report, size: Size, plain: Server, node: Server, store_url: str, seed: int) -> None:
    p50, p99 = floor.p50_p99(await floor.echo_ms(plain, size.round_trips))
    report.add("echo round trip p50", "ms", p50)
    report.add("echo round trip p99", "ms", p99)
    committed, called = await floor.commit_ms(store_url, size.round_trips)
    report.add("EVALSHA p50", "ms", floor.p50_p99(called)[0])
    report.add("commit p50", "ms", floor.p50_p99(committed)[0])
    p50, p99 = floor.p50_p99(await house.idle_offer_ms(node, size.idle_calls))
    report.add("offer idle p50", "ms", p50)
    report.add("offer idle p99", "ms", p99)
    calls_per_s, offer_ms = await house.load(node, warm_s=size.warm_s, for_s=size.load_s, seed=seed)
    report.add("calls at saturation", "calls/s", calls_per_s)
    p50, p99 = floor.p50_p99(offer_ms)
    report.add("offer half load p50", "ms", p50)
    report.add("offer half load p99", "ms", p99)
    frames = partial(floor.frames_per_s, text=house.PING, sessions=size.frame_sessions, windows=WINDOWS)
    report.add("frames bare", "frames/s", await frames(_bare_link(plain)))
    report.add("frames engine", "frames/s", await frames(partial(house.customer, node)))


def _bare_link(server: Server) -> floor.Open:
    async def opened(_: int) -> Link:
        return await Link.open(server.url)

    return opened


def _allow_sockets(count: int) -> None:
    """Here and in the servers, which inherit it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < count:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(count, hard), hard))


def _machine() -> dict[str, str | int]:
    return {"python": platform.python_version(), "cpus": os.cpu_count() or 0, "system": platform.system()}


def _say(text: str) -> None:
    print(f"bench: {text}", file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small counts, once: to see that it works")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    options = parser.parse_args()
    report = run(QUICK if options.quick else FULL)
    if options.json is not None:
        options.json.write_text(json.dumps(report.to_json(), indent=1) + "\n", encoding="utf-8")
    report.show(Console())


if __name__ == "__main__":
    main()
