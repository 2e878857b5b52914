"""The `config` of a welcome: what each role may choose from, by the settings and the leader's word."""

from attrs import evolve

from engine.actors.context import QueueStanding, Standings
from engine.actors.ports import Identity
from engine.domain.rules import Timings
from engine.settings import Settings
from engine.welcome import client_config

SETTINGS = Settings()


def told(role: str, settings: Settings = SETTINGS, standings: Standings | None = None, **who: object) -> dict:  # type: ignore[type-arg]
    identity = Identity(sub="x", role=role, **who)  # type: ignore[arg-type]
    return dict(client_config(lambda: settings, standings or Standings())(identity))


def ids(rows: list[dict[str, object]]) -> list[object]:
    return [row["id"] for row in rows]


def test_a_customer_chooses_among_the_queues_that_his_tier_may_enter() -> None:
    assert ids(told("customer")["queues"]) == ["general"]
    assert ids(told("customer", tier="priority")["queues"]) == ["general", "premium"]


def test_an_agent_is_told_what_he_serves_and_whereto_he_may_pass_on() -> None:
    config = told("agent", queues=("premium",))
    assert ids(config["queues"]) == ["premium"]
    assert ids(config["transfer_queues"]) == ["general", "premium"]
    assert ids(config["reasons"]) == ["break", "training"]
    assert {"id": "priority", "label": {"id": "Prioritas", "en": "Priority"}} in config["tiers"]


def test_a_supervisor_sees_everything_or_what_his_token_bounds() -> None:
    assert ids(told("supervisor")["queues"]) == ["general", "premium"]
    [only] = told("supervisor", queues=("general",))["queues"]
    assert (only["id"], only["service_level_ms"], only["service_target"]) == ("general", 20_000, 80)


def test_a_queue_is_open_as_last_heard_and_until_then_as_configured() -> None:
    paused = Standings({"general": QueueStanding(0, 0, None, open=False)})
    assert [row["open"] for row in told("customer", tier="priority")["queues"]] == [True, True]
    assert [row["open"] for row in told("customer", standings=paused)["queues"]] == [False]


def test_grace_and_words_are_those_of_the_moment() -> None:
    now = SETTINGS
    config = client_config(lambda: now, Standings())
    someone = Identity(sub="c", role="customer")
    assert config(someone)["grace_ms"] == {"waiting": 20_000, "call": 30_000, "agent": 30_000}
    now = evolve(now, policy=evolve(now.policy, timings=Timings(customer_grace_ms=5_000)))
    assert config(someone)["grace_ms"]["waiting"] == 5_000
