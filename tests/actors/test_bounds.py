"""A supervisor whose token names queues sees their calls and who serves them, and commands nothing else."""

from typing import Any

import trio
from attrs import evolve

from engine.actors.board_notices import BoardSnapshot
from engine.actors.notices import AgentConnected, CustomerConnected, Error, Offer, Ok
from engine.actors.requests import (
    AgentSetSkills,
    AgentSetState,
    CallAssign,
    CallEnd,
    CallPrioritise,
    CallTransfer,
    OfferAccept,
    QueuePause,
    QueueResume,
    Request,
    RulesReload,
    WrapupFinish,
)
from engine.domain.errors import Code
from engine.domain.lifecycle import AgentState
from engine.domain.model import Agent
from engine.gateway.messages import TokenRefresh

from .pool import Client, Pool
from .wallboard import part, watching

NOTHING = (Code.NO_SUCH_CALL, "call_id", None)
NOBODY = (Code.NO_SUCH_AGENT, "agent_id", None)
NOWHERE = (Code.NO_SUCH_QUEUE, "queue", None)


async def answer(boss: Client, command: Request) -> Any:
    said = await boss.ask(command)
    return (said.code, said.field, said.state) if isinstance(said, Error) else Ok


async def test_he_is_shown_his_part_of_the_board(pool: Pool) -> None:
    await pool.waiting("budi", "general")
    await pool.ready("siti", queues=("instant",))
    whole, mine = await watching(pool), await watching(pool, "mine", ("instant",))
    theirs = await watching(pool, "theirs", ("general",))
    await pool.waiting("dewi", "instant")
    await pool.ready("agus", queues=("general",))
    await pool.agent("both").enter()
    await trio.sleep(1)
    assert (len(whole.calls), len(whole.agents)) == (2, 3)
    for board, queue in ((mine, "instant"), (theirs, "general")):
        assert part(board, queue) == part(whole, queue)
        assert (len(board.calls), len(board.agents)) == tuple(map(len, part(whole, queue)))
        assert (list(board.queues), list(board.minutes)) == ([queue], [queue])
        assert [a.queue for a in board.assigned] == [queue]
    assert len(mine.agents) == 2


async def test_what_he_does_not_see_tells_him_nothing(pool: Pool) -> None:
    mine = await watching(pool, "mine", ("instant",))
    await trio.sleep(2)
    told = len(mine.client.heard)
    siti, budi = await pool.ready("siti", queues=("general",)), await pool.waiting("budi", "general")
    await siti.ask(OfferAccept(offer_id=(await siti.hear(Offer)).offer_id))
    budi.drop()
    siti.drop()
    await trio.sleep(5)
    assert [m for m in mine.client.heard[told:] if not getattr(m, "queues", None)] == []
    assert (mine.calls, mine.agents, mine.assigned) == ({}, {}, [])


async def test_a_call_that_is_passed_on_leaves_one_view_and_comes_into_the_other(pool: Pool) -> None:
    mine, theirs = await watching(pool, "mine", ("general",)), await watching(pool, "theirs", ("instant",))
    siti, budi = await pool.ready("siti", queues=("general",)), await pool.waiting("budi", "general")
    await siti.ask(OfferAccept(offer_id=(await siti.hear(Offer)).offer_id))
    await siti.hear(AgentConnected)
    await budi.hear(CustomerConnected)
    await trio.sleep(1)
    call_id = pool.call_of(budi).id
    assert (list(mine.calls), list(theirs.calls)) == ([call_id], [])
    assert isinstance(await siti.ask(CallTransfer(queue="instant")), Ok)
    await trio.sleep(1)
    assert (list(mine.calls), list(theirs.calls)) == ([], [call_id])
    assert await answer(mine.client, CallEnd(call_id=call_id)) == NOTHING
    assert await answer(theirs.client, CallEnd(call_id=call_id)) is Ok
    await trio.sleep(1)
    assert theirs.calls == {}
    again = await pool.waiting("dewi", "general")
    await siti.ask(WrapupFinish())
    await siti.hear(Offer)
    await trio.sleep(1)
    assert list(mine.calls) == [pool.call_of(again).id]


async def test_an_agent_who_is_given_other_queues_changes_views(pool: Pool) -> None:
    boss = await watching(pool)
    mine, theirs = await watching(pool, "mine", ("general",)), await watching(pool, "theirs", ("instant",))
    await pool.ready("siti", queues=("general",))
    for queues in (("instant",), ("general", "instant"), (), ("general",)):
        assert await answer(boss.client, AgentSetSkills(agent_id="siti", queues=queues, skills={})) is Ok
        await trio.sleep(1)
        assert list(mine.agents) == ["siti"] * ("general" in queues)
        assert list(theirs.agents) == ["siti"] * ("instant" in queues)


async def test_a_why_names_none_but_the_agents_he_sees(pool: Pool) -> None:
    for sub, queues in (("ayu", ("general", "instant")), ("siti", ("instant",)), ("agus", ("general",))):
        await trio.sleep(0.1)
        await pool.ready(sub, queues=queues)
    whole, mine = await watching(pool), await watching(pool, "mine", ("instant",))
    await pool.waiting("budi", "instant")
    await trio.sleep(1)
    [full], [seen] = whole.calls.values(), mine.calls.values()
    assert full.why["considered"] == {"siti": "idle_less", "agus": "not_able"}
    assert seen.why["considered"] == {"siti": "idle_less"}
    assert [a.why for a in mine.assigned] == [seen.why]
    assert {**full.why, "considered": {}} == {**seen.why, "considered": {}}
    again = await watching(pool, "again", ("instant",))
    assert (again.calls, again.assigned) == (mine.calls, mine.assigned)


async def test_what_is_outside_is_to_him_as_if_it_were_not_there(pool: Pool) -> None:
    boss = pool.supervisor("boss", ("instant",))
    await boss.enter()
    mine, other = await pool.waiting("mine", "instant"), await pool.waiting("other", "general")
    await pool.agent("siti", ("general",)).enter()
    hidden, seen = pool.call_of(other).id, pool.call_of(mine).id
    outside: list[tuple[Request, Any]] = [
        (CallEnd(call_id=hidden), NOTHING),
        (CallPrioritise(call_id=hidden, band=1, reason="vip"), NOTHING),
        (CallAssign(call_id=hidden, agent_id="siti"), NOTHING),
        (CallAssign(call_id=seen, agent_id="siti"), NOBODY),
        (AgentSetState(agent_id="siti", state=AgentState.OFFLINE), NOBODY),
        (AgentSetSkills(agent_id="siti", queues=("instant",), skills={}), NOBODY),
        (QueuePause(queue="general"), NOWHERE),
        (QueueResume(queue="general"), NOWHERE),
        (RulesReload(), (Code.NOT_ALLOWED, None, None)),
    ]
    rev = pool.memory.rev
    for command, expected in outside:
        assert await answer(boss, command) == expected, command
    assert pool.memory.rev == rev
    for command in (CallPrioritise(call_id=seen, band=1, reason="vip"), QueuePause(queue="instant")):
        assert await answer(boss, command) is Ok


async def test_of_an_agent_of_two_he_gives_and_takes_only_what_he_sees(pool: Pool) -> None:
    boss = pool.supervisor("boss", ("instant",))
    await boss.enter()
    siti = await pool.ready("siti", queues=("general", "instant"))
    for queues, expected in ((("general", "instant"), {"general", "instant"}), ((), {"general"})):
        assert await answer(boss, AgentSetSkills(agent_id="siti", queues=queues, skills={})) is Ok
        agent = siti.record
        assert isinstance(agent, Agent)
        assert set(agent.queues) == expected
    gone = AgentSetSkills(agent_id="siti", queues=("instant",), skills={})
    assert await answer(boss, gone) == NOBODY, "he sees her no more"
    await pool.ready("agus", queues=("instant",))
    beyond = AgentSetSkills(agent_id="agus", queues=("instant", "general"), skills={})
    assert await answer(boss, beyond) == (Code.NO_SUCH_QUEUE, "queues", None)


async def test_a_queue_that_is_no_more_does_not_keep_him_from_giving_others(pool: Pool) -> None:
    boss = pool.supervisor("boss", ("instant", "general"))
    await boss.enter()
    siti = await pool.ready("siti", queues=("instant", "former"))
    assert await answer(boss, AgentSetSkills(agent_id="siti", queues=("general",), skills={})) is Ok
    agent = siti.record
    assert isinstance(agent, Agent)
    assert agent.queues == ("general",)


async def refresh(boss: Client, *queues: str) -> None:
    token = boss.pool.token(evolve(boss.identity, queues=queues))
    assert isinstance(await boss.ask(TokenRefresh(token=token)), Ok)


async def test_a_fresh_token_that_shows_less_takes_effect_at_once(pool: Pool) -> None:
    board = await watching(pool, "boss")
    here, there = await pool.waiting("budi", "instant"), await pool.waiting("dewi", "general")
    await trio.sleep(1)
    assert len(board.calls) == 2
    shown = board.snapshots
    await refresh(board.client, "instant")
    assert list(board.calls) == [pool.call_of(here).id]
    assert await answer(board.client, CallEnd(call_id=pool.call_of(there).id)) == NOTHING
    await refresh(board.client, "instant")
    assert board.snapshots == shown + 1, "nothing else to be seen"
    await refresh(board.client)
    assert len(board.calls) == 2
    assert await answer(board.client, CallEnd(call_id=pool.call_of(there).id)) is Ok


async def test_who_does_not_watch_is_shown_nothing_by_a_fresh_token(pool: Pool) -> None:
    boss = pool.supervisor("boss")
    await boss.enter()
    await refresh(boss, "instant")
    await trio.sleep(2)
    assert not any(isinstance(m, BoardSnapshot) for m in boss.heard)
