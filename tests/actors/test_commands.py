"""A supervisor's commands, and what comes of them for customers, agents and those who may not give them."""

from typing import Any

import pytest
import trio
import trio.testing
from attrs import evolve

from engine.actors.context import Uncounted
from engine.actors.notices import (
    AgentConnected,
    AgentStateNow,
    CallEnded,
    CallPosition,
    CallQueued,
    CallRequeued,
    CustomerConnected,
    Error,
    Offer,
    OfferEnded,
    Ok,
)
from engine.actors.ports import CloseCode
from engine.actors.requests import (
    AgentSetSkills,
    AgentSetState,
    BoardWatch,
    CallAssign,
    CallCancel,
    CallEnd,
    CallPrioritise,
    CallRequest,
    OfferAccept,
    OfferDecline,
    QueuePause,
    QueueResume,
    Request,
    RulesReload,
    StateSet,
)
from engine.domain.change import Change, Receipt, Unknown
from engine.domain.errors import Code, Refused
from engine.domain.lifecycle import AgentState, EndReason, OfferEnd, Party
from engine.domain.model import Agent
from engine.domain.rules import Queue, Rule
from engine.gateway.messages import ConfigChanged, Welcome
from engine.store.memory_pool import Faults

from .pool import Client, Pool


async def supervisor(pool: Pool, *queues: str, node: Any = None) -> Client:
    made = pool.supervisor("-".join(("boss", *queues)), queues)
    await made.enter(node)
    return made


async def does(boss: Client, command: Request) -> None:
    answer = await boss.ask(command)
    assert isinstance(answer, Ok), answer


async def refused(boss: Client, command: Request) -> tuple[Code, str | None, str | None]:
    answer = await boss.ask(command)
    assert isinstance(answer, Error), answer
    return answer.code, answer.field, answer.state


def commands(pool: Pool) -> list[tuple[str, str, str, str]]:
    return [(f["by"], f["command"], f["target"], f["reason"]) for f in pool.facts("commanded")]


# what comes of each


async def test_a_prioritised_customer_moves_up_and_is_offered_first(pool: Pool) -> None:
    boss, waiting = await supervisor(pool), [await pool.waiting(f"k{n}") for n in range(3)]
    await trio.sleep(2)
    last = pool.call_of(waiting[2]).id
    for client in waiting:
        client.forget()
    await does(boss, CallPrioritise(call_id=last, head_start_ms=60_000, reason="vip"))
    assert (await waiting[2].hear(CallPosition)).position == 1
    assert (await waiting[0].hear(CallPosition)).position == 2
    assert commands(pool) == [("boss", "call.prioritise", f"call:{last}", "vip")]
    siti = await pool.ready("siti")
    offer = await siti.hear(Offer)
    assert (offer.call.call_id, offer.why["terms"]) == (last, {"supervisor": 60_000})
    await does(boss, CallPrioritise(call_id=pool.call_of(waiting[1]).id, band=1, reason="emergency"))
    await siti.ask(OfferDecline(offer_id=offer.offer_id))
    await siti.hear(AgentStateNow, state=AgentState.READY)
    assert (await siti.hear(Offer)).call.call_id == pool.call_of(waiting[1]).id


async def test_an_assigned_call_alerts_that_agent_whatever_he_serves(pool: Pool) -> None:
    boss, budi = await supervisor(pool), await pool.waiting("budi", "general")
    siti = await pool.ready("siti", queues=("instant",))
    await does(boss, CallAssign(call_id=pool.call_of(budi).id, agent_id="siti"))
    offer = await siti.hear(Offer)
    assert (offer.call.call_id, offer.why["by"], "considered" in offer.why) == (
        pool.call_of(budi).id,
        "supervisor",
        False,
    )
    await siti.ask(OfferAccept(offer_id=offer.offer_id))
    await siti.hear(AgentConnected)
    assert (await budi.hear(CustomerConnected)).agent.id == "siti"


async def test_an_assignment_tells_how_many_it_passed_over(pool: Pool) -> None:
    boss, waiting = await supervisor(pool), [await pool.waiting(f"k{n}") for n in range(3)]
    siti = await pool.ready("siti", queues=())
    await does(boss, CallAssign(call_id=pool.call_of(waiting[2]).id, agent_id="siti"))
    assert (await siti.hear(Offer)).why["passed_over"] == 2


async def test_a_call_ends_in_each_of_its_states(pool: Pool) -> None:
    boss = await supervisor(pool)
    budi = await pool.waiting("budi")
    await does(boss, CallEnd(call_id=pool.call_of(budi).id))
    ended = await budi.hear(CallEnded)
    assert (ended.reason, ended.by) == (EndReason.CANCELLED, Party.SUPERVISOR)
    siti, dewi = await pool.ready("siti"), await pool.waiting("dewi")
    offer = await siti.hear(Offer)
    await does(boss, CallEnd(call_id=offer.call.call_id))
    assert (await siti.hear(OfferEnded)).reason is OfferEnd.RESCINDED
    assert (await dewi.hear(CallEnded)).by is Party.SUPERVISOR
    agus = await pool.waiting("agus")
    await siti.ask(OfferAccept(offer_id=(await siti.hear(Offer)).offer_id))
    await agus.hear(CustomerConnected)
    await does(boss, CallEnd(call_id=pool.call_of(agus).id))
    for side in (agus, siti):
        told = await side.hear(CallEnded)
        assert (told.reason, told.by) == (EndReason.CANCELLED, Party.SUPERVISOR)
    await siti.hear(AgentStateNow, state=AgentState.WRAP_UP)


async def test_an_agents_state_is_set_and_while_he_is_busy_it_waits(pool: Pool) -> None:
    boss, siti = await supervisor(pool), await pool.ready("siti")
    await does(boss, AgentSetState(agent_id="siti", state=AgentState.NOT_READY, reason="meeting"))
    assert (await siti.hear(AgentStateNow)).reason == "meeting"
    await does(boss, AgentSetState(agent_id="siti", state=AgentState.READY))
    await siti.hear(AgentStateNow, state=AgentState.READY)
    await pool.waiting("budi")
    await siti.hear(Offer)
    await does(boss, AgentSetState(agent_id="siti", state=AgentState.OFFLINE))
    wish = await siti.hear(AgentStateNow, next_state=AgentState.OFFLINE)
    assert wish.state is AgentState.OFFERED
    siti.drop()
    await pool.until(lambda: isinstance(siti.record, Agent) and siti.record.state is AgentState.OFFLINE)
    command = AgentSetState(agent_id="siti", state=AgentState.READY)
    assert await refused(boss, command) == (Code.WRONG_STATE, None, "offline")


async def test_an_agent_serves_what_he_was_given_over_a_reconnect_and_not_over_a_log_in(pool: Pool) -> None:
    boss, siti = await supervisor(pool), await pool.ready("siti", queues=("instant",))
    budi = await pool.waiting("budi", "general")
    await does(boss, AgentSetSkills(agent_id="siti", queues=("general",), skills={"loan": 2}))
    offer = await siti.hear(Offer)
    assert offer.call.call_id == pool.call_of(budi).id
    siti.drop()
    await trio.sleep(20)
    await siti.enter()
    assert (await siti.hear(Offer)).call.call_id == offer.call.call_id
    siti.drop()
    await trio.sleep(31)
    await siti.enter()
    await siti.ask(StateSet(state=AgentState.READY))
    await trio.sleep(2)
    assert not siti.unread(Offer)
    agent = siti.record
    assert isinstance(agent, Agent)
    assert (agent.queues, agent.skills) == (("instant",), {})


async def test_a_paused_queue_refuses_at_once_on_every_node_and_serves_who_waits(pool: Pool) -> None:
    other = await pool.node("b")
    boss, budi = await supervisor(pool, node=other), await pool.waiting("budi")
    doors = [pool.customer(f"k{n}") for n in range(2)]
    for client, node in zip(doors, pool.nodes, strict=True):
        await client.enter(node)
    await does(boss, QueuePause(queue="general"))
    for client in doors:
        answer = await client.ask(CallRequest(request_id="r", queue="general"))
        assert isinstance(answer, Error)
        assert (answer.code, answer.field) == (Code.QUEUE_CLOSED, "queue")
        assert isinstance(await client.ask(CallRequest(request_id="r", queue="instant")), Ok)
        await client.ask(CallCancel())
    again = await budi.ask(CallRequest(request_id="budi-1", queue="general"))
    assert isinstance(again, Ok), "the same request gets its first answer"
    siti = await pool.ready("siti")
    offer = await siti.hear(Offer)
    await siti.ask(OfferDecline(offer_id=offer.offer_id))
    await budi.hear(CallRequeued)
    for client in (*doors, boss, budi):
        await client.hear(ConfigChanged)
    await does(boss, QueueResume(queue="general"))
    for client in doors:
        assert isinstance(await client.ask(CallRequest(request_id="r2", queue="general")), Ok)
    for client in doors:
        await client.hear(ConfigChanged)


async def test_a_queue_that_was_resumed_closes_when_the_configuration_says_so(pool: Pool) -> None:
    boss, door = await supervisor(pool), pool.customer("budi")
    await door.enter()
    await does(boss, QueuePause(queue="general"))
    await does(boss, QueueResume(queue="general"))
    general = pool.policy.queues["general"]
    for opens, code in ((False, Code.QUEUE_CLOSED), (True, None)):
        queues = {**pool.policy.queues, "general": evolve(general, open=opens)}
        pool.written = evolve(pool.policy, queues=queues)
        await does(boss, RulesReload())
        answer = await door.ask(CallRequest(request_id="r", queue="general"))
        assert getattr(answer, "code", None) == code


async def test_rules_are_read_again_on_every_node_or_on_none(pool: Pool) -> None:
    other = await pool.node("b")
    boss = await supervisor(pool)
    before = pool.policy
    pool.written = Refused(Code.BAD_FIELD, "queues: expected a list", field="queues")
    assert await refused(boss, RulesReload()) == (Code.BAD_FIELD, "queues", None)
    assert [n.context.policy for n in pool.nodes] == [before, before]
    assert not pool.facts("commanded")
    vip = Rule(when={"tier": ("priority",)}, head_start_ms=60_000, name="vip")
    pool.written = evolve(before, rules=(vip,), queues={**before.queues, "loans": Queue(name="loans")})
    await does(boss, RulesReload())
    await pool.until(lambda: other.context.policy is pool.written)
    await boss.hear(ConfigChanged)
    rules = [f["rules"] for f in pool.facts("rules_reloaded")]
    assert rules == [pool.written.version] != [before.version]
    await pool.waiting("budi")
    dewi = pool.customer("dewi", tier="priority")
    await dewi.enter(other)
    await dewi.ask(CallRequest(request_id="dewi-1", queue="general"))
    assert (await dewi.hear(CallQueued)).position == 1
    siti = await pool.ready("siti", other)
    assert (await siti.hear(Offer)).call.customer.id == "dewi"


async def test_a_node_whose_own_rules_are_broken_keeps_the_old_and_says_so(
    pool: Pool, log: list[Any]
) -> None:
    other = await pool.node("b")
    boss, before = await supervisor(pool), pool.policy
    other.context.rules.load = lambda: (_ for _ in ()).throw(Refused(Code.BAD_FIELD, "no", field="rules"))
    pool.written = evolve(before, rules=(Rule(head_start_ms=1),))
    await does(boss, RulesReload())
    await trio.sleep(1)
    assert (pool.nodes[0].context.policy, other.context.policy) == (pool.written, before)
    assert [e["field"] for e in log if e["log_level"] == "error"] == ["rules"]


async def test_an_offer_that_is_being_made_while_rules_change_is_made_once(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its two sides stay reserved on the new board: nothing is even tried twice."""
    refusals: list[int] = []
    monkeypatch.setattr(Uncounted, "refused", lambda _: refusals.append(pool.clock.now()))
    boss, siti = await supervisor(pool), await pool.ready("siti")
    pool.memory.faults = Faults(delay_ms=2_000)
    await pool.waiting("budi")
    matchmaker: Any = pool.nodes[0].leadership.matchmaker
    assert len(matchmaker.board._held) == 2, "under way"
    pool.written = evolve(pool.policy, rules=(Rule(head_start_ms=1),))
    boss.say(RulesReload())
    await pool.until(lambda: matchmaker.board.policy is pool.written)
    await siti.hear(Offer)
    await trio.sleep(3)
    assert len(pool.facts("call_offered")) == 1
    assert refusals == []


# who may


@pytest.mark.parametrize("role", ["agent", "customer"])
async def test_a_token_of_another_role_opens_no_board(pool: Pool, role: str) -> None:
    client = pool.supervisor()
    client.identity = evolve(client.identity, role=role)
    token = pool.token(client.identity)
    client.identity = evolve(client.identity, role="supervisor")
    pool._identities[f"supervisor/{client.sub}"] = pool._identities[token]
    pool.token = lambda identity: token  # type: ignore[method-assign]
    client.knock(pool.nodes[0])
    assert await client.shut_out() is CloseCode.TOKEN
    assert not client.unread(Welcome)


SUPERVISORS: list[Request] = [
    BoardWatch(),
    CallPrioritise(call_id="c", band=1, reason="vip"),
    CallAssign(call_id="c", agent_id="a"),
    CallEnd(call_id="c"),
    AgentSetState(agent_id="a", state=AgentState.OFFLINE),
    AgentSetSkills(agent_id="a", queues=(), skills={}),
    QueuePause(queue="general"),
    QueueResume(queue="general"),
    RulesReload(),
]


@pytest.mark.parametrize("command", SUPERVISORS, ids=lambda c: c.type)
async def test_nobody_else_may_command(pool: Pool, command: Request) -> None:
    people = [pool.agent("siti"), pool.customer("budi")]
    for person in people:
        await person.enter()
    rev = pool.memory.rev
    for person in people:
        assert await refused(person, command) == (Code.NOT_ALLOWED, None, None)
    assert pool.memory.rev == rev


@pytest.mark.parametrize(
    "deed", [StateSet(state=AgentState.READY), CallCancel(), OfferAccept(offer_id="o")], ids=lambda d: d.type
)
async def test_nor_may_a_supervisor_do_what_is_theirs(pool: Pool, deed: Request) -> None:
    assert await refused(await supervisor(pool), deed) == (Code.NOT_ALLOWED, None, None)


async def test_what_is_not_there_is_refused_by_its_field(pool: Pool) -> None:
    boss, budi = await supervisor(pool), await pool.waiting("budi")
    call_id = pool.call_of(budi).id
    nobody = (Code.NO_SUCH_AGENT, "agent_id", None)
    nothing = (Code.NO_SUCH_CALL, "call_id", None)
    nowhere = (Code.NO_SUCH_QUEUE, "queue", None)
    assert await refused(boss, CallEnd(call_id="c9")) == nothing
    assert await refused(boss, CallPrioritise(call_id="c9", band=1, reason="vip")) == nothing
    assert await refused(boss, CallAssign(call_id="c9", agent_id="siti")) == nothing
    assert await refused(boss, CallAssign(call_id=call_id, agent_id="siti")) == nobody
    assert await refused(boss, AgentSetState(agent_id="siti", state=AgentState.READY)) == nobody
    assert await refused(boss, AgentSetSkills(agent_id="siti", queues=(), skills={})) == nobody
    assert await refused(boss, QueuePause(queue="nowhere")) == nowhere
    assert await refused(boss, QueueResume(queue="nowhere")) == nowhere
    assert not pool.facts("commanded")


# said again, and when the store is away


async def test_saying_it_again_is_harmless(pool: Pool) -> None:
    boss, siti = await supervisor(pool), await pool.ready("siti", queues=())
    budi, dewi = await pool.waiting("budi"), await pool.waiting("dewi")
    once: list[Request] = [
        CallPrioritise(call_id=pool.call_of(dewi).id, head_start_ms=5_000, band=2, reason="vip"),
        CallAssign(call_id=pool.call_of(budi).id, agent_id="siti"),
        AgentSetState(agent_id="siti", state=AgentState.NOT_READY, reason="meeting"),
        AgentSetSkills(agent_id="siti", queues=("general",), skills={"loan": 1}),
        QueuePause(queue="general"),
        QueueResume(queue="general"),
        RulesReload(),
        CallEnd(call_id=pool.call_of(dewi).id),
    ]
    for command in once:
        await does(boss, command)
        before = {r: evolve(v, version=0, stamp="") for r in pool.memory.hashes if (v := pool.record(r))}
        await does(boss, command)
        after = {r: evolve(v, version=0, stamp="") for r in pool.memory.hashes if (v := pool.record(r))}
        assert after == before, command
    assert len(pool.facts("call_offered")) == 1
    assert len([f for f in pool.facts("call_ended") if f["by"] == "supervisor"]) == 1
    assert siti.closed is None


@pytest.mark.parametrize("command", SUPERVISORS[1:-1], ids=lambda c: c.type)
async def test_while_the_store_is_away_nothing_can_be_commanded(pool: Pool, command: Request) -> None:
    boss = await supervisor(pool)
    pool.memory.away()
    answer = await boss.ask(command)
    assert isinstance(answer, Error)
    assert (answer.code, answer.retry_ms) == (Code.UNAVAILABLE, 1_000)


async def test_a_command_whose_answer_is_lost_may_be_said_again(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    boss, budi = await supervisor(pool), await pool.waiting("budi")
    siti = await pool.ready("siti", queues=())
    store = pool.nodes[0].store
    commit = store.commit

    async def unheard(change: Change) -> Receipt:
        await commit(change)
        raise Unknown("the answer was lost")

    command = CallAssign(call_id=pool.call_of(budi).id, agent_id="siti")
    with monkeypatch.context() as broken:
        broken.setattr(store, "commit", unheard)
        answer = await boss.ask(command)
    assert isinstance(answer, Error)
    assert answer.code is Code.UNAVAILABLE
    await does(boss, command)
    await siti.hear(Offer)
    assert len(pool.facts("call_offered")) == 1
    assert len(commands(pool)) == 1
