"""Rules in words: in what two sets of them differ, and which rules of a day match nobody.

Keys and durations are said as a rules file writes them. Labels are for people to read and change nothing, so
they are no difference; nor is the order of rules, which add up.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

import attrs

from engine.domain.rules import Queue, Rule, Timings
from engine.policy_file import PolicyTables, policy_converter
from engine.replay.scenario import Scenario
from engine.tables import duration_text, is_duration, key_of
from engine.toml_text import toml_value

#: Values that are told where none is near to what a rule says.
NAMED = 5
_LISTS = ("tiers", "skills", "reasons", "dispositions")


# what differs


def differences(first: PolicyTables, other: PolicyTables) -> list[str]:
    """In what the other rules differ from the first, a line each."""
    return [
        *_of_queues({q.name: q for q in first.queues}, {q.name: q for q in other.queues}),
        *_of_rules(first.rules, other.rules),
        *(f"timings: {said}" for said in _of_fields(first.timings, other.timings)),
        *(line for key in _LISTS for line in _of_list(key, getattr(first, key), getattr(other, key))),
    ]


def _of_queues(first: Mapping[str, Queue], other: Mapping[str, Queue]) -> Iterator[str]:
    for name, queue in first.items():
        if name not in other:
            yield f"queue {name} is gone"
        for said in _of_fields(queue, other.get(name, queue)):
            yield f"queue {name}: {said}"
    yield from (f"queue {name} is new" for name in other if name not in first)


def _of_rules(first: Sequence[Rule], other: Sequence[Rule]) -> Iterator[str]:
    """Alike are rules of the same name, then those of the same condition."""
    old, new = list(first), list(other)
    for rule in first:
        if rule in new:
            old.remove(rule)
            new.remove(rule)
    for alike in (_same_name, _same_condition):
        for rule in tuple(old):
            if (twin := next((r for r in new if alike(rule, r)), None)) is not None:
                old.remove(rule)
                new.remove(twin)
                for said in _of_fields(rule, twin):
                    yield f"{rule_title(rule)}: {said}"
    yield from (f"{rule_title(rule)} is gone ({_effect(rule)})" for rule in old)
    yield from (f"{rule_title(rule)} is new ({_effect(rule)})" for rule in new)


def _same_name(rule: Rule, other: Rule) -> bool:
    return bool(rule.name) and rule.name == other.name


def _same_condition(rule: Rule, other: Rule) -> bool:
    return rule.when == other.when


def _of_fields(first: Queue | Rule | Timings, other: Queue | Rule | Timings) -> Iterator[str]:
    for f in attrs.fields(type(first)):
        old, new = getattr(first, f.name), getattr(other, f.name)
        if old != new and f.name != "label":
            name = key_of(f).replace("_", " ") if isinstance(first, Rule) else key_of(f)
            yield f"{name} {_value(f, old)} → {_value(f, new)}"


def _value(field: "attrs.Attribute[Any]", value: Any) -> str:
    """As a file writes it; a duration without quotes."""
    if isinstance(value, Mapping):
        return condition(value)
    if value is None:
        return "never" if is_duration(field) else "no limit"
    if is_duration(field):
        return duration_text(value)
    if isinstance(value, str):
        return str(value) or "none"
    return toml_value(policy_converter().unstructure(value))


def _of_list(key: str, first: Sequence[Any], other: Sequence[Any]) -> Iterator[str]:
    old, new = ([word.name for word in words] for words in (first, other))
    if old and new:
        if gone := [name for name in old if name not in new]:
            yield f"{key}: {', '.join(gone)} {'is' if len(gone) == 1 else 'are'} gone"
        if come := [name for name in new if name not in old]:
            yield f"{key}: {', '.join(come)} {'is' if len(come) == 1 else 'are'} new"
    elif old or new:
        yield f"{key}: {', '.join(old) or 'any name'} → {', '.join(new) or 'any name'}"


def rule_title(rule: Rule) -> str:
    return f"rule {rule.name or condition(rule.when)}"


def condition(when: Mapping[str, Sequence[str]]) -> str:
    """Whom a rule matches: "tier=priority, queue=general|loans"."""
    return ", ".join(f"{key}={'|'.join(values)}" for key, values in when.items()) or "always"


def _effect(rule: Rule) -> str:
    band = [f"band {rule.band}"] if rule.band else []
    start = [f"head start {duration_text(rule.head_start_ms)}"] if rule.head_start_ms or not band else []
    return ", ".join(start + band)


# whom rules match


def unmatched(day: Scenario) -> list[str]:
    """The rules of the day that match none of its calls, and values beside one that its calls do have."""
    have: dict[str, set[str]] = {"tier": set(), "queue": set()}
    for call in day.calls:
        for key, value in {**call.attributes, "tier": call.tier, "queue": call.queue}.items():
            have.setdefault(key, set()).add(value)
    if not day.calls:
        return []
    return [line for n, rule in enumerate(day.rules) for line in _of_rule(f"rules[{n}]", rule, day, have)]


def _of_rule(at: str, rule: Rule, day: Scenario, have: Mapping[str, set[str]]) -> Iterator[str]:
    if not any(rule.matches(call.queue, call.tier, call.attributes) for call in day.calls):
        hints = (_hint(key, values, have) for key, values in rule.when.items())
        said = f"{at} ({condition(rule.when)}) matches none of {len(day.calls)} calls"
        yield "; ".join([said, *filter(None, hints)])
        return
    for key, values in rule.when.items():
        for value in values:
            near = get_close_matches(value, have[key] - set(values), 1)
            if value not in have[key] and near:
                yield f'{at}: no call has {key}={value}; did you mean "{near[0]}"?'


def _hint(key: str, values: Iterable[str], have: Mapping[str, set[str]]) -> str:
    """What may have been meant by a condition that nobody meets."""
    if not have.get(key):
        near = get_close_matches(key, [name for name in have if have[name]], 1)
        return f'did you mean "{near[0]}"?' if near else f"no call has the attribute {key}"
    if have[key] & set(values):
        return ""
    near = [found for value in values for found in get_close_matches(value, have[key], 1)]
    if near:
        return f'did you mean "{near[0]}"?'
    known = sorted(have[key])
    more = f" and {len(known) - NAMED} more" if len(known) > NAMED else ""
    return f"there {'is' if len(known) == 1 else 'are'} {key} {', '.join(known[:NAMED])}{more}"
