"""The rules of a recorded day: those by which its calls had their places and its queues were served."""

from recorded import recorded
from told import Told, at

from engine.domain import facts as f
from engine.domain.lifecycle import AgentState, EndReason, OfferEnd, RequeueReason
from engine.domain.rules import Policy, Queue, Rule, Select
from engine.policy_file import Named

GOLD = Rule(when={"segment": ("gold", "platinum")}, head_start_ms=60_000)
FRAUD = Rule(when={"flag": ("fraud",), "tier": ("regular",)}, band=5)
RULES = Policy(
    queues={"general": Queue(name="general", head_start_ms=5_000)},
    rules=(Rule(when={"tier": ("priority",)}, head_start_ms=90_000), GOLD, FRAUD),
)


def asked(*calls: tuple[str, str, dict[str, int], int]) -> Told:
    day = Told()
    day.logs_in(0, "ani")
    for n, (name, tier, terms, band) in enumerate(calls):
        day.asks(10 + n, name, tier=tier, terms=terms, band=band)
    return day


def test_where_the_rules_give_the_places_they_stay_and_calls_get_what_they_ask_for() -> None:
    own = {"queue general": 5_000}
    day = asked(
        ("plain", "regular", own, 0),
        ("vip", "priority", {**own, "tier priority": 90_000}, 0),
        ("gold", "regular", {**own, "segment": 60_000}, 0),
        ("fraud", "regular", own, 5),
    )
    made = recorded(day, RULES)
    assert made.scenario.rules == RULES.rules
    assert {row.id: dict(row.attributes) for row in made.scenario.calls} == {
        "plain": {},
        "vip": {},
        "gold": {"segment": "gold"},
        "fraud": {"flag": "fraud"},
    }
    assert made.notes == ("4 calls had not ended when the journal did",)


def test_where_they_do_not_the_head_starts_themselves_are_rules() -> None:
    old = {"tier priority": 30_000}
    day = asked(("plain", "regular", {}, 0), ("vip", "priority", old, 0), ("other", "priority", old, 2))
    made = recorded(day, RULES)
    assert (
        "the rules as configured do not give the calls their places; their head starts are recorded"
        in made.notes
    )
    policy = made.scenario.policy
    places = {
        row.id: policy.prioritise(row.queue, row.tier, row.attributes, 0) for row in made.scenario.calls
    }
    assert {name: (place.due_at, place.band) for name, place in places.items()} == {
        "plain": (0, 0),
        "vip": (-30_000, 0),
        "other": (-30_000, 2),
    }


def test_queues_are_as_they_were_served() -> None:
    day = Told()
    day.logs_in(0, "ani", "general", "cards")
    day.asks(10, "a")
    day.asks(11, "gone")
    day.offered(10, "a", "ani", select="best_skill")
    offer = day.facts[-2]
    assert isinstance(offer, f.CallOffered)
    day.facts[-2] = f.CallOffered(
        at=offer.at, call="a", agent="ani", offer=offer.offer, until=at(40), why=offer.why
    )
    day.ends_offer(12, "a", OfferEnd.ACCEPTED)
    day.hung_up(50, "a")
    day.moves(95.02, "ani", AgentState.READY)
    day.asks(100, "b", "cards")
    day.served(100, "b", "ani")
    day.hung_up(110, "b", wrap_up=False)
    day.left(611.01, "gone", EndReason.EXPIRED)
    made = recorded(day)
    general, cards = made.scenario.queues
    assert (general.ring_ms, general.wrap_up_ms, general.max_wait_ms) == (30_000, 45_000, 600_000)
    assert general.select is Select.BEST_SKILL
    assert cards.wrap_up_ms == 0
    assert made.notes[:2] == (
        "queue general was served with ring 30s, wrap_up 45s, max_wait 10m, select best_skill, "
        "not as configured",
        "queue cards was served with wrap_up 0s, not as configured",
    )


def test_a_maximum_wait_that_nobody_was_held_to_was_none() -> None:
    day = Told()
    day.logs_in(0, "ani")
    day.asks(0, "a")
    day.served(7200, "a", "ani")
    assert recorded(day).scenario.queues[0].max_wait_ms is None


def test_names_that_the_rules_no_longer_have_are_there() -> None:
    policy = Policy(
        queues={"general": Queue(name="general", tiers=("priority",), open=False, max_waiting=1)},
        tiers=("priority",),
        skills=("card",),
        reasons=("break",),
    )
    day = Told()
    day.logs_in(0, "ani", "general", "old", skills={"loan": 1})
    day.moves(1, "ani", AgentState.NOT_READY, "prayer")
    day.moves(5, "ani", AgentState.READY)
    day.asks(10, "a", "old", tier="gone")
    day.asks(11, "b", tier="regular", skills={"loan": 1})
    made = recorded(day, policy)
    assert [word.name for word in made.scenario.tiers] == ["priority", "gone", "regular"]
    assert made.scenario.skills == (Named("card"), Named("loan"))
    assert [word.name for word in made.scenario.reasons] == ["break", "prayer"]
    assert {queue.name: queue.tiers for queue in made.scenario.queues} == {
        "old": (),
        "general": ("priority", "regular"),
    }
    assert all(queue.open and queue.max_waiting is None for queue in made.scenario.queues)


def test_what_a_replay_does_not_do_again_is_said() -> None:
    day = Told()
    day.logs_in(0, "ani")
    day.asks(1, "a")
    day.tell(f.Commanded(at=at(2), by="boss", command="queue.pause", target="queue:general"))
    day.tell(f.RulesReloaded(at=at(3), rules="r2"))
    day.tell(f.DeadlinesShifted(at=at(4), who="call:a", by_ms=500))
    day.asks(1, "a", restored_s=5)
    day.served(6, "a", "ani")
    day.requeued(9, "a", RequeueReason.AGENT_LOST)
    day.left(10, "a")
    assert recorded(day).notes == (
        "supervisors' queue.pause: 1 times, not commanded again",
        "the rules were read again while it was served",
        "the store was away for a while",
        "the store came back empty, and calls were placed anew",
    )
