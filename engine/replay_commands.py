"""The command of planners: replay a day, and learn whether it went as promised."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from engine import options
from engine.interrupts import Stopped, is_interrupt
from engine.options import Usage
from engine.progress import Progress, following
from engine.replay_output import (
    again,
    apart,
    configure_log,
    people_at,
    print_differences,
    say,
    writable,
    write_html,
    write_json,
)

if TYPE_CHECKING:
    from engine.replay.comparison import Run
    from engine.replay.result import Result
    from engine.replay.sample import Day
    from engine.replay.scenario import Scenario

REAL_TIME = 1.0
Flag = Annotated[bool, Parameter(negative="")]
Json = Annotated[Path | None, Parameter(name="--json", allow_leading_hyphen=True)]


def replay(
    scenario: Path,
    /,
    *,
    rules: Path | None = None,
    virtual: Flag = False,
    live: Flag = False,
    dispatch: str = "priority",
    speed: str | None = None,
    seed: str | None = None,
    window: str | None = None,
    json_: Json = None,
    html: Path | None = None,
) -> int:
    """Replay a day against the engine. Status 0 only if it kept every expectation and broke no invariant.

    Parameters
    ----------
    scenario
        A scenario file, by hand or from `giliran import`.
    rules
        A file of rules: that day under them. What it leaves out stays as the scenario has it.
    virtual
        In virtual time, exactly and in seconds (the default).
    live
        Against a running node of its own, through real WebSockets, in real time.
    dispatch
        priority is the engine; polling and stream are the systems that came before, live only.
    speed
        Live only: how many times faster than the clock; default 1.
    seed
        For everything that is left to chance; default the scenario's.
    window
        START..END: only that part of the day; 09:00..10:30 by the scenario's clock, 1h..2h30m from second 0.
    json_
        Write the result to this file; - is standard output.
    html
        Write a report to this file: drawings, the longest waits and why, every measure.
    """
    from engine.replay.comparison import Run, notes_of
    from engine.replay.result import Dispatch
    from engine.replay.rule_words import differences

    by = options.choice("--dispatch", dispatch, Dispatch)
    if virtual and live:
        raise Usage("--live: expected without --virtual")
    if virtual and by is not Dispatch.PRIORITY:
        raise Usage(f"--dispatch {by}: expected without --virtual; only priority runs in virtual time")
    live = live or by is not Dispatch.PRIORITY
    faster = speed_of(speed, live)
    apart(json_, html, scenario, [] if rules is None else [rules])
    with writable("--json", json_), writable("--html", html):
        day, luck = day_of(read_scenario(scenario), window, seed)
        run = Run(day.name, day if rules is None else _ruled(day, rules), by, live)
        for note in notes_of([run]):
            say(f"note: {note}")
        configure_log(live=live)
        [told] = replayed([run], faster, luck)
        plain = told.result.to_json()
        write_json(json_, plain)
        if html is not None:
            from engine.replay.report.replay_page import replay_page

            way = {"dispatch": None if by is Dispatch.PRIORITY else by.value, "live": live, "speed": speed}
            made_by = again("replay", scenario, rules=rules, **way, seed=seed, window=window, html=html)
            write_html(html, lambda: replay_page(told, plain["violations"], made_by))
    from engine.replay.table import table

    people = people_at(json_)
    people.print(f"{plain['scenario']}: {plain['mode']}, {plain['dispatch']}, seed {plain['seed']}")
    if rules is not None:
        print_differences(people, rules.stem, "the scenario", differences(day, run.scenario))
    people.print(table(told))
    for violation in plain["violations"]:
        say(f"violated: {violation}")
    return 1 if plain["violations"] else 0


def _ruled(day: "Scenario", path: Path) -> "Scenario":
    from engine.replay.rule_files import ruled

    return ruled(day, options.readable("--rules", path))


def replayed(runs: "list[Run]", speed: float, seed: int) -> "list[Day]":
    """One after the other, so that none takes the machine from another.

    Raises `Stopped` with those that were over when the user stopped them.
    """
    from engine.replay.feasible import infeasible
    from engine.replay.node_process import NodeFailed
    from engine.replay.sample import Day

    for run in runs:
        if wrong := [str(m) for m in infeasible(run.scenario, live=run.live, dispatch=run.dispatch)]:
            raise Usage(f"SCENARIO {run.title}: {'; '.join(wrong)}")
    days: list[Day] = []
    try:
        with following(runs, speed) as begin:
            for run in runs:
                days.append(Day(_replayed(run, speed, seed, begin(run))))
    except NodeFailed as error:
        say(f"the node of {runs[len(days)].title} failed: {error}")
        sys.exit(1)
    except BaseException as error:
        if is_interrupt(error):
            raise Stopped(days) from None
        raise
    return days


def _replayed(run: "Run", speed: float, seed: int, progress: Progress) -> "Result":
    from engine.replay.live import replay as in_real_time
    from engine.replay.virtual import replay as in_virtual_time

    if not run.live:
        return in_virtual_time(run.scenario, seed, progress)
    return in_real_time(run.scenario, dispatch=run.dispatch, speed=speed, seed=seed, progress=progress)


def read_scenario(path: Path) -> "Scenario":
    from engine.replay.scenario import load_scenario

    return load_scenario(options.readable("SCENARIO", path))


def day_of(read: "Scenario", window: str | None, seed: str | None) -> "tuple[Scenario, int]":
    """The day that SCENARIO tells, or that part of it, as the seed draws it; and the seed."""
    luck = read.seed if seed is None else options.whole("--seed", seed)
    day = drawn(read, window, luck)
    if window is not None and not day.calls:
        options.wrong("--window", window, _when_calls_come(read.day(luck)))
    if window is not None and read.expect:
        say("note: expectations are of the whole day; of a part only invariants are checked")
    return day, luck


def drawn(read: "Scenario", window: str | None, seed: int) -> "Scenario":
    """The day or that part of it by that seed."""
    if window is None:
        return read.day(seed)
    return read.between(*options.window("--window", window, read.zero_s), seed)


def _when_calls_come(day: "Scenario") -> str:
    from engine.replay.reading import as_clock

    if not day.calls:
        return "a scenario with calls"
    seconds = [int(call.arrive_s) for call in day.calls]
    first, last = (as_clock(day.zero_s + at) for at in (min(seconds), max(seconds)))
    return f"a part of the day in which calls come; they come from {first} to {last}"


def speed_of(text: str | None, live: bool) -> float:
    """Of --speed, which only a live replay has."""
    if text is not None and not live:
        raise Usage(f"--speed {text}: expected with --live; virtual time needs no speed")
    return REAL_TIME if text is None else options.number("--speed", text, 0.01, 10_000)
