"""What an agent does: log in and back, idle time, wishes, offers that are not his, wrap-up."""

from functools import partial
from typing import Any

import pytest
from attrs import evolve

from engine.domain.change import Change, Guard
from engine.domain.errors import Code, Refused
from engine.domain.facts import AgentMoved, AgentReskilled, LinkBack, LinkLost
from engine.domain.lifecycle import AgentState, CallState, EndReason, Party
from engine.domain.model import Agent, Call, deadline
from engine.domain.moves import agent as moves
from engine.domain.moves import time

from .builders import BEFORE, LATER, NOW, POLICY, TIMINGS, agent, agent_after, call, call_after

_A = AgentState
GRACE_MS = TIMINGS.agent_grace_ms


def hello(held: Agent | None, c: Call | None = None, now: int = NOW, day_at: int = 0) -> Change:
    return moves.log_in(
        held,
        c,
        sub="a1",
        name="Ayu",
        queues=("general",),
        skills={"id": 2},
        session="s9",
        node="n9",
        day_at=day_at,
        timings=TIMINGS,
        now=now,
    )


def wish(held: Agent, state: AgentState, reason: str = "", now: int = NOW) -> Agent:
    return agent_after(moves.set_state(held, state, reason, POLICY, now))


def test_the_first_log_in_is_not_ready_until_he_says_so() -> None:
    change = hello(None)
    a = agent_after(change)
    assert (a.state, a.reason, a.login_at, a.idle_ms) == (_A.NOT_READY, "login", NOW, 0)
    assert (a.session, a.node, a.queues, a.skills) == ("s9", "n9", ("general",), {"id": 2})
    assert change.facts == (
        AgentMoved(
            at=NOW, agent="a1", state=_A.NOT_READY, reason="login", queues=("general",), skills={"id": 2}
        ),
    )


@pytest.mark.parametrize("state", [_A.NOT_READY, _A.READY, _A.WRAP_UP])
def test_a_newer_session_takes_over_and_changes_nothing_else(state: AgentState) -> None:
    held = agent(state, queues=("general",), skills={"id": 2})
    change = hello(held)
    assert agent_after(change) == evolve(held, session="s9", node="n9")
    assert change.facts == ()


@pytest.mark.parametrize("state", [_A.NOT_READY, _A.READY, _A.OFFERED, _A.ON_CALL, _A.WRAP_UP])
@pytest.mark.parametrize(
    "differs", [{"queues": ("general", "instant")}, {"skills": {"id": 1}}, {"skills": {}}]
)
def test_a_newer_token_by_which_he_serves_something_else_is_told(
    state: AgentState, differs: dict[str, Any]
) -> None:
    held = agent(state, **({"queues": ("general",), "skills": {"id": 2}} | differs))
    facing = {_A.OFFERED: CallState.OFFERED, _A.ON_CALL: CallState.CONNECTED}
    change = hello(held, call(facing[state]) if state in facing else None)
    after = agent_after(change)
    assert (after.state, after.queues, after.skills) == (state, ("general",), {"id": 2})
    assert change.facts == (AgentReskilled(at=NOW, agent="a1", queues=("general",), skills={"id": 2}),)


def test_what_a_supervisor_gave_him_a_newer_token_does_not_take() -> None:
    held = agent(queues=("instant",), reskilled=True)
    change = hello(held)
    assert (agent_after(change).queues, change.facts) == (("instant",), ())


#: (as he was when his link was lost, ms until he is back) -> state and reason he comes back to
RESTING = agent(_A.NOT_READY, reason="declined", until=NOW + 3_000, rest_until=NOW + 3_000)
BACK: list[tuple[Agent, int, tuple[AgentState, str]]] = [
    (agent(_A.READY), 0, (_A.READY, "")),
    (agent(_A.READY), GRACE_MS, (_A.READY, "")),
    (agent(_A.READY), GRACE_MS + 1, (_A.NOT_READY, "lost")),
    (agent(_A.NOT_READY), GRACE_MS, (_A.NOT_READY, "lunch")),
    (agent(_A.NOT_READY), GRACE_MS + 1, (_A.NOT_READY, "lost")),
    (agent(_A.NOT_READY, reason="no_answer"), 1, (_A.NOT_READY, "no_answer")),
    (agent(_A.NOT_READY, reason="login"), 1, (_A.NOT_READY, "login")),
    (RESTING, 1, (_A.NOT_READY, "declined")),
    (RESTING, 3_000, (_A.READY, "")),
    (agent(_A.OFFERED), 1, (_A.READY, "")),
    (agent(_A.OFFERED, next_state=_A.NOT_READY, next_reason="lunch"), 1, (_A.NOT_READY, "lunch")),
    (agent(_A.OFFERED, next_state=_A.OFFLINE), 1, (_A.NOT_READY, "lost")),
]


@pytest.mark.parametrize(("held", "away_ms", "expected"), BACK)
def test_back_within_grace_he_is_what_he_was(
    held: Agent, away_ms: int, expected: tuple[AgentState, str]
) -> None:
    c = call(CallState.OFFERED) if held.state is _A.OFFERED else None
    lost = agent_after(moves.drop(held, c, POLICY, NOW))
    assert (lost.state, lost.reason, lost.session, lost.node) == (_A.OFFLINE, "lost", "", "")
    back = agent_after(hello(lost, now=NOW + away_ms))
    assert (back.state, back.reason) == expected
    assert (back.lost_at, back.back_state, back.back_reason, back.forget_at) == (None, None, "", None)
    assert back.until == (held.rest_until if back.reason == "declined" else None)


@pytest.mark.parametrize(("away_ms", "idle_ms"), [(GRACE_MS, 8_000), (GRACE_MS + 1, 0)])
def test_back_within_grace_he_has_his_idle_time(away_ms: int, idle_ms: int) -> None:
    lost = agent_after(moves.drop(agent(), None, POLICY, NOW))
    assert agent_after(hello(lost, now=NOW + away_ms)).idle_ms == idle_ms


def test_after_going_offline_by_his_own_wish_he_logs_in_afresh() -> None:
    off = wish(agent(), _A.OFFLINE)
    assert (off.state, off.reason, off.lost_at, off.back_state) == (_A.OFFLINE, "", None, None)
    back = agent_after(hello(off, now=NOW + 1))
    assert (back.state, back.reason, back.login_at) == (_A.NOT_READY, "login", NOW + 1)


def test_who_is_offline_is_forgotten_only_once_his_socket_is_gone() -> None:
    off = wish(agent(), _A.OFFLINE)
    assert deadline(off) is None
    gone = agent_after(moves.drop(off, None, POLICY, NOW))
    assert deadline(gone) == NOW + TIMINGS.keep_offline_ms


def test_idle_time_accrues_only_while_ready_and_toggling_gains_nothing() -> None:
    a = agent(idle_ms=0, since_at=0, login_at=0)
    rival = agent(id="a2", idle_ms=0, since_at=1, login_at=0)
    for at in range(1_000, 10_000, 1_000):
        a = wish(a, _A.NOT_READY, now=at)
        a = wish(a, _A.READY, now=at + 500)
    assert a.idle_ms == 1_000 + 8 * 500
    assert a.idle_since > rival.idle_since


def test_only_a_connected_call_resets_idle_time() -> None:
    offered = agent_after(
        time.offer(call(), agent(), offer_id="o1", why="", policy=POLICY, now=BEFORE + 2_000)
    )
    assert offered.idle_ms == 3_000
    on_call = agent_after(moves.accept(offered, call(CallState.OFFERED), "o1", NOW))
    assert on_call.idle_ms == 0
    ended = moves.hang_up(on_call, call(CallState.CONNECTED), POLICY, NOW + 60_000)
    ready = agent_after(moves.finish_wrap_up(agent_after(ended), None, "", "", POLICY, NOW + 70_000))
    assert (ready.state, ready.idle_since) == (_A.READY, NOW + 70_000)
    assert (ready.busy_ms, ready.handled, ready.handle_ms) == (70_000, 1, 70_000), "talk and wrap-up"


@pytest.mark.parametrize(
    ("next_state", "reason", "expected"),
    [
        (None, "", (_A.READY, "")),
        (_A.READY, "", (_A.READY, "")),
        (_A.NOT_READY, "lunch", (_A.NOT_READY, "lunch")),
        (_A.OFFLINE, "", (_A.OFFLINE, "")),
    ],
)
@pytest.mark.parametrize("queue", ["general", "instant"])
def test_a_wish_uttered_on_a_call_takes_effect_after_call_and_wrap_up(
    queue: str, next_state: AgentState | None, reason: str, expected: tuple[AgentState, str]
) -> None:
    c, busy = call(CallState.CONNECTED, queue=queue), agent(_A.ON_CALL)
    if next_state is not None:
        busy = wish(busy, next_state, reason)
        assert (busy.state, busy.next_state, busy.next_reason) == (_A.ON_CALL, next_state, reason)
    change = moves.hang_up(busy, c, POLICY, NOW)
    assert (call_after(change).end_reason, call_after(change).ended_by) == (EndReason.COMPLETED, Party.AGENT)
    after = agent_after(change)
    if queue == "general":
        assert (after.state, after.until) == (_A.WRAP_UP, NOW + 30_000)
        timed = time.due(after, None, POLICY, NOW + 30_000)
        assert timed is not None
        after = agent_after(timed)
    assert (after.state, after.reason) == expected
    assert (after.next_state, after.next_reason, after.until, after.offer, after.call) == (
        None,
        "",
        None,
        "",
        "",
    )


def test_a_later_wish_replaces_an_earlier_one() -> None:
    busy = wish(wish(agent(_A.ON_CALL), _A.OFFLINE), _A.NOT_READY, "lunch")
    assert (busy.next_state, busy.next_reason) == (_A.NOT_READY, "lunch")
    assert (wish(busy, _A.READY).next_state, wish(busy, _A.READY).next_reason) == (_A.READY, "")


REFUSED: list[tuple[AgentState, str, str]] = [
    (_A.OFFERED, "", "state"),
    (_A.ON_CALL, "", "state"),
    (_A.WRAP_UP, "", "state"),
    (_A.NOT_READY, "login", "reason"),
    (_A.NOT_READY, "lost", "reason"),
    (_A.NOT_READY, "declined", "reason"),
    (_A.NOT_READY, "no_answer", "reason"),
    (_A.NOT_READY, "sulking", "reason"),
]


@pytest.mark.parametrize(("state", "reason", "field"), REFUSED)
def test_a_wish_that_cannot_be(state: AgentState, reason: str, field: str) -> None:
    policy = evolve(POLICY, reasons=("lunch",))
    with pytest.raises(Refused) as refused:
        moves.set_state(agent(), state, reason, policy, NOW)
    assert (refused.value.code, refused.value.field) == (Code.BAD_FIELD, field)


def test_without_a_list_any_reason_that_is_not_the_engines_own_is_accepted() -> None:
    assert wish(agent(), _A.NOT_READY, "tea").reason == "tea"


def test_an_offer_not_his_is_gone_in_the_same_words_whatever_the_cause() -> None:
    mine, c = agent(_A.OFFERED), call(CallState.OFFERED)
    wrong: list[tuple[Agent, Call | None, str]] = [
        (mine, c, "never-was"),
        (mine, None, "o1"),
        (mine, call(CallState.OFFERED, offer="o2"), "o1"),
        (mine, call(CallState.OFFERED, agent="a2"), "o1"),
        (agent(_A.OFFERED, offer="o2"), c, "o1"),
        (agent(_A.READY, last_offer="o1", last_offer_end="expired"), call(), "o1"),
        (agent(_A.ON_CALL, offer="o2", last_offer="o2"), c, "o1"),
    ]
    answers = set()
    for held, on, offer_id in wrong:
        for say in (
            partial(moves.accept, held, on, offer_id, NOW),
            partial(moves.decline, held, on, offer_id, POLICY, NOW),
        ):
            with pytest.raises(Refused) as refused:
                say()
            said = refused.value
            answers.add((said.code, said.message, said.field, said.call_id, said.state, said.retry_ms))
    assert len(answers) == 1
    assert answers.pop()[0] is Code.OFFER_GONE


def test_accepting_or_declining_again_is_harmless() -> None:
    offered, c = agent(_A.OFFERED), call(CallState.OFFERED)
    accepted = moves.accept(offered, c, "o1", NOW)
    on_call = agent_after(accepted)
    assert moves.accept(on_call, call_after(accepted), "o1", NOW + 1) == Change()
    wrapping = agent_after(moves.hang_up(on_call, call_after(accepted), POLICY, NOW + 2))
    assert moves.accept(wrapping, None, "o1", NOW + 3) == Change()
    with pytest.raises(Refused):
        moves.decline(on_call, call_after(accepted), "o1", POLICY, NOW + 1)
    declined = agent_after(moves.decline(offered, c, "o1", POLICY, NOW))
    assert moves.decline(declined, call(), "o1", POLICY, NOW + 1) == Change()
    with pytest.raises(Refused):
        moves.accept(declined, call(), "o1", NOW + 1)


def test_after_declining_he_rests_and_is_ready_again() -> None:
    declined = agent_after(moves.decline(agent(_A.OFFERED), call(CallState.OFFERED), "o1", POLICY, NOW))
    assert deadline(declined) == NOW + TIMINGS.decline_rest_ms
    assert time.due(declined, None, POLICY, NOW + TIMINGS.decline_rest_ms - 1) is None
    rested = time.due(declined, None, POLICY, NOW + TIMINGS.decline_rest_ms)
    assert rested is not None
    assert (agent_after(rested).state, agent_after(rested).reason) == (_A.READY, "")


def test_after_no_answer_he_stays_not_ready_until_he_says_so() -> None:
    expired = time.due(call(CallState.OFFERED), agent(_A.OFFERED), POLICY, LATER)
    assert expired is not None
    after = agent_after(expired)
    assert deadline(after) is None
    assert wish(after, _A.READY, now=LATER).state is _A.READY


def test_an_agent_who_drops_in_a_call_has_grace_and_is_back_in_it() -> None:
    talks = agent(_A.ON_CALL, queues=("general",), skills={"id": 2})
    lost = moves.drop(talks, call(CallState.CONNECTED), POLICY, NOW)
    c, a = call_after(lost), agent_after(lost)
    until = NOW + TIMINGS.call_grace_ms
    assert (a.state, a.session, a.node) == (_A.ON_CALL, "", "")
    assert (c.state, c.agent_node, c.agent_until) == (CallState.CONNECTED, "", until)
    assert lost.facts == (LinkLost(at=NOW, who="agent:a1", call="c1", until=until),)
    back = hello(a, c, now=until)
    assert (call_after(back).agent_node, call_after(back).agent_until) == ("n9", None)
    assert back.facts == (LinkBack(at=until, who="agent:a1", call="c1"),)


def test_wrap_up_runs_on_without_a_link_and_ends_offline() -> None:
    lost = agent_after(moves.drop(agent(_A.WRAP_UP), call(CallState.ENDED), POLICY, NOW))
    assert (lost.state, lost.until, lost.node) == (_A.WRAP_UP, BEFORE + 30_000, "")
    over = time.due(lost, None, POLICY, BEFORE + 30_000)
    assert over is not None
    after = agent_after(over)
    assert (after.state, after.back_state) == (_A.OFFLINE, _A.READY)
    back = agent_after(hello(lost, now=NOW + 5))
    assert (back.state, back.until) == (_A.WRAP_UP, BEFORE + 30_000)


def test_wrap_up_notes_go_to_the_call_and_never_into_facts() -> None:
    change = moves.finish_wrap_up(
        agent(_A.WRAP_UP), call(CallState.ENDED), "solved", "saw his passport", POLICY, NOW
    )
    assert (call_after(change).disposition, call_after(change).notes) == ("solved", "saw his passport")
    assert "passport" not in repr(change.facts)
    strict = evolve(POLICY, dispositions=("solved",))
    with pytest.raises(Refused) as refused:
        moves.finish_wrap_up(agent(_A.WRAP_UP), None, "lost patience", "", strict, NOW)
    assert (refused.value.code, refused.value.field) == (Code.BAD_FIELD, "disposition")


def test_a_cool_down_cannot_be_cut_short() -> None:
    """Neither by asking for ready nor by a lost link: declining would be a way to choose one's calls."""
    declined = agent_after(moves.decline(agent(_A.OFFERED), call(CallState.OFFERED), "o1", POLICY, NOW))
    assert moves.set_state(declined, _A.READY, "", POLICY, NOW + 1) == Change()
    end = NOW + TIMINGS.decline_rest_ms
    toggled = wish(wish(declined, _A.NOT_READY, "lunch", NOW + 1), _A.READY, now=NOW + 2)
    reloaded = agent_after(hello(agent_after(moves.drop(declined, None, POLICY, NOW + 1)), now=NOW + 2))
    for tried in (toggled, reloaded):
        assert (tried.state, tried.reason, tried.until) == (_A.NOT_READY, "declined", end)
    assert wish(wish(declined, _A.NOT_READY, "lunch", NOW + 1), _A.READY, now=end).state is _A.READY


def test_figures_begin_anew_with_the_first_log_in_of_a_day() -> None:
    figures: dict[str, Any] = {"handled": 4, "handle_ms": 900_000, "no_answers": 2, "figures_at": BEFORE}
    off = agent(_A.OFFLINE, node="", lost_at=None, **figures)

    def logs_in(a: Agent, now: int, day_at: int = 0) -> Agent:
        return agent_after(hello(a, now=now, day_at=day_at))

    def told(a: Agent) -> tuple[int, int, int, int]:
        return a.handled, a.handle_ms, a.no_answers, a.figures_at

    same_day = logs_in(off, NOW, day_at=BEFORE)
    assert told(same_day) == (4, 900_000, 2, BEFORE)
    assert told(logs_in(off, NOW, day_at=BEFORE + 1)) == (0, 0, 0, NOW)
    lost = agent_after(moves.drop(agent(**figures), None, POLICY, NOW - 1))
    assert told(logs_in(lost, NOW, day_at=NOW)) == (4, 900_000, 2, BEFORE), "no log-in: his link was lost"
    assert told(logs_in(agent(**figures), NOW, day_at=NOW)) == (4, 900_000, 2, BEFORE)
    again = logs_in(evolve(off, figures_at=0), NOW)
    assert told(again)[3] == NOW


def test_an_offer_that_ran_out_is_the_only_one_without_an_answer() -> None:
    c, a = call(CallState.OFFERED), agent(_A.OFFERED)
    expired = time.due(c, a, POLICY, NOW + 10**6)
    assert expired is not None
    assert agent_after(expired).no_answers == 1
    assert agent_after(moves.decline(a, c, "o1", POLICY, NOW)).no_answers == 0


@pytest.mark.parametrize("state", [_A.OFFERED, _A.ON_CALL])
def test_a_call_that_he_is_busy_with_is_over_only_if_the_store_says_so_too(state: AgentState) -> None:
    """Its absence may be old news: then it would have been left without him."""
    over = (Guard("call:c1", "live", None),)
    for change in (hello(agent(state)), moves.drop(agent(state), None, POLICY, NOW)):
        assert agent_after(change).state in (_A.READY, _A.OFFLINE)
        assert change.guards == over
    for state in (_A.READY, _A.WRAP_UP, _A.NOT_READY):
        assert moves.drop(agent(state), None, POLICY, NOW).guards == hello(agent(state)).guards == ()
