"""How a scenario's tables are read and written: beyond the policy's short ways, skills as a list of names,
seconds as the clock shows them, and distributions by their name."""

import re
from collections.abc import Mapping
from typing import Any

from cattrs import Converter

from engine.policy_file import policy_converter
from engine.replay.arrivals import Share
from engine.replay.crews import Crew
from engine.replay.distributions import KINDS, Distribution
from engine.replay.rows import AgentRow, CallRow, Second
from engine.tables import Expected

_CLOCK = re.compile(r"([0-9]|[0-3][0-9]|4[0-7]):([0-5][0-9])(?::([0-5][0-9]))?")
CLOCK = 'a time of day such as "08:30", up to "47:59" for the night after'
_LEVELS = Mapping[str, int]
_WITH_SKILLS = (AgentRow, CallRow, Crew, Share)


def clock_s(text: str) -> int | None:
    """Seconds since midnight of what a clock shows; None if no clock shows that."""
    found = _CLOCK.fullmatch(text)
    if found is None:
        return None
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return hours * 3600 + minutes * 60 + seconds


def as_clock(second: int) -> str:
    """What a clock shows so long after midnight; two days later it begins anew."""
    minutes, seconds = divmod(second % (2 * 86_400), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}" + (f":{seconds:02}" if seconds else "")


def scenario_converter(clock: str = "00:00") -> Converter:
    """The policy's converter, and the scenario's own ways. `clock`: what a clock shows at second 0."""
    conv = policy_converter()
    _read_seconds(conv, clock_s(clock) or 0)
    _read_distributions(conv)
    _read_skills(conv)
    return conv


def _read_seconds(conv: Converter, zero_s: int) -> None:
    def second_in(value: object, _cl: Any) -> float:
        if not isinstance(value, str):
            return conv.structure(value, float)
        shown_s = clock_s(value)
        if shown_s is None:
            raise Expected(f"expected seconds of the scenario, or {CLOCK}")
        if shown_s < zero_s:
            raise Expected("expected a time after the scenario's clock at second 0")
        return float(shown_s - zero_s)

    conv.register_structure_hook_func(lambda cl: cl == Second, second_in)


def _read_distributions(conv: Converter) -> None:
    def distribution_in(value: object, _cl: Any) -> Any:
        kind = KINDS.get(str(value.get("distribution"))) if isinstance(value, dict) else None
        if kind is None or not isinstance(value, dict):
            example = '{ distribution = "exponential", mean_s = 240 }'
            raise Expected(f"expected a table such as {example}, with one of {', '.join(KINDS)}")
        return conv.structure({key: v for key, v in value.items() if key != "distribution"}, kind)

    conv.register_structure_hook_func(lambda cl: cl in (Distribution, Distribution | None), distribution_in)
    for kind in KINDS.values():
        plain = conv.get_unstructure_hook(kind)
        conv.register_unstructure_hook(kind, _named(kind.distribution, plain))


def _named(name: str, plain: Any) -> Any:
    return lambda value: {"distribution": name, **plain(value)}


def _read_skills(conv: Converter) -> None:
    """A list of skills means level 1 of each."""

    def skills_in(value: object, _cl: Any) -> Any:
        if not isinstance(value, list | dict):
            raise Expected("expected a list of skills, or a table such as { loan = 2 }")
        if isinstance(value, dict):
            return conv.structure(value, dict[str, int])
        return dict.fromkeys(conv.structure(value, list[str]), 1)

    def row_out(row: Any) -> dict[str, Any]:
        plain: dict[str, Any] = hooks[type(row)](row)
        if plain.get("skills") and set(plain["skills"].values()) == {1}:
            plain["skills"] = list(plain["skills"])
        return plain

    conv.register_structure_hook_func(lambda cl: cl == _LEVELS, skills_in)
    hooks = {cl: conv.get_unstructure_hook(cl) for cl in _WITH_SKILLS}
    for cl in hooks:
        conv.register_unstructure_hook(cl, row_out)
