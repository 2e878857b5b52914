"""What is asked again because its answer was lost: granted if he did that very thing to the call he names."""

from typing import Any

import pytest
from attrs import evolve

from engine.domain.change import Change
from engine.domain.errors import Code, Refused
from engine.domain.lifecycle import AgentState, CallState, EndReason, Party
from engine.domain.model import Agent, Call
from engine.domain.moves import agent as moves
from engine.domain.moves import customer as customers
from engine.domain.moves import supervisor, time

from .builders import LATER, NOW, POLICY, agent, agent_after, call, call_after

_A, _C = AgentState, CallState
TALKS, ON_CALL = call(_C.CONNECTED), agent(_A.ON_CALL)
NOTHING = Change()


def hang_up(by: Agent, on: Call | None, call_id: str | None = "c1") -> Change:
    return moves.hang_up(by, on, POLICY, NOW, call_id=call_id)


def finish(
    by: Agent, on: Call | None, notes: str = "", disposition: str = "", call_id: str | None = "c1"
) -> Change:
    return moves.finish_wrap_up(by, on, disposition, notes, POLICY, NOW, call_id=call_id)


def pass_on(by: Agent, on: Call | None, to: Agent | None = None, call_id: str | None = "c1") -> Change:
    where: dict[str, Any] = {"queue": "instant" if to is None else None, "colleague": to}
    return moves.transfer(by, on, **where, note="", policy=POLICY, now=NOW, call_id=call_id)


def leave(on: Call | None, call_id: str | None = "c1") -> Change:
    return customers.leave(on, None, POLICY, NOW, call_id=call_id)


def is_refused(does: Any, *args: Any, **given: Any) -> None:
    with pytest.raises(Refused) as refused:
        does(*args, **given)
    assert refused.value.code is Code.WRONG_STATE


def after(change: Change) -> tuple[Agent, Call]:
    return agent_after(change), call_after(change)


def rested(a: Agent) -> Agent:
    """The same once his wrap-up is over."""
    return agent_after(finish(a, None, call_id=None)) if a.state is _A.WRAP_UP else a


def elsewhere(a: Agent) -> Agent:
    """The same on another call by now."""
    return evolve(rested(a), state=_A.ON_CALL, call="c7", offer="o7")


def test_naming_the_call_at_hand_changes_nothing_of_what_is_done() -> None:
    assert hang_up(ON_CALL, TALKS) == hang_up(ON_CALL, TALKS, None)
    assert pass_on(ON_CALL, TALKS) == pass_on(ON_CALL, TALKS, call_id=None)
    a, c = after(hang_up(ON_CALL, TALKS))
    assert finish(a, c, "sold", "n") == finish(a, c, "sold", "n", None)
    assert leave(TALKS) == leave(TALKS, None)


# the agent hangs up


def test_hanging_up_again_is_granted_in_wrap_up_and_after_it() -> None:
    a, c = after(hang_up(ON_CALL, TALKS))
    for he in (a, rested(a), elsewhere(a)):
        assert hang_up(he, c) == NOTHING
        is_refused(hang_up, he, None if he.call != "c1" else c, None)


def test_an_end_that_was_not_his_is_not_granted_as_his() -> None:
    for change in (
        customers.leave(TALKS, ON_CALL, POLICY, NOW),
        supervisor.end_call(TALKS, ON_CALL, policy=POLICY, by="boss", now=NOW),
    ):
        a, c = after(change)
        is_refused(hang_up, a, c)
    _, c = after(hang_up(ON_CALL, TALKS))
    is_refused(hang_up, agent(_A.WRAP_UP, id="a2"), c)


def test_the_call_at_hand_is_not_ended_in_place_of_another() -> None:
    is_refused(hang_up, ON_CALL, call(_C.CONNECTED, id="c0", offer="o0"), "c0")
    is_refused(hang_up, ON_CALL, None, "c0")


# he passes it on


def test_passing_it_on_again_is_granted_wherever_the_call_is_by_now() -> None:
    a, c = after(pass_on(ON_CALL, TALKS))
    offered = time.offer(c, agent(id="a2"), offer_id="o2", why="", policy=POLICY, now=NOW)
    taken = moves.accept(agent_after(offered), call_after(offered), "o2", NOW)
    ended = moves.hang_up(agent_after(taken), call_after(taken), POLICY, NOW)
    to_him = time.offer(c, rested(a), offer_id="o3", why="", policy=POLICY, now=NOW)
    for on in (c, call_after(offered), call_after(taken), call_after(ended)):
        for he in (a, rested(a), elsewhere(a)):
            assert pass_on(he, on) == NOTHING
    assert pass_on(agent_after(to_him), call_after(to_him)) == NOTHING
    is_refused(pass_on, a, c, call_id=None)


def test_to_a_colleague_too_even_when_he_has_declined() -> None:
    to = agent(id="a2")
    a, c = after(pass_on(ON_CALL, TALKS, to))
    offered = time.offer(c, to, offer_id="o2", why="", policy=POLICY, now=NOW)
    alerted = agent_after(offered)
    declined = moves.decline(alerted, call_after(offered), "o2", POLICY, NOW)
    assert pass_on(a, c, to) == NOTHING
    assert pass_on(a, call_after(offered), alerted) == NOTHING
    assert pass_on(a, call_after(declined), agent_after(declined)) == NOTHING


def test_what_he_passed_elsewhere_or_has_had_since_is_not_granted() -> None:
    to, third = agent(id="a2"), agent(id="a3")
    a, c = after(pass_on(ON_CALL, TALKS, to))
    is_refused(pass_on, a, c, third)
    is_refused(pass_on, a, c)
    back = time.offer(c, rested(a), offer_id="o3", why="", policy=POLICY, now=NOW)
    again = moves.accept(agent_after(back), call_after(back), "o3", NOW)
    his, talks = after(again)
    left = customers.leave(talks, his, POLICY, NOW)
    assert pass_on(his, talks, to).writes, "it is his to pass on once more"
    is_refused(pass_on, agent_after(left), call_after(left), to)


def test_the_call_at_hand_is_not_passed_on_in_place_of_another() -> None:
    is_refused(pass_on, ON_CALL, call(_C.CONNECTED, id="c0", offer="o0"), call_id="c0")
    is_refused(pass_on, ON_CALL, None, call_id="c0")


# he finishes wrap-up


@pytest.mark.parametrize(
    ("notes", "disposition"), [("", ""), ("two\nlines", ""), ("", "sold"), ("n", "sold")]
)
@pytest.mark.parametrize("passes", [False, True])
def test_finishing_again_is_granted_if_what_he_wrote_is_kept(
    notes: str, disposition: str, passes: bool
) -> None:
    a, c = after(pass_on(ON_CALL, TALKS) if passes else hang_up(ON_CALL, TALKS))
    c = evolve(c, notes="of another")
    done = finish(a, c, notes, disposition)
    kept = call_after(done) if notes or disposition else c
    later = evolve(kept, notes=f"{kept.notes}\nof a third")
    for he in (agent_after(done), elsewhere(a)):
        assert finish(he, kept, notes, disposition) == NOTHING
        assert finish(he, later, notes, disposition) == NOTHING
    is_refused(finish, agent_after(done), kept, notes, disposition, None)


def test_what_is_not_kept_is_not_granted() -> None:
    a, c = after(hang_up(ON_CALL, TALKS))
    over = time.due(a, None, POLICY, LATER)
    assert over is not None
    ready = agent_after(over)
    is_refused(finish, ready, c, "asked")
    is_refused(finish, ready, evolve(c, notes="asked for a loan"), "asked")
    is_refused(finish, ready, c, "", "sold")
    is_refused(finish, ready, evolve(c, notes="asked", disposition="lost"), "asked", "sold")
    is_refused(finish, agent(id="a2"), evolve(c, notes="asked"), "asked")


def test_the_wrap_up_at_hand_is_not_finished_in_place_of_another() -> None:
    busy = agent(_A.WRAP_UP)
    is_refused(finish, busy, call(_C.ENDED, id="c0"), "asked", call_id="c0")
    is_refused(finish, busy, None, call_id="c0")
    is_refused(finish, ON_CALL, TALKS)
    assert finish(busy, None).writes, "of a call whose record was lost"


# the customer leaves


@pytest.mark.parametrize("on", [call(), call(_C.CONNECTED)])
def test_leaving_again_is_granted(on: Call) -> None:
    gone = call_after(leave(on))
    assert leave(gone) == NOTHING
    is_refused(leave, gone, None)


def test_an_end_that_was_not_the_customers_is_not_granted_as_his() -> None:
    is_refused(leave, call(_C.ENDED))
    is_refused(leave, None)
    lost = evolve(call(_C.ENDED), ended_by=Party.CUSTOMER, end_reason=EndReason.CUSTOMER_LOST)
    is_refused(leave, lost)


def test_his_live_call_is_not_left_in_place_of_another() -> None:
    is_refused(leave, call(), "c0")
    is_refused(leave, call(_C.CONNECTED), "c0")
