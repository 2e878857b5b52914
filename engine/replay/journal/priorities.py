"""The rules under which a recorded day's calls get the places that they had.

The journal has each call's terms and band, but not the attributes by which rules may match. Where the rules
as configured give every call its place, a call is given the attributes that they ask for; the rules then stay
the bank's own, to be changed and compared. Where they do not (they were others on that day), the head starts
themselves become rules, by an attribute `recorded` that stands for each combination.
"""

from collections.abc import Iterable, Mapping

from attrs import evolve, frozen

from engine.domain.facts import CallQueued
from engine.domain.rules import Policy, Rule
from engine.replay.journal.line import arrival

ATTRIBUTE = "recorded"


@frozen
class Places:
    """`policy` gives each call its place by its `attributes`. `configured`: it is the bank's own."""

    policy: Policy
    attributes: Mapping[str, Mapping[str, str]]
    configured: bool


def places(calls: Iterable[CallQueued], policy: Policy) -> Places:
    asked = tuple(calls)
    inferred = {fact.call: _attributes(fact, policy) for fact in asked}
    if all(_holds(fact, policy, inferred[fact.call]) for fact in asked):
        return Places(policy, inferred, configured=True)
    return _as_they_were(asked, policy)


def _attributes(fact: CallQueued, policy: Policy) -> dict[str, str]:
    """What the rules that raised this call ask for beside queue and tier."""
    found: dict[str, str] = {}
    for rule in policy.rules:
        told = (
            fact.terms.get(rule.label) == rule.head_start_ms if rule.head_start_ms else rule.band == fact.band
        )
        if told and rule.band <= fact.band:
            asks = {key: values[0] for key, values in rule.when.items() if key not in ("queue", "tier")}
            found = {**asks, **found}
    return found


def _holds(fact: CallQueued, policy: Policy, attributes: Mapping[str, str]) -> bool:
    """Whether the rules give this call the place that it had."""
    if fact.queue not in policy.queues:
        return False
    found = policy.prioritise(fact.queue, fact.tier, attributes, arrival(fact))
    return (found.due_at, found.band) == (fact.due_at, fact.band)


def _as_they_were(asked: tuple[CallQueued, ...], policy: Policy) -> Places:
    names: dict[tuple[int, int], str] = {}
    attributes: dict[str, Mapping[str, str]] = {}
    for fact in asked:
        place = (arrival(fact) - fact.due_at, fact.band)
        if place != (0, 0):
            attributes[fact.call] = {ATTRIBUTE: names.setdefault(place, f"p{len(names) + 1}")}
    rules = tuple(
        Rule(when={ATTRIBUTE: (name,)}, head_start_ms=ms, band=band, name=f"{ATTRIBUTE} {name}")
        for (ms, band), name in names.items()
    )
    queues = {name: evolve(queue, head_start_ms=0) for name, queue in policy.queues.items()}
    return Places(evolve(policy, queues=queues, rules=rules), attributes, configured=False)
