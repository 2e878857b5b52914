"""The command that replays one day in several ways, by other dispatchers or by other rules, and compares."""

from logging import WARNING
from pathlib import Path
from typing import TYPE_CHECKING

from engine import options
from engine.interrupts import Stopped
from engine.observability import log
from engine.options import Usage
from engine.replay_commands import (
    Flag,
    Json,
    day_of,
    people_at,
    replayed,
    say,
    speed_of,
    write_html,
    write_json,
)
from engine.settings import LogFormat

if TYPE_CHECKING:
    from engine.replay.comparison import Run
    from engine.replay.scenario import Scenario

#: Calls that went otherwise and are told at the terminal; the reports tell all.
TOLD = 5


def compare(
    scenario: Path,
    /,
    *,
    dispatch: str | None = None,
    rules: str | None = None,
    live: Flag = False,
    speed: str | None = None,
    seed: str | None = None,
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
        A.toml,B.toml: files with tables of a scenario (queues, rules, timings, tiers), which replace its own.
        One file alone is compared with the scenario's own rules.
    live
        Rules: against running nodes in real time, instead of in virtual time.
    speed
        Live only: how many times faster than the clock; default 1.
    seed
        For everything that is left to chance; default the scenario's.
    window
        START..END, such as 09:00..10:30 or 1h..2h30m: only that part of the day.
    json_
        Write every measure of every run, and with rules every call that changed, to this file; - is standard
        output.
    html
        Write a report to this file: the same drawings side by side, and which calls changed and why.
    """
    if (dispatch is None) == (rules is None):
        raise Usage('compare: expected either --dispatch, such as "polling,stream,priority", or --rules A,B')
    day, luck = day_of(scenario, window, seed)
    runs = _by_dispatch(day, dispatch, live) if dispatch is not None else _by_rules(day, rules or "", live)
    faster = speed_of(speed, any(run.live for run in runs))
    from engine.replay.compare import changed
    from engine.replay.comparison import Comparison, as_json
    from engine.replay.table import side_by_side

    log.configure(LogFormat.CONSOLE, level=WARNING)
    stopped: Stopped | None = None
    try:
        days = replayed(runs, faster, luck)
    except Stopped as interrupt:
        stopped, days = interrupt, interrupt.days
        if not days:
            raise
        runs = runs[: len(days)]
        say(f"note: stopped; told is what was over: {', '.join(run.title for run in runs)}")
    first, *others = days
    several = Comparison(
        titles=tuple(run.title for run in runs),
        days=tuple(days),
        told=tuple(() for _ in runs),
        changes=None if rules is None else tuple(tuple(changed(first.result, d.result)) for d in others),
    )
    write_json(json_, as_json(several))
    if html is not None:
        from engine.replay.report.page import compare_page

        write_html(html, lambda: compare_page(several))
    people = people_at(json_)
    people.print(f"{day.name}: {len(day.calls)} calls, seed {luck}")
    people.print(side_by_side(several))
    for title, changes in zip(several.titles[1:], several.changes or (), strict=False):
        people.print(f"{len(changes)} of {len(day.calls)} calls went otherwise under {title}")
        for change in changes[:TOLD]:
            people.print(f"  {change.line()}")
    broken = [f"{run.title}: {v}" for run, d in zip(runs, days, strict=True) for v in d.result.violations]
    for violation in broken:
        say(f"violated: {violation}")
    if stopped is not None:
        raise stopped
    return 1 if broken else 0


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
    if len(paths) > 2 or len({path.resolve() for path in paths}) < len(paths):
        options.wrong("--rules", text, "one file, or two that differ")
    made = [] if len(paths) == 2 else [Run("as it is", day, Dispatch.PRIORITY, live)]
    titles = [path.stem for path in paths]
    if len(set(titles)) < len(titles):
        titles = [str(path) for path in paths]
    for title, path in zip(titles, paths, strict=True):
        made.append(Run(title, ruled(day, path), Dispatch.PRIORITY, live))
    return made
