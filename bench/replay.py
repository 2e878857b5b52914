"""How fast a plain day replays in virtual time, beside what trio alone takes to wake as many tasks.

The floor: two tasks under the same clock and the same deterministic order wake each other as often as tasks
were woken in the replay, and do nothing else. What lies between the two is the engine's own work.
"""

import time
from logging import WARNING
from pathlib import Path

import trio
from attrs import frozen

from bench.figures import Aim, Report
from engine.observability import log
from engine.replay.scenario import Scenario, load_scenario
from engine.replay.still_clock import StillClock
from engine.replay.virtual import deterministic_scheduling, replay
from engine.settings import LogFormat

PLAIN = Path(__file__).with_name("plain_day.toml")


@frozen(kw_only=True)
class Size:
    repeats: int = 5
    day: Path = PLAIN


class Steps(trio.abc.Instrument):
    """Counts how often a task went on."""

    count = 0

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        self.count += 1


def run(size: Size, report: Report) -> Report:
    """Replay and floor in turn, so that both see the same weather."""
    log.configure(LogFormat.CONSOLE, level=WARNING)
    day = load_scenario(size.day)
    steps, calls = _counted(day)
    report.add("calls", "calls", calls)
    report.add("task steps per call", "steps", steps / calls)
    for _ in range(size.repeats):
        began_s = time.process_time()
        replay(day)
        took_s = time.process_time() - began_s
        began_s = time.process_time()
        with deterministic_scheduling(1):
            trio.run(_bare, steps, clock=StillClock())
        bare_s = time.process_time() - began_s
        report.add("calls per CPU second", "calls/s", calls / took_s)
        report.add("replay", "ms/call", 1000 * took_s / calls)
        report.add("bare trio, as many steps", "ms/call", 1000 * bare_s / calls)
        report.add("replay / bare trio", "times", took_s / bare_s)
    return report


def aims(report: Report) -> list[Aim]:
    return [Aim("calls per CPU second", report["calls per CPU second"].median, 2_000, False)]


def _counted(day: Scenario) -> tuple[int, int]:
    """Task steps from the first arrival on, and calls. Counting costs time, so this run is not measured."""
    steps = Steps()

    def progress(arrived: int, _: int) -> None:
        if arrived == 1:
            trio.lowlevel.add_instrument(steps)

    result = replay(day, progress=progress)
    return steps.count, len(result.calls)


async def _bare(steps: int) -> None:
    turns = [trio.Event(), trio.Event()]
    left = steps

    async def take_turns(mine: int) -> None:
        nonlocal left
        while left > 0:
            await turns[mine].wait()
            turns[mine] = trio.Event()
            left -= 1
            turns[1 - mine].set()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(take_turns, 0)
        nursery.start_soon(take_turns, 1)
        turns[0].set()
