"""`python -m bench [--quick] [--json F]`: the whole run, about three minutes; a quick one, a part of one.

`python -m bench board [--seconds N] [--changes N] [--calls N] [--agents N] [--repeats N] [--json F]`: the
wallboard, about two and a half minutes; status 1 if it does not keep up.

`python -m bench replay [--repeats N] [--json F]`: a virtual replay, about half a minute.
"""

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

from bench import board, floor, house, replay
from bench.figures import Aim, Report
from bench.link import Link
from bench.screen import NoBrowser
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
    report = Report(_machine(), _aims)
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


def _aims(report: Report) -> list[Aim]:
    def m(name: str) -> float:
        return report[name].median

    floor_ms = m("echo round trip p50") + 2 * m("commit p50")
    return [
        Aim("request to offer, idle, p50 / (echo + 2 commits)", m("offer idle p50") / floor_ms, 2.0, True),
        Aim("frames answered / bare echo's", m("frames engine") / m("frames bare"), 0.5, False),
        Aim("memory of a customer / bare session's", m("memory customer") / m("memory bare"), 1.5, True),
        Aim("memory of an agent / bare session's", m("memory agent") / m("memory bare"), 1.5, True),
    ]


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
    parser = argparse.ArgumentParser(
        prog="bench", description="What the engine costs beside what it stands on; about three minutes."
    )
    parser.add_argument("--quick", action="store_true", help="small counts, once: to see that it works")
    measures = parser.add_subparsers(dest="measure", title="measures of their own")
    walls = measures.add_parser(
        "board",
        description=board.__doc__,
        help="whether the wallboard keeps up",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    usual = board.Size()
    walls.add_argument("--seconds", type=float, default=usual.seconds, help="measured, of each repeat")
    walls.add_argument("--changes", type=float, default=usual.changes_per_s, help="a second")
    walls.add_argument("--calls", type=int, default=usual.calls, help="that wait")
    walls.add_argument("--agents", type=int, default=usual.agents, help="logged in")
    walls.add_argument("--repeats", type=int, default=usual.repeats, help="of everything")
    replays = measures.add_parser(
        "replay",
        description=replay.__doc__,
        help="how fast a day replays in virtual time",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    replays.add_argument("--repeats", type=int, default=replay.Size().repeats, help="of everything")
    for each in (parser, walls, replays):
        each.add_argument("--json", type=Path, help="write the figures to this file")
    options = parser.parse_args()
    report = _measured(options)
    if options.json is not None:
        options.json.write_text(json.dumps(report.to_json(), indent=1) + "\n", encoding="utf-8")
    report.show(Console())
    if options.measure == "board" and not all(aim.met for aim in report.aims()):
        sys.exit(1)


def _measured(options: argparse.Namespace) -> Report:
    match options.measure:
        case "board":
            return _board(options)
        case "replay":
            return replay.run(replay.Size(repeats=options.repeats), Report(_machine(), replay.aims))
        case _:
            return run(QUICK if options.quick else FULL)


def _board(options: argparse.Namespace) -> Report:
    size = board.Size(
        repeats=options.repeats,
        seconds=options.seconds,
        changes_per_s=options.changes,
        calls=options.calls,
        agents=options.agents,
    )
    try:
        return board.run(size, Report(_machine(), board.aims))
    except NoBrowser as error:
        sys.exit(f"bench: {error}")


if __name__ == "__main__":
    main()
