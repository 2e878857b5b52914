"""What a supervisor commands: what it changes, what the journal is told of it, and what is refused."""

from typing import Any

import pytest
from attrs import evolve

from engine.domain.board import Board
from engine.domain.change import Change, Write
from engine.domain.errors import Code, Refused
from engine.domain.facts import (
    AgentMoved,
    AgentReskilled,
    CallEnded,
    CallOffered,
    CallPrioritised,
    Commanded,
    OfferEnded,
    QueuePaused,
    QueueResumed,
    RulesReloaded,
)
from engine.domain.lifecycle import AgentState, CallState, EndReason, OfferEnd, Party
from engine.domain.matching import match, takes_requests
from engine.domain.model import Agent, Call, QueueGate, Term, deadline, indexes, nodes
from engine.domain.moves import agent as agents
from engine.domain.moves import supervisor as moves
from engine.domain.moves import time
from engine.domain.moves.customer import is_open
from engine.domain.rules import Queue

from .builders import BEFORE, NOW, POLICY, TIMINGS, agent, agent_after, call, call_after

_A, _C = AgentState, CallState
BOSS = "boss"


def commanded(command: str, target: str, reason: str = "") -> Commanded:
    return Commanded(at=NOW, by=BOSS, command=command, target=target, reason=reason)


def refusal(move: Any, *args: Any, **given: Any) -> tuple[Code, str | None, str | None]:
    with pytest.raises(Refused) as refused:
        move(*args, by=BOSS, now=NOW, **given)
    return refused.value.code, refused.value.field, refused.value.state


# prioritise


def placed(c: Call, head_start_ms: int | None = None, band: int | None = None) -> Change:
    return moves.prioritise(c, head_start_ms=head_start_ms, band=band, reason="vip", by=BOSS, now=NOW)


WAITS = call(terms=(Term("tier priority", 400), Term("queue general", 100)))


@pytest.mark.parametrize("state", [_C.WAITING, _C.OFFERED])
def test_a_head_start_moves_the_due_and_becomes_a_term(state: CallState) -> None:
    c = call(state, terms=WAITS.terms)
    change = placed(c, 60_000)
    after = call_after(change)
    terms = (*WAITS.terms, Term("supervisor", 60_000))
    assert after == evolve(c, due_at=c.due_at - 60_000, terms=terms)
    assert after.due_at == after.enqueued_at - sum(t.head_start_ms for t in after.terms)
    assert change.facts == (
        commanded("call.prioritise", "call:c1", "vip"),
        CallPrioritised(
            at=NOW,
            call="c1",
            due_at=after.due_at,
            band=0,
            terms={"tier priority": 400, "queue general": 100, "supervisor": 60_000},
        ),
    )


@pytest.mark.parametrize(("again_ms", "terms"), [(-5_000, (Term("supervisor", -5_000),)), (0, ())])
def test_a_later_head_start_replaces_the_supervisors_earlier_one_and_no_other(
    again_ms: int, terms: tuple[Term, ...]
) -> None:
    after = call_after(placed(call_after(placed(WAITS, 60_000)), again_ms))
    assert (after.due_at, after.terms) == (WAITS.due_at - again_ms, WAITS.terms + terms)


def test_a_band_alone_leaves_the_due_and_a_head_start_alone_the_band() -> None:
    first = call_after(placed(WAITS, band=9))
    assert first == evolve(WAITS, band=9)
    second = call_after(placed(first, 1_000))
    assert (second.band, second.due_at) == (9, WAITS.due_at - 1_000)
    assert call_after(placed(second, band=0)) == evolve(second, band=0)


def test_commanding_the_same_again_leads_to_the_same() -> None:
    once = call_after(placed(WAITS, 60_000, 2))
    assert call_after(placed(once, 60_000, 2)) == once


@pytest.mark.parametrize(
    ("head_start_ms", "band", "order"),
    [
        (None, 0, ["c0", "c1", "c2"]),
        (2_000, None, ["c1", "c0", "c2"]),
        (-9_000, None, ["c0", "c2", "c1"]),
        (-9_000, 1, ["c1", "c0", "c2"]),
    ],
)
def test_the_order_of_offers_really_changes(
    head_start_ms: int | None, band: int | None, order: list[str]
) -> None:
    board = Board(POLICY)
    waiting = [call(id=f"c{n}", customer=f"k{n}", due_at=BEFORE + n * 1_000) for n in range(3)]
    for record in (*waiting, *(agent(id=f"a{n}") for n in range(3))):
        board.put(record.ref, record, NOW)
    moved = evolve(call_after(placed(waiting[1], head_start_ms, band)), version=9)
    board.put(moved.ref, moved, NOW)
    assert [p.call.id for p in match(board, NOW).proposals] == order


def test_what_does_not_wait_has_no_place() -> None:
    for state in (_C.CONNECTED, _C.ENDED):
        given = {"head_start_ms": 1, "band": None, "reason": "vip"}
        assert refusal(moves.prioritise, call(state), **given) == (Code.WRONG_STATE, None, state.value)
    nothing = {"head_start_ms": None, "band": None, "reason": "vip"}
    assert refusal(moves.prioritise, WAITS, **nothing) == (Code.BAD_FIELD, "head_start_ms", None)


# assign


def assigned(c: Call, a: Agent) -> Change:
    return moves.assign(c, a, offer_id="o9", why='{"by":"supervisor"}', policy=POLICY, by=BOSS, now=NOW)


@pytest.mark.parametrize("queues", [("general",), ("instant",), ()])
def test_a_call_is_offered_to_a_ready_agent_whatever_he_serves(queues: tuple[str, ...]) -> None:
    c, a = call(skills={"loan": 9}, avoid={"a1": NOW + 1}), agent(queues=queues)
    change = assigned(c, a)
    assert (
        change.writes
        == time.offer(c, a, offer_id="o9", why='{"by":"supervisor"}', policy=POLICY, now=NOW).writes
    )
    until = NOW + 15_000
    assert change.facts == (
        commanded("call.assign", "call:c1"),
        CallOffered(at=NOW, call="c1", agent="a1", offer="o9", until=until, why='{"by":"supervisor"}'),
        AgentMoved(at=NOW, agent="a1", state=_A.OFFERED, call="c1"),
    )
    assert (call_after(change).offer_until, agent_after(change).offer) == (until, "o9")


def test_assigning_it_again_to_him_who_has_it_changes_nothing() -> None:
    assert assigned(call(_C.OFFERED), agent(_A.OFFERED)) == Change()
    assert assigned(call(_C.CONNECTED), agent(_A.ON_CALL)) == Change()


GIVEN = {"offer_id": "o9", "why": "", "policy": POLICY}


@pytest.mark.parametrize("state", [_C.OFFERED, _C.CONNECTED, _C.ENDED])
def test_only_a_waiting_call_can_be_assigned(state: CallState) -> None:
    held = (Code.WRONG_STATE, "call_id", state.value)
    assert refusal(moves.assign, call(state), agent(id="a2"), **GIVEN) == held


@pytest.mark.parametrize("state", [s for s in _A if s is not _A.READY])
def test_only_to_a_ready_agent(state: AgentState) -> None:
    busy = (Code.WRONG_STATE, "agent_id", state.value)
    assert refusal(moves.assign, call(), agent(state, id="a2"), **GIVEN) == busy


def test_nobody_is_alerted_of_a_customer_who_is_away() -> None:
    away = call(node="", customer_until=NOW + 5)
    assert refusal(moves.assign, away, agent(), **GIVEN) == (Code.WRONG_STATE, "call_id", "link_lost")


def test_the_why_of_it_names_the_supervisor_and_no_other_agent() -> None:
    why = moves.why(WAITS, agent(), passed_over=3, policy=POLICY, now=NOW)
    assert why.startswith('{"enqueued_at":1000000,"due_at":999500,"band":0,')
    for said in ('"by":"supervisor"', '"passed_over":3', '"waited_ms":7000', '"idle_ms":8000'):
        assert said in why
    assert "considered" not in why


# end


@pytest.mark.parametrize(
    ("state", "of_agent", "agent_is"),
    [
        (_C.WAITING, None, None),
        (_C.OFFERED, _A.OFFERED, _A.READY),
        (_C.CONNECTED, _A.ON_CALL, _A.WRAP_UP),
        (_C.CONNECTED, None, None),
    ],
)
def test_any_live_call_can_be_ended(
    state: CallState, of_agent: AgentState | None, agent_is: AgentState | None
) -> None:
    holder = None if of_agent is None else agent(of_agent)
    change = moves.end_call(call(state), holder, policy=POLICY, by=BOSS, now=NOW)
    c = call_after(change)
    assert (c.state, c.live, c.end_reason, c.ended_by) == (
        _C.ENDED,
        False,
        EndReason.CANCELLED,
        Party.SUPERVISOR,
    )
    assert c.archive_at == NOW + TIMINGS.keep_ended_ms
    if agent_is is not None:
        assert agent_after(change).state is agent_is
    served_by = "a1" if state is _C.CONNECTED else ""
    assert change.facts[0] == commanded("call.end", "call:c1")
    ended = [f for f in change.facts if isinstance(f, CallEnded)]
    by = {"reason": EndReason.CANCELLED, "by": Party.SUPERVISOR, "agent": served_by}
    assert ended == [CallEnded(at=NOW, call="c1", **by)]
    offers = [f.how for f in change.facts if isinstance(f, OfferEnded)]
    assert offers == ([OfferEnd.RESCINDED] if state is _C.OFFERED else [])
    assert moves.end_call(c, holder, policy=POLICY, by=BOSS, now=NOW) == Change(), "saying it again"


def test_a_call_that_ended_otherwise_cannot_be_ended() -> None:
    assert refusal(moves.end_call, call(_C.ENDED), None, policy=POLICY) == (Code.WRONG_STATE, None, "ended")


# an agent's state


def set_state(a: Agent, state: AgentState, reason: str = "") -> Change:
    return moves.set_state(a, state, reason, policy=POLICY, by=BOSS, now=NOW)


@pytest.mark.parametrize("state", [_A.READY, _A.NOT_READY, _A.OFFLINE])
@pytest.mark.parametrize("was", list(_A))
def test_it_is_as_if_he_had_asked_for_it_himself(was: AgentState, state: AgentState) -> None:
    a, reason = agent(was), "meeting" if state is _A.NOT_READY else ""
    his, change = agents.set_state(a, state, reason, POLICY, NOW), set_state(a, state, reason)
    assert (change.writes, change.guards) == (his.writes, his.guards)
    assert change.facts == (commanded("agent.set_state", "agent:a1", reason), *his.facts)


@pytest.mark.parametrize("was", [_A.OFFERED, _A.ON_CALL, _A.WRAP_UP])
def test_while_he_is_busy_it_waits(was: AgentState) -> None:
    after = agent_after(set_state(agent(was), _A.NOT_READY, "meeting"))
    assert (after.state, after.next_state, after.next_reason) == (was, _A.NOT_READY, "meeting")


def test_who_is_not_connected_cannot_be_made_to_work() -> None:
    gone = {"state": _A.READY, "reason": "", "policy": POLICY}
    lost = agent(_A.OFFLINE, node="", lost_at=NOW - 1)
    assert refusal(moves.set_state, lost, **gone) == (Code.WRONG_STATE, None, "offline")
    assert agent_after(set_state(agent(_A.OFFLINE), _A.READY)).state is _A.READY, "his page is open"


@pytest.mark.parametrize(
    ("state", "reason", "field"), [(_A.ON_CALL, "", "state"), (_A.NOT_READY, "no_answer", "reason")]
)
def test_what_he_could_not_ask_for_cannot_be_set(state: AgentState, reason: str, field: str) -> None:
    given = {"state": state, "reason": reason, "policy": POLICY}
    assert refusal(moves.set_state, agent(), **given) == (Code.BAD_FIELD, field, None)


# an agent's skills


def reskilled(a: Agent, *queues: str, **skills: int) -> Agent:
    return agent_after(moves.reskill(a, queues, skills, policy=POLICY, by=BOSS, now=NOW))


@pytest.mark.parametrize("state", list(_A))
def test_he_serves_other_queues_at_once_whatever_he_does(state: AgentState) -> None:
    a = agent(state)
    change = moves.reskill(a, ("instant",), {"loan": 3}, policy=POLICY, by=BOSS, now=NOW)
    assert change.writes == (Write(a, evolve(a, queues=("instant",), skills={"loan": 3}, reskilled=True)),)
    assert change.facts == (
        commanded("agent.set_skills", "agent:a1"),
        AgentReskilled(at=NOW, agent="a1", queues=("instant",), skills={"loan": 3}),
    )


def test_the_next_match_goes_by_it() -> None:
    board = Board(POLICY)
    for record in (call(skills={"loan": 2}), agent(queues=("instant",))):
        board.put(record.ref, record, NOW)
    assert not match(board, NOW).proposals
    now = evolve(reskilled(agent(), "general", loan=2), version=9)
    board.put(now.ref, now, NOW)
    assert [p.agent.id for p in match(board, NOW).proposals] == ["a1"]


def hello(a: Agent, now: int = NOW, day_at: int = 0) -> Agent:
    """He says hello with a token that has him serve `general` and nothing else."""
    token: dict[str, Any] = {"sub": "a1", "name": "Ayu", "queues": ("general",), "skills": {}}
    link: dict[str, Any] = {"session": "s9", "node": "n9", "timings": TIMINGS}
    return agent_after(agents.log_in(a, None, **token, **link, day_at=day_at, now=now))


def test_it_lasts_until_his_next_log_in_and_outlives_a_lost_link() -> None:
    a = reskilled(agent(), "instant", loan=2)
    lost = agent_after(agents.drop(a, None, POLICY, NOW))
    over = TIMINGS.agent_grace_ms
    for back in (hello(a), hello(lost, NOW + over)):
        assert (back.queues, back.skills, back.reskilled) == (("instant",), {"loan": 2}, True)
    off = agent_after(agents.set_state(a, _A.OFFLINE, "", POLICY, NOW))
    for again in (hello(lost, NOW + over + 1), hello(off, NOW + 1)):
        assert (again.queues, again.skills, again.reskilled) == (("general",), {}, False)
        assert hello(again, NOW + over + 2).queues == ("general",)


def test_there_must_be_such_queues_and_skills() -> None:
    policy = evolve(POLICY, skills=("loan",))
    bad = (Code.NO_SUCH_QUEUE, "queues", None)
    assert refusal(moves.reskill, agent(), ("general", "nowhere"), {}, policy=POLICY) == bad
    bad = (Code.BAD_FIELD, "skills", None)
    assert refusal(moves.reskill, agent(), (), {"loan": 1, "magic": 1}, policy=policy) == bad
    assert reskilled(agent()).queues == ()


# a queue's gate

CLOSED = Queue(name="night", open=False)
BANK = evolve(POLICY, queues={**POLICY.queues, "night": CLOSED})


def gate(queue: str, before: QueueGate | None, *, paused: bool, now: int = NOW) -> Change:
    return moves.gate(queue, before, paused=paused, policy=BANK, by=BOSS, now=now)


def gate_after(change: Change) -> QueueGate:
    [write] = change.writes
    assert isinstance(write.after, QueueGate)
    return write.after


@pytest.mark.parametrize("queue", ["general", "night"])
@pytest.mark.parametrize("before", [None, True, False])
@pytest.mark.parametrize("paused", [True, False])
def test_the_gate_is_as_commanded_and_whoever_asks_is_told_the_truth(
    queue: str, before: bool | None, paused: bool
) -> None:
    held = None
    if before is not None:
        held = shut = gate_after(gate(queue, None, paused=True))
        held = evolve(
            shut if before else gate_after(gate(queue, shut, paused=False)), version=3, stamp="boot:3"
        )
    change = gate(queue, held, paused=paused, now=NOW + 5)
    if before is paused or (not before and not paused and queue == "general"):
        assert change == Change(), "saying it again"
        return
    after = gate_after(change)
    opened = not paused and queue == "night"
    assert (after.paused, after.opened, after.since_at, after.by) == (paused, opened, NOW + 5, BOSS)
    command, fact = ("queue.pause", QueuePaused) if paused else ("queue.resume", QueueResumed)
    said = evolve(commanded(command, f"queue:{queue}"), at=NOW + 5)
    assert change.facts == (said, fact(at=NOW + 5, queue=queue))
    assert change.writes[0].before == held
    assert (after.version, after.stamp) == ((3, "boot:3") if held else (0, ""))
    board = Board(BANK)
    board.put(after.ref, after, NOW)
    assert takes_requests(board, BANK.queues[queue]) is not paused
    guard = is_open(BANK.queues[queue])
    held_value = {True: "true", False: None}[getattr(after, guard.field)]
    assert (held_value == guard.value) is not paused


def admits(queue: Queue, held: QueueGate | None) -> bool:
    """Whether that queue takes requests, as the board and the store both judge."""
    board = Board(BANK)
    if held is not None:
        board.put(held.ref, held, NOW)
    guard = is_open(queue)
    value = "true" if held is not None and getattr(held, guard.field) else None
    assert takes_requests(board, queue) is (value == guard.value)
    return value == guard.value


def test_a_queue_that_was_paused_and_resumed_closes_when_the_configuration_says_so() -> None:
    general = BANK.queues["general"]
    shut = gate_after(gate("general", None, paused=True))
    assert not admits(general, shut)
    resumed = gate_after(gate("general", shut, paused=False))
    assert admits(general, resumed)
    assert not admits(evolve(general, open=False), resumed), "its later word"


def test_a_queue_that_is_configured_closed_is_opened_until_it_is_paused() -> None:
    opened = gate_after(gate("night", None, paused=False))
    assert admits(CLOSED, opened)
    assert admits(evolve(CLOSED, open=True), opened)
    shut = gate_after(gate("night", opened, paused=True))
    assert not admits(CLOSED, shut)
    assert not admits(evolve(CLOSED, open=True), shut)


def test_without_a_gate_a_queue_is_as_configured() -> None:
    assert takes_requests(Board(BANK), BANK.queues["general"])
    assert not takes_requests(Board(BANK), CLOSED)


def test_a_gate_is_nobodys_and_time_leaves_it_alone() -> None:
    shut = gate_after(gate("general", None, paused=True))
    assert (deadline(shut), nodes(shut), indexes(shut)) == (None, frozenset(), {"queues": NOW})
    assert time.due(shut, None, POLICY, NOW + 10**9) is None
    assert time.shift(shut, 1_000) == shut
    assert time.lost(shut, {}.get, POLICY, NOW) is None
    assert time.after_outage(shut, {}.get, 1_000, POLICY, NOW) is None


def test_there_must_be_such_a_queue() -> None:
    given = {"paused": True, "policy": BANK}
    assert refusal(moves.gate, "nowhere", None, **given) == (Code.NO_SUCH_QUEUE, "queue", None)


def test_reading_the_rules_again_is_for_the_journal_alone() -> None:
    change = moves.rules_reloaded(POLICY, by=BOSS, now=NOW)
    told = (commanded("rules.reload", "rules"), RulesReloaded(at=NOW, rules=POLICY.version))
    assert change == Change(facts=told)
