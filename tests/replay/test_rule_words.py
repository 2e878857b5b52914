"""Rules in words: what differs, and whom they match."""

from collections.abc import Mapping

import pytest
from attrs import evolve

from engine.domain.rules import Queue, Rule, Select, Step, Timings
from engine.policy_file import Named, PolicyTables
from engine.replay.rows import CallRow
from engine.replay.rule_words import differences, unmatched
from tests.replay.facts_by_hand import scenario

BANK = Queue(name="bank", wrap_up_ms=30_000, max_wait_ms=3_600_000)
PRIORITY = Rule(when={"tier": ("priority",)}, head_start_ms=90_000)
FIRST = PolicyTables(queues=(BANK,), rules=(PRIORITY,), tiers=(Named("regular"), Named("priority")))
STEPS = (Step(after_ms=60_000, queues=("x",)),)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, []),
        (
            {"queues": (evolve(BANK, wrap_up_ms=20_000, max_wait_ms=None, select=Select.BEST_SKILL),)},
            [
                "queue bank: select longest_idle → best_skill",
                "queue bank: wrap_up 30s → 20s",
                "queue bank: max_wait 1h → never",
            ],
        ),
        (
            {
                "queues": (
                    evolve(BANK, max_waiting=5, open=False, steps=(Step(after_ms=60_000, queues=("x",)),)),
                )
            },
            [
                "queue bank: max_waiting no limit → 5",
                'queue bank: steps [] → [{ after = "1m", queues = ["x"] }]',
                "queue bank: open true → false",
            ],
        ),
        ({"queues": (evolve(BANK, label={"en": "Bank"}),)}, []),
        ({"queues": (Queue(name="loans"),)}, ["queue bank is gone", "queue loans is new"]),
        ({"rules": (evolve(PRIORITY, head_start_ms=45_000),)}, ["rule tier=priority: head start 90s → 45s"]),
        (
            {"rules": (evolve(PRIORITY, head_start_ms=0, band=2),)},
            ["rule tier=priority: head start 90s → 0s", "rule tier=priority: band 0 → 2"],
        ),
        ({"rules": ()}, ["rule tier=priority is gone (head start 90s)"]),
        (
            {"rules": (Rule(when={"tier": ("gold", "vip"), "city": ("Ubud",)}, band=3), PRIORITY)},
            ["rule tier=gold|vip, city=Ubud is new (band 3)"],
        ),
        ({"timings": Timings(avoid_ms=10_000)}, ["timings: avoid 1m → 10s"]),
        ({"tiers": ()}, ["tiers: regular, priority → any name"]),
        ({"tiers": (Named("priority"), Named("gold"))}, ["tiers: regular is gone", "tiers: gold is new"]),
        ({"tiers": (Named("priority"), Named("regular"))}, []),
        ({"skills": (Named("loan"),)}, ["skills: any name → loan"]),
    ],
)
def test_what_differs_is_told_in_a_planners_words(changes: Mapping[str, object], said: list[str]) -> None:
    assert differences(FIRST, evolve(FIRST, **changes)) == said


def test_rules_of_one_name_are_told_as_one() -> None:
    first = evolve(FIRST, rules=(evolve(PRIORITY, name="vip"), Rule(band=1)))
    gold = Rule(name="vip", when={"tier": ("gold",)}, head_start_ms=90_000)
    assert differences(first, evolve(FIRST, rules=(Rule(band=1), gold))) == [
        "rule vip: when tier=priority → tier=gold"
    ]


def test_the_same_rules_in_another_order_are_the_same() -> None:
    twice = (PRIORITY, Rule(band=1), PRIORITY)
    assert differences(evolve(FIRST, rules=twice), evolve(FIRST, rules=twice[::-1])) == []
    assert differences(evolve(FIRST, rules=twice), evolve(FIRST, rules=twice[1:])) == [
        "rule tier=priority is gone (head start 90s)"
    ]


CALLS = (
    CallRow(id="c1", arrive_s=0, queue="q", handle_s=1, tier="priority"),
    CallRow(id="c2", arrive_s=0, queue="q", handle_s=1, attributes={"city": "Ubud"}),
)


@pytest.mark.parametrize(
    ("when", "said"),
    [
        ({"tier": ("priority",)}, []),
        ({}, []),
        ({"city": ("Ubud", "Kuta")}, []),
        ({"teir": ("priority",)}, ['rules[0] (teir=priority) matches none of 2 calls; did you mean "tier"?']),
        (
            {"tier": ("priorty",)},
            ['rules[0] (tier=priorty) matches none of 2 calls; did you mean "priority"?'],
        ),
        (
            {"tier": ("gold",)},
            ["rules[0] (tier=gold) matches none of 2 calls; there are tier priority, regular"],
        ),
        (
            {"segment": ("gold",)},
            ["rules[0] (segment=gold) matches none of 2 calls; no call has the attribute segment"],
        ),
        (
            {"tier": ("priority",), "city": ("Ubud",)},
            ["rules[0] (tier=priority, city=Ubud) matches none of 2 calls"],
        ),
        ({"tier": ("regular", "priorty")}, ['rules[0]: no call has tier=priorty; did you mean "priority"?']),
    ],
)
def test_a_rule_that_matches_nobody_is_told(when: Mapping[str, tuple[str, ...]], said: list[str]) -> None:
    assert unmatched(scenario(CALLS, rules=(Rule(when=when, head_start_ms=1),))) == said


def test_a_day_without_calls_says_nothing_of_rules() -> None:
    assert unmatched(scenario((), rules=(Rule(when={"tier": ("x",)}, band=1),))) == []
