"""The commands of planners: take over a real day, replay it, and learn whether it went as promised."""

import json
import sys
from logging import WARNING
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from rich.console import Console
from rich.progress import Progress

from engine import options
from engine.domain.rules import Select
from engine.observability import log
from engine.options import Usage
from engine.settings import LogFormat

if TYPE_CHECKING:
    from engine.replay.result import Result
    from engine.replay.scenario import Scenario

REAL_TIME = 1.0
Flag = Annotated[bool, Parameter(negative="")]
Many = Annotated[list[str] | None, Parameter(negative="")]


def import_(
    *,
    calls: Path,
    agents: Path,
    out: Path,
    head_start: Many = None,
    wrap_up: str = "8s",
    select: str = Select.LEAST_FLEXIBLE.value,
) -> None:
    """Turn a call log, two CSV files of a real day, into a scenario to replay.

    Parameters
    ----------
    calls
        CSV: call_id,arrive_s,queue,tier,skills,handle_s,patience_s (empty patience: never leaves).
    agents
        CSV: agent_id,login_s,logout_s,queues,skills.
    out
        The scenario to write; it holds all rows itself.
    head_start
        TIER=DURATION, such as priority=90s; may be repeated.
    wrap_up
        How long an agent is busy after each call.
    select
        longest_idle, least_flexible, best_skill or least_occupied.
    """
    from engine.replay.call_log import import_call_log
    from engine.replay.scenario import as_name, dump_scenario

    form = 'TIER=DURATION, such as "priority=90s"'
    starts = options.pairs("--head-start", head_start or (), form)
    scenario = import_call_log(
        options.readable("--calls", calls),
        options.readable("--agents", agents),
        name=as_name(out.stem),
        head_starts_ms={tier: options.duration("--head-start", text) for tier, text in starts.items()},
        wrap_up_ms=options.duration("--wrap-up", wrap_up),
        select=options.choice("--select", select, Select),
    )
    for tier in starts.keys() - {call.tier for call in scenario.calls}:
        _say(f"note: no call has the tier {tier} of --head-start")
    options.writing("--out", out, lambda: out.write_text(dump_scenario(scenario), encoding="utf-8"))
    print(f"{out}: {len(scenario.calls)} calls, {len(scenario.agents)} agents")


def replay(
    scenario: Path,
    /,
    *,
    virtual: Flag = False,
    live: Flag = False,
    speed: str | None = None,
    seed: str | None = None,
    window: str | None = None,
    json_: Annotated[Path | None, Parameter(name="--json", allow_leading_hyphen=True)] = None,
) -> int:
    """Replay a day against the engine. Status 0 only if it kept every expectation and broke no invariant.

    Parameters
    ----------
    scenario
        A scenario file, by hand or from `giliran import`.
    virtual
        In virtual time, exactly and in seconds (the default).
    live
        Against a running node of its own, through real WebSockets, in real time.
    speed
        Live only: how many times faster than the clock; default 1.
    seed
        For everything that is left to chance; default the scenario's.
    window
        START..END, such as 9h..10h30m: only that part of the day.
    json_
        Write the result to this file; - is standard output.
    """
    if virtual and live:
        raise Usage("--live: expected without --virtual")
    if speed is not None and not live:
        raise Usage(f"--speed {speed}: expected with --live; virtual time needs no speed")
    faster = REAL_TIME if speed is None else options.number("--speed", speed, 0.01, 10_000)
    from engine.replay.sample import Day
    from engine.replay.scenario import load_scenario
    from engine.replay.table import table

    day = load_scenario(options.readable("SCENARIO", scenario))
    if window is not None:
        day = day.between(*options.window("--window", window))
    log.configure(LogFormat.CONSOLE, level=WARNING)
    luck = day.seed if seed is None else options.whole("--seed", seed)
    result = _replayed(day, live=live, speed=faster, seed=luck)
    plain = result.to_json()
    text = json.dumps(plain, allow_nan=False) + "\n"
    if json_ is not None and str(json_) != "-":
        options.writing("--json", json_, lambda: json_.write_text(text, encoding="utf-8"))
    elif json_ is not None:
        sys.stdout.write(text)
    people = Console(stderr=str(json_) == "-", highlight=False, soft_wrap=True, markup=False)
    people.print(f"{plain['scenario']}: {plain['mode']}, {plain['dispatch']}, seed {plain['seed']}")
    people.print(table(Day(result)))
    for violation in plain["violations"]:
        _say(f"violated: {violation}")
    return 1 if plain["violations"] else 0


def _replayed(day: "Scenario", *, live: bool, speed: float, seed: int) -> "Result":
    from engine.replay.live import replay as in_real_time
    from engine.replay.node_process import NodeFailed
    from engine.replay.virtual import replay as in_virtual_time

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(day.name, total=len(day.calls))

        def progress(come: int, _all: int) -> None:
            bar.update(task, completed=come)

        if not live:
            return in_virtual_time(day, seed, progress)
        try:
            return in_real_time(day, speed=speed, seed=seed, progress=progress)
        except NodeFailed as error:
            _say(f"the node failed: {error}")
            sys.exit(1)


def _say(text: str) -> None:
    print(f"giliran: {text}", file=sys.stderr)
