"""The boardroom: everything at first, then what changed, told together and to all who look."""

from collections.abc import MutableMapping
from typing import Any

import pytest
import trio
import trio.testing
from attrs import evolve

from engine.actors import boardroom
from engine.actors.board_notices import BoardDelta, BoardSnapshot
from engine.actors.notices import (
    AgentConnected,
    CustomerConnected,
    Error,
    Offer,
    Ok,
    Service,
)
from engine.actors.ports import CloseCode
from engine.actors.requests import (
    BoardWatch,
    CallCancel,
    CallHangup,
    CallRequest,
    OfferAccept,
    QueuePause,
    RulesReload,
    StateSet,
    WrapupFinish,
)
from engine.domain.errors import Code
from engine.domain.lifecycle import AgentState, CallState
from engine.domain.rules import Queue

from .pool import POLICY, Client, Link, Pool
from .wallboard import Wallboard, figureless, truth, watching

MINUTE_S = 60.0


async def true(pool: Pool, board: Wallboard) -> None:
    """The board shows what is stored, as soon as that has been told."""
    await trio.sleep(1.5)
    queues, calls, agents = truth(pool.memory, pool.policy)
    assert board.calls == calls
    assert board.agents == agents
    assert {name: figureless(row) for name, row in board.queues.items()} == queues


async def talk(pool: Pool, agent: Client, customer: Client) -> None:
    """They are connected."""
    await agent.ask(OfferAccept(offer_id=(await agent.hear(Offer)).offer_id))
    await agent.hear(AgentConnected)
    await customer.hear(CustomerConnected)


async def test_everything_is_shown_and_then_what_happens(pool: Pool) -> None:
    dewi = await pool.waiting("dewi")
    board = await watching(pool)
    assert set(board.queues) == {"general", "instant"}
    assert [row.state for row in board.calls.values()] == [CallState.WAITING]
    assert board.agents == {}
    siti = await pool.ready("siti")
    offer = await siti.hear(Offer)
    await true(pool, board)
    row = board.calls[offer.call.call_id]
    assert (row.state, row.agent_id, row.deadline_at) == (CallState.OFFERED, "siti", offer.deadline_at)
    assert [(a.call_id, a.agent_id, a.why) for a in board.assigned] == [(row.call_id, "siti", row.why)]
    assert row.why["considered"] == {}
    await siti.ask(OfferAccept(offer_id=offer.offer_id))
    await true(pool, board)
    assert board.agents["siti"].call_id == row.call_id
    await dewi.ask(CallHangup())
    await siti.ask(WrapupFinish())
    await true(pool, board)
    assert (board.calls, board.agents["siti"].handled) == ({}, 1)
    siti.drop()
    await true(pool, board)
    assert board.agents == {}
    assert board.snapshots <= 2, "the hour before, and not again"


async def test_changes_are_told_together(pool: Pool) -> None:
    board = await watching(pool)
    await trio.sleep(3)
    told, revs = board.deltas, pool.memory.rev
    for n in range(20):
        await pool.waiting(f"k{n:02}")
    await trio.sleep(0.25)
    assert len(board.calls) == 20
    assert pool.memory.rev - revs >= 40
    assert board.deltas - told <= 4, "ten a second at most"


async def test_while_nothing_happens_nothing_is_told_but_what_time_changes(pool: Pool) -> None:
    board = await watching(pool)
    await trio.sleep(5)
    board.client.forget()
    await trio.sleep(3 * MINUTE_S)
    assert 2 <= len(board.client.unread(BoardDelta)) <= 4, "a minute turned"
    assert not board.client.unread(BoardSnapshot)


@pytest.mark.parametrize("wait_s", [0.0, 0.02, 0.31, 59.99])
async def test_who_comes_later_and_who_was_there_see_the_same(pool: Pool, wait_s: float) -> None:
    """Whatever the newcomer's snapshot shows first, the others are shown too."""
    first = await watching(pool)
    await trio.sleep(wait_s)
    await pool.waiting("budi")
    second = await watching(pool, "chief")
    assert first.shows == second.shows
    await trio.sleep(1)
    assert isinstance(await first.client.ask(BoardWatch()), Ok)
    assert first.shows == second.shows
    await pool.ready("siti")
    await trio.sleep(2)
    assert first.shows == second.shows
    assert first.calls


async def test_several_boards_of_one_supervisor_on_several_nodes(pool: Pool) -> None:
    other = await pool.node("b")
    boards = [await watching(pool), await watching(pool), await watching(pool, node=other)]
    assert all(b.client.closed is None for b in boards), "nobody is replaced"
    await pool.waiting("budi", node=other)
    for board in boards:
        await true(pool, board)
    boards[0].client.drop()
    await pool.ready("siti")
    for board in boards[1:]:
        await true(pool, board)


async def test_watching_again_after_a_reconnect_begins_anew(pool: Pool) -> None:
    board = await watching(pool)
    await pool.waiting("budi")
    board.client.drop()
    board.lost()
    await pool.waiting("dewi")
    await board.client.enter()
    assert isinstance(await board.client.ask(BoardWatch()), Ok)
    await true(pool, board)
    assert len(board.calls) == 2


async def test_who_asks_in_a_loop_is_shown_everything_now_and_then(pool: Pool) -> None:
    """And told to wait meanwhile, without missing what happens."""
    board = await watching(pool)
    await pool.waiting("budi")
    await true(pool, board)
    shown = board.snapshots
    said = [await board.client.ask(BoardWatch()) for _ in range(10)]
    refused = [error for error in said if isinstance(error, Error)]
    assert (len(refused), board.snapshots) == (9, shown + 1)
    assert {(error.code, error.retry_ms) for error in refused} == {(Code.TOO_FAST, 1000)}
    await pool.waiting("dewi")
    await true(pool, board)
    assert isinstance(await board.client.ask(BoardWatch()), Ok)
    await true(pool, board)
    assert board.snapshots == shown + 2


async def test_nobody_who_did_not_ask_is_shown_anything(pool: Pool) -> None:
    boss = pool.supervisor()
    assert (await boss.enter()).state == "watching"
    await watching(pool, "chief")
    await pool.waiting("budi")
    await trio.sleep(2)
    assert not [m for m in boss.heard if isinstance(m, BoardSnapshot | BoardDelta)]


# the hour before


async def test_the_hour_before_is_read_from_the_journal(pool: Pool) -> None:
    """It arrived, was answered and archived long before anybody looked."""
    siti, budi = await pool.ready("siti"), await pool.waiting("budi")
    await trio.sleep(5)
    await talk(pool, siti, budi)
    await budi.ask(CallHangup())
    answered_at = pool.clock.now()
    await trio.sleep(20 * MINUTE_S)
    assert pool.facts("call_archived")
    dewi = await pool.waiting("dewi")
    await trio.sleep(8)
    await dewi.ask(CallCancel())
    board = await watching(pool)
    await trio.sleep(1.5)
    row = board.queues["general"]
    assert (row.answered, row.abandoned, row.service_level, row.abandonment) == (1, 1, 0.5, 0.5)
    told = board.minutes["general"]
    at = answered_at - answered_at % 60_000
    assert (told[at].arrived, told[at].answered, told[at].in_time) == (1, 1, 1)
    assert len(told) == 60
    again = await watching(pool, "chief")
    assert again.minutes == board.minutes
    await trio.sleep(45 * MINUTE_S)
    assert (board.queues["general"].answered, board.queues["general"].abandoned) == (0, 1)
    assert board.queues["general"].minute.at == (pool.clock.now() - 2_500) // 60_000 * 60_000


async def test_a_board_that_was_there_all_along_shows_the_same_figures(pool: Pool) -> None:
    board = await watching(pool)
    for n in range(6):
        customer = await pool.waiting(f"k{n}", "instant")
        await trio.sleep(5 * n)
        if n % 2:
            agent = await pool.ready(f"a{n}")
            await talk(pool, agent, customer)
            await agent.ask(StateSet(state=AgentState.OFFLINE))
            await trio.sleep(70)
        await customer.ask(CallHangup())
    other = await watching(pool, "chief", node=await pool.node("b"))
    await trio.sleep(1.5)
    for name, row in board.queues.items():
        shown = other.queues[name]
        told = (row.answered, row.abandoned, row.service_level, row.abandonment, row.minute)
        assert told == (
            shown.answered,
            shown.abandoned,
            shown.service_level,
            shown.abandonment,
            shown.minute,
        )
    row = board.queues["instant"]
    assert (row.answered, row.abandoned, row.service_level) == (3, 3, 0.4), "one of them left at once"


async def test_minutes_as_they_were_told_are_those_that_a_newcomer_is_told(pool: Pool) -> None:
    """What happened in a minute's last moment is told when the next one has begun."""
    board = await watching(pool)
    beginning = pool.clock.now() // 60_000 * 60_000 + 60_000
    for n, at_ms in enumerate((59_950, 59_999, 60_000, 60_040, 119_930, 119_995, 180_000 - 1)):
        await pool.clock.sleep_until(beginning + at_ms)
        customer = await pool.waiting(f"k{n}")
        if n % 2:
            await customer.ask(CallCancel())
    await trio.sleep(3)
    other = await watching(pool, "chief")
    counts = {
        at: (m.arrived, m.abandoned) for at, m in board.minutes["general"].items() if m.arrived or m.abandoned
    }
    assert counts == {beginning: (2, 1), beginning + 60_000: (4, 2), beginning + 120_000: (1, 0)}
    for queue, minutes in board.minutes.items():
        told = {at: m for at, m in minutes.items() if at in other.minutes[queue]}
        assert told == other.minutes[queue]


async def test_more_than_is_read_is_said(
    pool: Pool, monkeypatch: pytest.MonkeyPatch, log: list[MutableMapping[str, Any]]
) -> None:
    monkeypatch.setattr(boardroom, "PAGE", 2)
    monkeypatch.setattr(boardroom, "PAGES", 2)
    for n in range(4):
        await pool.waiting(f"k{n}")
    await watching(pool)
    await trio.sleep(1)
    assert [e["log_level"] for e in log if "reads" in e["event"]] == ["warning"]


# coming and going


async def test_the_scene_outlives_its_last_watcher_for_a_while(pool: Pool) -> None:
    watched = pool.nodes[0].directory._boardroom
    board = await watching(pool)
    board.client.drop()
    await trio.sleep(boardroom.LINGER_S - 2)
    assert watched._scene is not None
    again = await watching(pool)
    assert again.snapshots == 1, "nothing had to be read again"
    again.client.drop()
    await trio.sleep(boardroom.LINGER_S + 3)
    assert (watched._scene, watched._open) == (None, False)
    anew = await watching(pool)
    await pool.waiting("budi")
    await true(pool, anew)


async def test_a_slow_board_is_closed_and_the_others_go_on(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its outbox is full in the middle of being told."""
    slow, quick = await watching(pool, "slow"), await watching(pool, "quick")
    link, send = slow.client.link, Link.send

    def full(self: Link, message: Any) -> None:
        if self is link:
            self.conversation.dismiss(CloseCode.OVERLOADED, "too slow")
        else:
            send(self, message)

    monkeypatch.setattr(Link, "send", full)
    await pool.waiting("budi")
    assert await slow.client.shut_out() is CloseCode.OVERLOADED
    await true(pool, quick)
    assert len(pool.nodes[0].directory._boardroom._watchers) == 1


async def test_what_goes_wrong_on_a_board_is_nobody_elses_trouble(
    pool: Pool, monkeypatch: pytest.MonkeyPatch, log: list[MutableMapping[str, Any]]
) -> None:
    board = await watching(pool)
    with monkeypatch.context() as broken:
        broken.setattr("engine.actors.scene._call_row", lambda call: 1 / 0)
        siti, budi = await pool.ready("siti"), await pool.waiting("budi")
        await talk(pool, siti, budi)
        await trio.sleep(3)
    assert [e for e in log if e["event"] == "the board failed"]
    await true(pool, board)
    assert board.client.closed is None


# a store that goes away


async def test_a_store_that_goes_away_and_comes_back(pool: Pool) -> None:
    board = await watching(pool)
    await pool.waiting("budi")
    pool.memory.away()
    assert (await board.client.hear(Service)).available is False
    await trio.sleep(20)
    assert len(board.calls) == 1, "what was last known is shown"
    pool.memory.back()
    await board.client.hear(Service, available=True)
    await pool.ready("siti")
    await true(pool, board)


async def test_who_opens_a_board_while_the_store_is_away_is_told_and_shown_it_later(pool: Pool) -> None:
    pool.memory.away()
    board = Wallboard(pool.supervisor())
    await board.client.enter()
    assert (await board.client.hear(Service)).available is False
    assert isinstance(await board.client.ask(BoardWatch()), Ok)
    paused = await board.client.ask(QueuePause(queue="general"))
    assert isinstance(paused, Error)
    assert (paused.code, paused.retry_ms) == (Code.UNAVAILABLE, 1_000)
    await trio.sleep(20)
    assert board.rev is None
    pool.memory.back()
    await board.client.hear(BoardSnapshot)
    await pool.waiting("budi")
    await true(pool, board)


async def test_in_a_new_era_the_board_is_of_that_era(pool: Pool) -> None:
    siti = await pool.ready("siti")
    await pool.waiting("budi")
    await siti.hear(Offer)
    board = await watching(pool)
    for n in range(20):
        await pool.waiting(f"k{n}")
    lost, agus = await pool.waiting("lost"), await pool.ready("agus", queues=())
    lost.drop()
    agus.drop()
    await true(pool, board)
    assert len(board.calls) == 22
    pool.memory.empty()
    await pool.until(lambda: len(pool.memory.hashes) >= 21)
    await trio.sleep(8)
    await true(pool, board)
    assert len(board.calls) == 21, "nobody re-created the other"
    assert board.rev == pool.memory.rev, "its revs begin again"


# rules read again


async def test_rules_read_again_redraw_every_board_and_spare_what_is_offered(pool: Pool) -> None:
    other = await pool.node("b")
    siti, budi = await pool.ready("siti"), await pool.waiting("budi")
    offer = await siti.hear(Offer)
    boards = [await watching(pool), await watching(pool, "chief", node=other)]
    night = Queue(name="night", open=False, wrap_up_ms=0)
    pool.written = pool.policy = evolve(POLICY, queues={**POLICY.queues, "night": night})
    assert isinstance(await boards[0].client.ask(RulesReload()), Ok)
    for board in boards:
        await true(pool, board)
        assert board.queues["night"].state == "closed"
        assert [a.call_id for a in board.assigned] == [offer.call.call_id], "not told twice"
    assert [f["rules"] for f in pool.facts("rules_reloaded")] == [pool.policy.version]
    await siti.ask(OfferAccept(offer_id=offer.offer_id))
    await budi.hear(CustomerConnected)
    assert len(pool.facts("call_offered")) == 1
    dewi = pool.customer("dewi")
    await dewi.enter(other)
    refused = await dewi.ask(CallRequest(request_id="dewi-1", queue="night"))
    assert isinstance(refused, Error)
    assert refused.code is Code.QUEUE_CLOSED
