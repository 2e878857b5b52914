"""What simulated agents and customers do by their rows, as the journal of a replay tells it."""

from typing import Any

from attrs import evolve

from engine.domain.facts import AgentMoved, CallEnded, CallRequeued, LinkBack, LinkLost
from engine.domain.rules import Queue
from engine.replay.distributions import Constant, Uniform
from engine.replay.result import Result
from engine.replay.rows import AgentRow, Break, CallRow, Drop, Refusal
from engine.replay.scenario import Scenario
from engine.replay.virtual import replay

ANI = AgentRow(id="ani", login_s=0, queues=("q",))


def day(*agents: AgentRow, calls: tuple[CallRow, ...] = (), **queue: Any) -> Result:
    return replay(
        Scenario(
            name="day", queues=(Queue(name="q", **{"wrap_up_ms": 0, **queue}),), agents=agents, calls=calls
        )
    )


def call(name: str, arrive_s: float, handle_s: float = 60, **keys: Any) -> CallRow:
    return CallRow(id=name, arrive_s=arrive_s, queue="q", handle_s=handle_s, **keys)


def moves(result: Result, agent: str = "ani") -> list[tuple[float, str]]:
    """When he was in which state, with its reason."""
    return [
        ((fact.at - result.start_at) / 1000, f"{fact.state} {fact.reason}".strip())
        for fact in result.facts
        if isinstance(fact, AgentMoved) and fact.agent == agent
    ]


def told(result: Result, *kinds: type) -> list[tuple[float, str]]:
    return [((f.at - result.start_at) / 1000, f.kind) for f in result.facts if isinstance(f, kinds)]


def waits(result: Result) -> dict[str, float | None]:
    return {outcome.call_id: outcome.wait_s for outcome in result.calls}


def test_a_break_lasts_as_long_as_it_says() -> None:
    result = day(evolve(ANI, breaks=(Break(at_s=100, for_ms=60_000, reason="lunch"),)))
    assert moves(result)[-2:] == [(100, "not_ready lunch"), (160, "ready")]


def test_a_break_that_comes_in_a_call_begins_after_the_wrap_up_and_is_as_long() -> None:
    ani = evolve(ANI, breaks=(Break(at_s=100, for_ms=60_000),))
    result = day(ani, calls=(call("c1", 90), call("c2", 120)), wrap_up_ms=10_000)
    assert moves(result)[4:7] == [(150, "wrap_up"), (160, "not_ready break"), (220, "ready")]
    assert waits(result) == {"c1": 0, "c2": 100}


def test_a_break_that_comes_while_he_lets_it_ring_begins_when_the_offer_ends() -> None:
    ani = evolve(ANI, accept=0.0, breaks=(Break(at_s=100, for_ms=60_000),))
    result = day(ani, calls=(call("c1", 95, patience_s=100),))
    assert (110, "not_ready break") in moves(result)
    assert (170, "ready") in moves(result)


def test_who_logs_out_on_his_break_does_not_come_back() -> None:
    result = day(evolve(ANI, logout_s=120, breaks=(Break(at_s=100, for_ms=60_000),)))
    assert moves(result)[-2:] == [(100, "not_ready break"), (120, "offline")]


def test_an_agent_may_decline_instead_of_letting_it_ring() -> None:
    ani = evolve(ANI, accept=0.0, refusal=Refusal.DECLINED, answer_ms=2_000)
    result = day(ani, AgentRow(id="budi", login_s=1, queues=("q",)), calls=(call("c1", 10),))
    assert waits(result) == {"c1": 2}
    assert moves(result)[2:4] == [(10, "offered"), (12, "not_ready declined")]


def test_an_answer_may_be_drawn_for_each_offer() -> None:
    drawn = evolve(ANI, answers=Uniform(min_s=1, max_s=9))
    found = list(waits(day(drawn, calls=tuple(call(f"c{n}", 100 * n) for n in range(1, 9)))).values())
    assert len(set(found)) == 8
    assert all(wait is not None and 1 <= wait <= 9 for wait in found)
    always = evolve(ANI, answers=Constant(value_s=4))
    assert waits(day(always, calls=(call("c1", 10),))) == {"c1": 4}


def test_an_agent_whose_link_breaks_in_a_call_comes_back_to_it() -> None:
    ani = evolve(ANI, drops=(Drop(at_s=30, for_ms=20_000),))
    result = day(ani, calls=(call("c1", 10),))
    assert told(result, LinkLost, LinkBack, CallRequeued, CallEnded) == [
        (30, "link_lost"),
        (50, "link_back"),
        (70, "call_ended"),
    ]


def test_an_agent_whose_link_breaks_too_long_is_ready_again_when_he_is_back() -> None:
    result = day(evolve(ANI, drops=(Drop(at_s=30, for_ms=60_000),)), calls=(call("c1", 200),))
    assert waits(result) == {"c1": 0}
    assert [state for at, state in moves(result) if 30 <= at <= 90] == [
        "offline lost",
        "not_ready lost",
        "ready",
    ]


def test_a_customer_whose_link_breaks_while_he_waits_keeps_his_place() -> None:
    dropped = call("c1", 20, drops=(Drop(at_s=30, for_ms=10_000),))
    result = day(ANI, calls=(call("c0", 10), dropped, call("c2", 25)))
    assert waits(result) == {"c0": 0, "c1": 50, "c2": 105}
    assert told(result, LinkLost, LinkBack)[:2] == [(30, "link_lost"), (40, "link_back")]


def test_a_customer_who_hangs_up_while_his_link_is_away_has_left_when_it_is_back() -> None:
    dropped = call("c1", 20, patience_s=15, drops=(Drop(at_s=30, for_ms=10_000),))
    result = day(ANI, calls=(call("c0", 10, 100), dropped))
    [outcome] = [outcome for outcome in result.calls if outcome.call_id == "c1"]
    assert (outcome.outcome, outcome.wait_s) == ("abandoned", 20)


def test_a_link_that_breaks_after_he_has_left_is_nothing() -> None:
    result = day(ANI, calls=(call("c1", 10, 5, drops=(Drop(at_s=30, for_ms=10_000),)),))
    assert told(result, LinkLost) == []
