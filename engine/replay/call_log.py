"""Turns a call log, two CSV files of a real day, into a scenario that holds everything itself."""

from collections.abc import Mapping
from pathlib import Path

from attrs import evolve

from engine.domain.rules import Queue, Rule, Select
from engine.replay.csv_rows import read_agents, read_calls
from engine.replay.scenario import Scenario
from engine.tables import ConfigError

#: What an agent has to do after each call, where the log does not tell.
WRAP_UP_MS = 8_000


def import_call_log(
    calls_csv: Path,
    agents_csv: Path,
    *,
    name: str,
    head_starts_ms: Mapping[str, int],
    wrap_up_ms: int = WRAP_UP_MS,
    answer_ms: int = 0,
    select: Select = Select.LEAST_FLEXIBLE,
) -> Scenario:
    """The day those files recorded, as a scenario.

    Its queues are those the files name, none with a maximum wait; its rules give the tiers of
    `head_starts_ms` that head start. Raises `ConfigError` with the mistakes of a file.
    """
    calls, agents = read_calls(calls_csv), read_agents(agents_csv)
    queues = dict.fromkeys([*(c.queue for c in calls), *(q for a in agents for q in a.queues)])
    scenario = Scenario(
        name=name,
        queues=tuple(
            Queue(name=queue, select=select, wrap_up_ms=wrap_up_ms, max_wait_ms=None) for queue in queues
        ),
        rules=tuple(
            Rule(when={"tier": (tier,)}, head_start_ms=ms) for tier, ms in head_starts_ms.items() if ms
        ),
        agents=tuple(evolve(agent, answer_ms=answer_ms) for agent in agents),
        calls=calls,
    )
    if mistakes := list(scenario.mistakes()):
        raise ConfigError(f"{calls_csv} with {agents_csv}", mistakes)
    return scenario
