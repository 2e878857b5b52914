"""Priority and needs: head starts add up, the highest band wins, steps relax, and nobody starves."""

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from engine.domain.errors import Code, Refused
from engine.domain.model import Term
from engine.domain.rules import Policy, Queue, Rule, Step, Timings, able, needs_at

AT = 10_000_000

BANK = Policy(
    queues={"general": Queue(name="general"), "premium": Queue(name="premium", head_start_ms=60_000)},
    rules=(
        Rule(when={"tier": ("priority",)}, head_start_ms=90_000),
        Rule(when={"tier": ("priority", "gold"), "queue": ("general",)}, head_start_ms=5_000, name="upper"),
        Rule(when={"topic": ("fraud",)}, band=3),
        Rule(when={"topic": ("fraud", "theft")}, band=7, head_start_ms=1_000),
        Rule(when={"topic": ("spam",)}, head_start_ms=-20_000, name="can wait"),
    ),
)

#: (queue, tier, attributes) -> head starts by rule, band
PRIORITIES: list[tuple[tuple[str, str, dict[str, str]], dict[str, int], int]] = [
    (("general", "regular", {}), {}, 0),
    (("premium", "regular", {}), {"queue premium": 60_000}, 0),
    (("general", "priority", {}), {"tier priority": 90_000, "upper": 5_000}, 0),
    (("general", "gold", {}), {"upper": 5_000}, 0),
    (("premium", "gold", {}), {"queue premium": 60_000}, 0),
    (("premium", "priority", {}), {"queue premium": 60_000, "tier priority": 90_000}, 0),
    (("general", "regular", {"topic": "fraud"}), {"topic": 1_000}, 7),
    (("general", "regular", {"topic": "theft"}), {"topic": 1_000}, 7),
    (("general", "regular", {"topic": "frau"}), {}, 0),
    (("general", "regular", {"topic": "spam"}), {"can wait": -20_000}, 0),
    (("general", "regular", {"tier": "priority", "queue": "premium"}), {}, 0),
]


@pytest.mark.parametrize(("who", "terms", "band"), PRIORITIES)
def test_head_starts_add_up_and_the_highest_band_wins(
    who: tuple[str, str, dict[str, str]], terms: dict[str, int], band: int
) -> None:
    found = BANK.prioritise(*who, AT)
    assert {t.rule: t.head_start_ms for t in found.terms} == terms
    assert (found.due_at, found.band) == (AT - sum(terms.values()), band)


def test_rules_of_one_label_make_one_term() -> None:
    """What the journal tells by label adds up to the due, whatever rules are called alike."""
    rules = (
        Rule(when={"segment": ("gold", "silver")}, head_start_ms=30_000),
        Rule(when={"segment": ("gold",)}, head_start_ms=10_000),
        Rule(when={"tier": ("priority",)}, head_start_ms=5_000, name="queue premium"),
        Rule(when={"segment": ("gold",)}, head_start_ms=-5_000, name="less"),
        Rule(when={"segment": ("gold",)}, head_start_ms=5_000, name="less"),
    )
    found = evolve(BANK, rules=rules).prioritise("premium", "priority", {"segment": "gold"}, AT)
    assert found.terms == (Term("queue premium", 65_000), Term("segment", 40_000))
    assert found.due_at == AT - 105_000


def test_a_rule_without_conditions_always_matches() -> None:
    rule = Rule(head_start_ms=7)
    assert rule.matches("any", "regular", {})
    assert rule.label == "always"


def test_a_queue_that_is_not_there() -> None:
    with pytest.raises(Refused) as refused:
        BANK.prioritise("nowhere", "regular", {}, AT)
    assert (refused.value.code, refused.value.field) == (Code.NO_SUCH_QUEUE, "queue")


@given(
    st.integers(0, 600_000),
    st.lists(st.tuples(st.integers(0, 10**7), st.booleans()), min_size=2, max_size=30),
)
def test_nobody_is_overtaken_by_one_who_arrived_more_than_the_head_start_later(
    head_start_ms: int, arrivals: list[tuple[int, bool]]
) -> None:
    policy = evolve(BANK, rules=(Rule(when={"tier": ("priority",)}, head_start_ms=head_start_ms),))
    line = []
    for at, priority in arrivals:
        due_at = policy.prioritise("general", "priority" if priority else "regular", {}, at).due_at
        line.append((due_at, at))
    line.sort()
    for place, (_, at) in enumerate(line):
        assert all(earlier - at <= head_start_ms for _, earlier in line[:place])


STEPPED = Queue(
    name="general",
    steps=(
        Step(after_ms=60_000, drop_skills=("loan",), queues=("premium",)),
        Step(after_ms=30_000, max_level=2),
        Step(after_ms=90_000, drop_skills=("*",), queues=("overflow",)),
    ),
)


@pytest.mark.parametrize(
    ("step", "needed", "serving"),
    [
        (0, {"id": 3, "loan": 1}, {"general"}),
        (1, {"id": 2, "loan": 1}, {"general"}),
        (2, {"id": 2}, {"general", "premium"}),
        (3, {}, {"general", "premium", "overflow"}),
    ],
)
def test_steps_relax_what_is_needed_in_order_of_wait(
    step: int, needed: dict[str, int], serving: set[str]
) -> None:
    assert needs_at(STEPPED, {"id": 3, "loan": 1}, step) == (needed, frozenset(serving))


ABLE: list[tuple[tuple[str, ...], dict[str, int], dict[str, int], bool]] = [
    (("general",), {}, {}, True),
    (("other", "general"), {}, {}, True),
    (("other",), {}, {}, False),
    ((), {}, {}, False),
    (("general",), {"id": 2}, {"id": 2}, True),
    (("general",), {"id": 3}, {"id": 2}, True),
    (("general",), {"id": 1}, {"id": 2}, False),
    (("general",), {}, {"id": 1}, False),
    (("general",), {"id": 2}, {"id": 2, "loan": 1}, False),
]


@pytest.mark.parametrize(("queues", "has", "needed", "expected"), ABLE)
def test_who_is_able(
    queues: tuple[str, ...], has: dict[str, int], needed: dict[str, int], expected: bool
) -> None:
    assert able(queues, has, frozenset({"general"}), needed) is expected


def test_scaled_divides_every_business_duration_and_keeps_its_order() -> None:
    policy = Policy(
        queues={
            "general": Queue(
                name="general",
                ring_ms=10_000,
                wrap_up_ms=0,
                service_level_ms=20_000,
                head_start_ms=-3_000,
                max_wait_ms=None,
                steps=(Step(after_ms=40_000, max_level=1),),
            ),
            "premium": Queue(name="premium", max_wait_ms=50_000),
        },
        rules=(Rule(head_start_ms=90_000, band=2, name="always first"),),
    )
    fast = policy.scaled(10)
    general = fast.queues["general"]
    assert (general.ring_ms, general.wrap_up_ms, general.service_level_ms) == (1_000, 0, 2_000)
    assert (general.head_start_ms, general.max_wait_ms) == (-300, None)
    assert general.steps == (Step(after_ms=4_000, max_level=1),)
    assert fast.queues["premium"].max_wait_ms == 5_000
    assert fast.rules == (Rule(head_start_ms=9_000, band=2, name="always first"),)
    was, now = Timings(), fast.timings
    for name in ("decline_rest", "avoid", "customer_grace", "call_grace", "agent_grace", "prefer"):
        assert getattr(now, f"{name}_ms") == getattr(was, f"{name}_ms") / 10
    assert (now.keep_ended_ms, now.keep_offline_ms) == (was.keep_ended_ms, was.keep_offline_ms)
    assert policy.scaled(10**9).queues["general"].ring_ms == 1, "a duration never becomes none"
    assert policy.scaled(1) == policy


def test_the_version_names_exactly_these_queues_and_rules() -> None:
    assert BANK.version == evolve(BANK, tiers=("priority",)).version
    assert BANK.version != evolve(BANK, rules=BANK.rules[1:]).version
    assert BANK.version != evolve(BANK, queues={"general": Queue(name="general", ring_ms=1)}).version
    assert len(BANK.version) == 8
