"""The demo's people: the same seed brings the same callers, and every mood of an agent comes to something."""

from itertools import islice
from random import Random

import pytest

from engine.actors.notices import AgentStateNow, CallEnded, Offer, OfferedCall, Person
from engine.actors.requests import OfferAccept, OfferDecline, StateSet
from engine.demo import scene
from engine.demo.agent import DECLINES, DOES_NOT_ANSWER, TAKES_A_BREAK, MoodyAgent
from engine.domain.lifecycle import AgentState, EndReason, Party
from engine.domain.rules import able
from engine.replay.people import Deeds, Later
from engine.replay.rows import AgentRow


def test_the_same_seed_brings_the_same_callers() -> None:
    first, again, other = (list(islice(scene.callers(seed), 200)) for seed in (1, 1, 2))
    assert first == again != other
    assert len({caller.row.id for caller in first}) == 200


def test_everybody_who_calls_can_be_served() -> None:
    policy = scene.policy()
    for caller in islice(scene.callers(1), 500):
        row = caller.row
        assert not list(row.mistakes("row", policy))
        assert any(
            able(agent.queues, agent.skills, frozenset({row.queue}), row.skills) for agent in scene.AGENTS
        )


def test_the_agents_fit_the_rules() -> None:
    for agent in scene.AGENTS:
        row = AgentRow(id=agent.id, login_s=0, queues=agent.queues, skills=agent.skills)
        assert not list(row.mistakes("row", scene.policy()))


def test_the_first_come_quickly() -> None:
    times = [caller.after_s for caller in islice(scene.callers(scene.FIRST_CALLS), scene.FIRST_CALLS)]
    assert sum(times) < scene.FIRST_CALLS * scene.FIRST_EVERY_S * 3


class Mood(Random):
    """Draws what it is told to."""

    def __init__(self, drawn: float) -> None:
        super().__init__(1)
        self._drawn = drawn

    def random(self) -> float:
        return self._drawn


OFFER = Offer(
    offer_id="o1",
    call=OfferedCall(
        call_id="c1",
        queue="q",
        tier="regular",
        customer=Person(id="k", name=""),
        skills={},
        attributes={},
        waited_ms=0,
    ),
    deadline_at=1,
    why={},
)


def in_the_end(agent: MoodyAgent, deeds: Deeds) -> Deeds:
    """What he does now, and what he planned to do."""
    return tuple(done for deed in deeds for done in (agent.act(deed) if isinstance(deed, Later) else (deed,)))


@pytest.mark.parametrize(
    ("mood", "answer"),
    [
        (0.0, ()),
        (DOES_NOT_ANSWER, (OfferDecline(offer_id="o1"),)),
        (DOES_NOT_ANSWER + DECLINES, (OfferAccept(offer_id="o1"),)),
    ],
)
def test_an_offer_is_answered_by_mood(mood: float, answer: Deeds) -> None:
    agent = MoodyAgent(Mood(mood))
    assert in_the_end(agent, agent.heard(OFFER)) == answer


READY = (StateSet(state=AgentState.READY),)


@pytest.mark.parametrize(
    ("reason", "deeds"),
    [("login", READY), ("lost", READY), ("no_answer", READY), ("break", READY), ("declined", ())],
)
def test_who_is_not_ready_comes_back(reason: str, deeds: Deeds) -> None:
    agent = MoodyAgent(Mood(0.5))
    now = AgentStateNow(
        state=AgentState.NOT_READY, reason=reason, since_at=1, next_state=None, deadline_at=None
    )
    assert in_the_end(agent, agent.heard(now)) == deeds


def test_after_some_calls_he_takes_a_break() -> None:
    ended = CallEnded(call_id="c1", reason=EndReason.COMPLETED, by=Party.CUSTOMER)
    rest = (StateSet(state=AgentState.NOT_READY, reason="break"),)
    assert MoodyAgent(Mood(TAKES_A_BREAK - 0.01)).heard(ended) == rest
    assert MoodyAgent(Mood(TAKES_A_BREAK)).heard(ended) == ()


def test_the_visitors_own_queue_rings_at_his_own_desks_and_nowhere_else() -> None:
    own, first, second = frozenset({scene.YOURS}), *scene.DESKS
    assert not [agent for agent in scene.AGENTS if able(agent.queues, agent.skills, own, {})]
    assert able(first.queues, first.skills, own, {})
    assert able(second.queues, second.skills, own, {})
    assert not able(first.queues, first.skills, frozenset({"general"}), {})
    assert able(second.queues, second.skills, frozenset({"general"}), {})
    assert scene.YOURS not in {caller.row.queue for caller in islice(scene.callers(1), 500)}


def test_the_visitors_own_call_comes_before_all_who_wait() -> None:
    policy = scene.policy()
    mine = policy.prioritise(scene.YOURS, "regular", {}, arrived_at=0)
    others = policy.prioritise("premium", "priority", {}, arrived_at=-300_000)
    assert mine.due_at < others.due_at
