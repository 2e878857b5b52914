"""Why a call went to that agent, in words: from the assignment's recorded why and from nothing else."""

import json
from collections.abc import Callable
from typing import Any

from engine.domain.model import Call
from engine.domain.rules import Select

Names = Callable[[str], str]  #: an agent's id -> his name

_CHOSEN = {
    Select.LONGEST_IDLE: "free the longest",
    Select.LEAST_FLEXIBLE: "has the fewest skills of those who can",
    Select.BEST_SKILL: "knows it best",
    Select.LEAST_OCCUPIED: "was the least busy today",
}
_NOT_CHOSEN = {
    Select.LEAST_FLEXIBLE.value: "with more skills",
    Select.BEST_SKILL.value: "knowing it less",
    Select.LEAST_OCCUPIED.value: "busier today",
    "not_able": "unable",
    "not_preferred": "not preferred",
    "avoided": "had declined it",
    "idle_less": "less long",
    "id": "as good, but later by name",
}


def duration(ms: int) -> str:
    """`95000` as `1:35`, below a minute as `35 s`."""
    seconds = max(0, round(ms / 1000))
    return f"{seconds} s" if seconds < 60 else f"{seconds // 60}:{seconds % 60:02}"


def why(call: Call, names: Names) -> str:
    """One sentence without the call and the agent themselves."""
    told: dict[str, Any] = json.loads(call.why) if call.why else {}
    parts = [f"waited {duration(told['waited_ms'])}", *_due(told), *_needs(told), _choice(told, names)]
    if passed := told["passed_over"]:
        parts.append(f"{passed} due before it need{'s' if passed == 1 else ''} somebody else")
    return "; ".join(parts)


def _due(told: dict[str, Any]) -> list[str]:
    terms = {rule: ms for rule, ms in told["terms"].items() if ms}
    band = [f"band {told['band']}"] if told["band"] else []
    if not terms:
        return band
    one = len(terms) == 1
    by = " + ".join(rule if one else f"{duration(ms)} {rule}" for rule, ms in terms.items())
    return [*band, f"counts as {duration(sum(terms.values()))} earlier ({by})"]


def _needs(told: dict[str, Any]) -> list[str]:
    return ["waited so long that it asks less"] if told["step"] else []


def _choice(told: dict[str, Any], names: Names) -> str:
    others: dict[str, str] = told["considered"]
    if not others:
        return "nobody else was free"
    grouped: dict[str, list[str]] = {}
    for agent, reason in others.items():
        grouped.setdefault(reason, []).append(names(agent))
    said = "; ".join(f"{', '.join(group)} {_NOT_CHOSEN[reason]}" for reason, group in grouped.items())
    if grouped.keys() == {"not_able"}:
        return f"nobody else who can was free ({said})"
    return f"{_CHOSEN[Select(told['select'])]} ({said})"
