"""The command that replays one day in several ways, by other dispatchers or by other rules, and compares."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from engine import options, seeds
from engine.interrupts import Stopped
from engine.options import Usage
from engine.replay_commands import Flag, Json, day_of, drawn, read_scenario, replayed, speed_of
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
    from rich.console import Console

    from engine.replay.comparison import Comparison, Run
    from engine.replay.scenario import Scenario

#: Calls that went otherwise and are told at the terminal; the reports tell all.
TOLD = 5
#: What the scenario's own rules are called.
OWN_RULES = "own rules"
#: Rules files that stand side by side in one table.
MOST_RULES = 6

Several = Annotated[list[str] | None, Parameter(negative="")]
Unwanted = Annotated[str, Parameter(show=False)]


def compare(
    scenario: Path,
    /,
    *unwanted: Unwanted,
    dispatch: str | None = None,
    rules: Several = None,
    live: Flag = False,
    speed: str | None = None,
    seed: str | None = None,
    seeds_: Annotated[str | None, Parameter(name="--seeds")] = None,
    window: str | None = None,
    json_: Json = None,
    html: Path | None = None,
) -> int:
    """Replay a day in several ways and measure the differences. Status 0 only if no run broke an invariant.

    Parameters
    ----------
    scenario
        A scenario file, by hand or from `giliran import`.
    dispatch
        polling,stream,priority or some of them: by what calls come to agents. Live, unless it is priority
        alone.
    rules
        A.toml,B.toml, up to six: files that say in what the day's rules are to be otherwise. Each is compared
        with the first, one file alone with the scenario's own rules. docs/scenarios.md shows one.
    live
        Rules: against running nodes in real time, instead of in virtual time.
    speed
        Live only: how many times faster than the clock; default 1.
    seed
        For everything that is left to chance; default the scenario's.
    seeds_
        Rules: so many days of the scenario, by this seed and those after it: the means, and what of their
        differences is more than chance.
    window
        START..END, such as 09:00..10:30 or 1h..2h30m: only that part of the day.
    json_
        Write every measure of every run, and with rules every call that changed, to this file; - is standard
        output.
    html
        Write a report to this file: the same drawings side by side, and which calls changed and why.
    """
    if unwanted:
        both = ", ".join(map(str, (scenario, *unwanted)))
        raise Usage(f"compare {both}: expected one scenario; several rules files are written --rules A,B")
    if (dispatch is None) == (rules is None):
        raise Usage('compare: expected either --dispatch, such as "polling,stream,priority", or --rules A,B')
    from engine.replay.comparison import as_json, compared, notes_of

    apart(json_, html, scenario, ",".join(rules or ()).split(","))
    with writable("--json", json_), writable("--html", html):
        read = read_scenario(scenario)
        day, luck = day_of(read, window, seed)
        names = ",".join(rules or ())
        runs = _by_rules(day, names, live) if rules else _by_dispatch(day, dispatch or "", live)
        is_live = any(run.live for run in runs)
        faster = speed_of(speed, is_live)
        several_days = seeds.count(seeds_, read, by_rules=not is_live and bool(rules))
        notes = [*_unchanged(runs, day), *notes_of(runs)]
        for note in notes:
            say(f"note: {note}")
        configure_log(live=is_live)
        stopped: Stopped | None = None
        try:
            days = replayed(runs, faster, luck)
        except Stopped as interrupt:
            stopped, days = interrupt, interrupt.days
            if not days:
                raise
            runs = runs[: len(days)]
            say(f"note: stopped; told is what was over: {', '.join(run.title for run in runs)}")
        spread = None
        if several_days > 1 and stopped is None:

            def days_of(seed: int) -> "list[Scenario]":
                return [run.scenario for run in _by_rules(drawn(read, window, seed), names, live)]

            spread = seeds.spread(days_of, days, luck, several_days)
        several = compared(runs, days, notes, spread)
        write_json(json_, as_json(several))
        if html is not None:
            from engine.replay.report.compare_page import compare_page

            by = {"dispatch": dispatch, "rules": names, "speed": speed}
            made_by = again(
                "compare", scenario, **by, live=live, seed=seed, seeds=seeds_, window=window, html=html
            )
            write_html(html, lambda: compare_page(several, made_by))
    people = people_at(json_)
    of_days = (
        f"; means of {several_days} days, seeds {luck} to {luck + several_days - 1}" if several.spread else ""
    )
    people.print(f"{day.name}: {len(day.calls)} calls, seed {luck}{of_days}")
    _print(people, several)
    broken = [f"{run.title}: {v}" for run, d in zip(runs, days, strict=True) for v in d.result.violations]
    for violation in broken:
        say(f"violated: {violation}")
    if stopped is not None:
        raise stopped
    return 1 if broken else 0


def _print(people: "Console", several: "Comparison") -> None:
    from engine.replay.comparison import promises
    from engine.replay.table import BEST, SURE, side_by_side

    first, *others = several.titles
    if several.changes is not None:
        for title, told in zip(others, several.told[1:], strict=True):
            print_differences(people, title, first, told)
    people.print(side_by_side(several))
    if several.spread is not None:
        people.print(
            f"±: half a 95 % interval; {SURE}: more than chance. Single calls are of the first seed's day."
        )
    else:
        people.print(f"{BEST}: the best of a row, which may be chance.")
    for title, said in promises(several):
        people.print(f"{title}: {said}")
    for title, changes in zip(others, several.changes or (), strict=False):
        calls = len(several.days[0].result.calls)
        people.print(f"{len(changes)} of {calls} calls went otherwise under {title} than under {first}")
        for change in changes[:TOLD]:
            people.print(f"  {change.line()}")


def _by_dispatch(day: "Scenario", text: str, live: bool) -> "list[Run]":
    from engine.replay.comparison import Run
    from engine.replay.result import Dispatch

    ways = [options.choice("--dispatch", part.strip(), Dispatch) for part in text.split(",")]
    if len(set(ways)) < len(ways):
        options.wrong("--dispatch", text, "each once")
    live = live or ways != [Dispatch.PRIORITY]
    return [Run(way.value, day, way, live) for way in ways]


def _by_rules(day: "Scenario", text: str, live: bool) -> "list[Run]":
    from engine.replay.comparison import Run
    from engine.replay.result import Dispatch
    from engine.replay.rule_files import ruled

    paths = [options.readable("--rules", Path(part.strip())) for part in text.split(",")]
    if len(paths) > MOST_RULES or len({path.resolve() for path in paths}) < len(paths):
        options.wrong("--rules", text, f"up to {MOST_RULES} files, each once")
    made = [] if len(paths) > 1 else [Run(OWN_RULES, day, Dispatch.PRIORITY, live)]
    titles = [path.stem for path in paths]
    if len(set(titles)) < len(titles):
        titles = [str(path) for path in paths]
    for title, path in zip(titles, paths, strict=True):
        made.append(Run(title, ruled(day, path), Dispatch.PRIORITY, live))
    return made


def _unchanged(runs: "list[Run]", day: "Scenario") -> list[str]:
    """Files that change nothing, such as an empty one."""
    from engine.replay.rule_words import differences

    files = (run for run in runs if run.scenario is not day)
    same = (run.title for run in files if not differences(day, run.scenario))
    return [f"{title} changes none of the scenario's rules: that run has the day's own" for title in same]
