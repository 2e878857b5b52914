"""The journal as Asterisk's queue_log: line by line for a day made by hand, and by a reader of its own."""

from collections import Counter

import pytest
from asterisk import Reader
from told import T0, Told, at, lived_at_random

from engine.domain import facts as f
from engine.domain.lifecycle import AgentState, EndReason, OfferEnd, Party, RequeueReason
from engine.replay.journal.queue_log import queue_log

EPOCH = T0 // 1000


def lines(day: Told, from_s: float | None = None, to_s: float | None = None) -> list[str]:
    """The log, its times as seconds of the day."""
    edges = (None if s is None else at(s) for s in (from_s, to_s))
    written = list(queue_log(day.facts, *edges))
    Reader().read(written) if from_s is None else None
    split = [line.split("|", 1) for line in written]
    return [f"{int(time) - EPOCH}|{rest}" for time, rest in split]


def test_a_served_call() -> None:
    day = Told()
    day.logs_in(0, "ani", "general", "cards")
    day.asks(10.9, "x")
    day.asks(11, "y")
    day.offered(12, "x", "ani")
    day.ends_offer(15.2, "x", OfferEnd.ACCEPTED)
    day.hung_up(76, "x")
    day.moves(80, "ani", AgentState.READY)
    day.moves(90, "ani", AgentState.OFFLINE)
    assert lines(day) == [
        "0|NONE|general|ani|ADDMEMBER|",
        "0|NONE|cards|ani|ADDMEMBER|",
        "0|NONE|NONE|ani|PAUSEALL|login",
        "0|NONE|general|ani|PAUSE|login",
        "0|NONE|cards|ani|PAUSE|login",
        "0|NONE|NONE|ani|UNPAUSEALL|",
        "0|NONE|general|ani|UNPAUSE|",
        "0|NONE|cards|ani|UNPAUSE|",
        "10|x|general|NONE|ENTERQUEUE||of-x|1",
        "11|y|general|NONE|ENTERQUEUE||of-y|2",
        "15|x|general|ani|CONNECT|5|x-1|3",
        "76|x|general|ani|COMPLETECALLER|5|61|1",
        "90|NONE|general|ani|REMOVEMEMBER|",
        "90|NONE|cards|ani|REMOVEMEMBER|",
    ]
    assert lines(day, 15, 76) == ["15|x|general|ani|CONNECT|5|x-1|3"], "a range knows what came before"


def test_offers_that_fail_and_calls_that_leave() -> None:
    day = Told()
    day.logs_in(0, "ani")
    for n, name in enumerate("vwxy"):
        day.asks(n, name)
    day.offered(5, "v", "ani")
    day.ends_offer(6.25, "v", OfferEnd.DECLINED)
    day.moves(11, "ani", AgentState.READY)
    day.offered(11, "v", "ani")
    day.ends_offer(26, "v", OfferEnd.EXPIRED)
    day.moves(30, "ani", AgentState.READY)
    day.offered(30, "v", "ani")
    day.ends_offer(33, "v", OfferEnd.RESCINDED, waits=False)
    day.left(33, "v")
    day.left(40, "x", EndReason.CUSTOMER_LOST)
    day.left(50, "w", EndReason.EXPIRED)
    day.left(55, "y", EndReason.CANCELLED)
    assert [line for line in lines(day) if "PAUSE" not in line and "MEMBER" not in line][4:] == [
        "6|v|general|ani|RINGNOANSWER|1250",
        "26|v|general|ani|RINGNOANSWER|15000",
        "33|v|general|ani|RINGCANCELED|3000",
        "33|v|general|NONE|ABANDON|1|1|33",
        "40|x|general|NONE|ABANDON|2|3|38",
        "50|w|general|NONE|EXITWITHTIMEOUT|1|2|49",
        "55|y|general|NONE|ABANDON|1|4|52",
    ]
    assert [line for line in lines(day) if "|general|ani|" in line and "PAUSE" in line][2:] == [
        "6|NONE|general|ani|PAUSE|declined",
        "11|NONE|general|ani|UNPAUSE|",
        "26|NONE|general|ani|PAUSE|no_answer",
        "30|NONE|general|ani|UNPAUSE|",
    ]


def test_transfers_and_lost_agents_enter_the_queue_again() -> None:
    day = Told()
    for name in ("ani", "budi", "cici"):
        day.logs_in(0, name, "general", "cards")
    day.asks(10, "x")
    day.asks(11, "y", "cards")
    day.served(20, "x", "ani")
    day.passed_on(50, "x", "ani", "cards")
    day.served(60, "x", "budi")
    day.passed_on(70, "x", "budi", "cards", to_agent="cici")
    day.served(71, "x", "cici")
    day.requeued(90, "x", RequeueReason.AGENT_LOST)
    day.moves(90, "cici", AgentState.OFFLINE, "lost")
    day.moves(91, "ani", AgentState.READY)
    day.served(95, "x", "ani")
    day.hung_up(99, "x", Party.AGENT)
    assert [line for line in lines(day) if "|x|" in line] == [
        "10|x|general|NONE|ENTERQUEUE||of-x|1",
        "20|x|general|ani|CONNECT|10|x-1|0",
        "50|x|general|ani|BLINDTRANSFER|cards|queue|10|30|1",
        "50|x|cards|NONE|ENTERQUEUE||of-x|1",
        "60|x|cards|budi|CONNECT|10|x-2|0",
        "70|x|cards|budi|BLINDTRANSFER|cici|agent|10|10|1",
        "70|x|cards|NONE|ENTERQUEUE||of-x|1",
        "71|x|cards|cici|CONNECT|1|x-3|0",
        "90|x|cards|cici|COMPLETEAGENT|1|19|1",
        "90|x|cards|NONE|ENTERQUEUE||of-x|1",
        "95|x|cards|ani|CONNECT|5|x-4|0",
        "99|x|cards|ani|COMPLETEAGENT|5|4|1",
    ]


def test_a_position_is_that_of_the_order_of_turns() -> None:
    day = Told()
    day.asks(0, "a")
    day.asks(1, "b", terms={"tier priority": 90_000})
    day.asks(2, "c", band=1)
    assert [line.rpartition("|")[2] for line in lines(day)] == ["1", "1", "1"]


def test_what_a_supervisor_gives_an_agent_to_serve() -> None:
    day = Told()
    day.logs_in(0, "ani", "general", "cards", ready=False)
    day.tell(f.AgentReskilled(at=at(5), agent="ani", queues=("cards", "loans"), skills={}))
    day.tell(f.RulesReloaded(at=at(6), rules="r2"))
    day.moves(7, "ani", AgentState.NOT_READY, "break")
    assert lines(day)[5:] == [
        "5|NONE|general|ani|REMOVEMEMBER|",
        "5|NONE|loans|ani|ADDMEMBER|",
        "5|NONE|loans|ani|PAUSE|login",
        "6|NONE|NONE|NONE|CONFIGRELOAD|",
        "7|NONE|NONE|ani|PAUSEALL|break",
        "7|NONE|cards|ani|PAUSE|break",
        "7|NONE|loans|ani|PAUSE|break",
    ]


def test_a_journal_that_begins_late_is_written_from_what_it_tells() -> None:
    day = Told(due={"x": 0})
    day.offered(5, "x", "ani")
    day.ends_offer(6, "x", OfferEnd.DECLINED)
    day.hung_up(7, "x")
    assert lines(day) == ["6|NONE|NONE|ani|PAUSEALL|declined", "7|NONE|NONE|ani|UNPAUSEALL|"]


@pytest.mark.parametrize("seed", [1, 2])
def test_a_reader_of_queue_logs_finds_in_it_what_the_journal_tells(seed: int) -> None:
    facts = lived_at_random(seed)
    reader = Reader().read(queue_log(facts, None, None))
    told = Counter(fact.kind for fact in facts)
    ends = Counter(fact.how for fact in facts if isinstance(fact, f.OfferEnded))
    assert reader.callers == {}, "everybody has left"
    assert reader.count("CONNECT") == told["call_connected"] > 20
    assert reader.count("BLINDTRANSFER") == told["call_transferred"] > 5
    assert reader.count("RINGCANCELED") == ends[OfferEnd.RESCINDED]
    assert (
        reader.count("RINGNOANSWER")
        == sum(ends.values()) - ends[OfferEnd.RESCINDED] - ends[OfferEnd.ACCEPTED]
    )
    left = sum(map(reader.count, ("ABANDON", "EXITWITHTIMEOUT", "COMPLETEAGENT", "COMPLETECALLER")))
    lost = reader.count("ENTERQUEUE") - told["call_queued"] - told["call_transferred"]
    assert left - lost == told["call_ended"]
