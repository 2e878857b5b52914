"""The command that takes over a real day, as a call log tells it."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from engine import options
from engine.domain.rules import Select
from engine.replay_output import say
from engine.tables import duration_text

Many = Annotated[list[str] | None, Parameter(negative="")]


def import_(
    *,
    calls: Path,
    agents: Path,
    out: Path,
    head_start: Many = None,
    wrap_up: str | None = None,
    answer: str | None = None,
    select: str = Select.LEAST_FLEXIBLE.value,
) -> None:
    """Turn a call log, two CSV files of a real day, into a scenario to replay.

    Between the columns are commas, semicolons or tabs. arrive_s, login_s and logout_s are seconds since
    midnight or times of day: 32400, 09:00, 09:00:30; 25:10 is after midnight.

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
        How long an agent is busy after each call; default 8s.
    answer
        How long an agent takes to accept; default 0s, at once.
    select
        longest_idle, least_flexible, best_skill or least_occupied.
    """
    from engine.replay.call_log import WRAP_UP_MS, import_call_log
    from engine.replay.scenario import as_name, dump_scenario

    options.apart({"--out": out}, [("--calls", calls), ("--agents", agents)])
    form = 'TIER=DURATION, such as "priority=90s"'
    starts = options.pairs("--head-start", head_start or (), form)
    scenario = import_call_log(
        options.readable("--calls", calls),
        options.readable("--agents", agents),
        name=as_name(out.stem),
        head_starts_ms={tier: options.duration("--head-start", text) for tier, text in starts.items()},
        wrap_up_ms=WRAP_UP_MS if wrap_up is None else options.duration("--wrap-up", wrap_up),
        answer_ms=0 if answer is None else options.duration("--answer", answer),
        select=options.choice("--select", select, Select),
    )
    for tier in starts.keys() - {call.tier for call in scenario.calls}:
        say(f"note: no call has the tier {tier} of --head-start")
    options.writing("--out", out, lambda: out.write_text(dump_scenario(scenario), encoding="utf-8"))
    if assumed := [
        *(["agents answer at once (--answer)"] if answer is None else []),
        *([f"wrap-up takes {duration_text(WRAP_UP_MS)} (--wrap-up)"] if wrap_up is None else []),
    ]:
        say(f"note: the log does not tell, so it is assumed: {', '.join(assumed)}")
    print(f"{out}: {len(scenario.calls)} calls, {len(scenario.agents)} agents")
