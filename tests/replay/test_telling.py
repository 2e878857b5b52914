"""`why`, in words: every kind of thing that can happen to a call is told, in both languages."""

import pytest
from told import JAKARTA, Told, at, lived_at_random

from engine.domain import facts as f
from engine.domain.lifecycle import AgentState, EndReason, OfferEnd, Party, RequeueReason
from engine.replay.journal.catalogue import EN, ID, LANGUAGES
from engine.replay.journal.passing import Reason
from engine.replay.journal.sources import ResultJournal
from engine.replay.journal.telling import NoSuchCall, tell
from engine.replay.journal.words import NAMED, Clockface, Words

WHY = {
    "waited_ms": 20_000,
    "passed_over": 2,
    "step": 1,
    "select": "longest_idle",
    "idle_ms": 12_345,
    "considered": {"budi": "idle_less", "cici": "not_able"},
}


def eventful() -> Told:
    """Asked with skills and a head start, moved, declined, unanswered, served, passed on, lost, cancelled."""
    day = Told()
    day.logs_in(0, "ani", skills={"loan": 2})
    day.logs_in(0, "budi")
    day.logs_in(0, "cici", "cards")
    day.asks(5, "other")
    day.asks(10, "x", tier="priority", skills={"loan": 2}, terms={"tier priority": 90_000}, request="mine")
    day.tell(f.Commanded(at=at(15), by="boss", command="call.prioritise", target="call:x", reason="vip"))
    terms = {"tier priority": 90_000, "supervisor": -30_000}
    day.tell(f.CallPrioritised(at=at(15), call="x", due_at=at(-50), band=2, terms=terms))
    day.due["x"] = at(-50)
    day.offered(30, "x", "ani", **WHY)
    day.ends_offer(32.5, "x", OfferEnd.DECLINED)
    day.offered(33, "x", "budi", **{**WHY, "considered": {}, "step": 0, "passed_over": 0})
    day.ends_offer(48, "x", OfferEnd.EXPIRED)
    day.tell(f.LinkLost(at=at(50), who="customer:of-x", call="x", until=at(70)))
    day.tell(f.LinkBack(at=at(55), who="customer:of-x", call="x"))
    day.tell(f.DeadlinesShifted(at=at(56), who="call:x", by_ms=4_000))
    day.moves(57, "ani", AgentState.READY)
    day.tell(f.Commanded(at=at(60), by="boss", command="call.assign", target="call:x"))
    day.offered(60, "x", "ani", by="supervisor", idle_ms=3_000)
    day.ends_offer(63, "x", OfferEnd.ACCEPTED)
    day.tell(f.LinkLost(at=at(70), who="agent:ani", call="x", until=at(100)))
    day.tell(f.LinkBack(at=at(80), who="agent:ani", call="x"))
    day.passed_on(183, "x", "ani", "cards")
    day.offered(184, "x", "cici", select="least_flexible", idle_ms=0, considered={})
    day.ends_offer(186, "x", OfferEnd.AGENT_LOST)
    day.tell(f.Commanded(at=at(190), by="boss", command="call.end", target="call:x"))
    day.left(190, "x", EndReason.CANCELLED)
    day.tell(f.CallRated(at=at(200), call="x", score=2))
    return day


def told(day: Told, name: str, lang: str = "en") -> list[str]:
    """A line each: the sentences of the course, then the lists."""
    journal = day.journal(JAKARTA)
    words = Words.of(tell(journal, name), lang, journal)
    course = [f"{when} {line}" for when, lines in words.course() for line in lines]
    return [words.title(), *course, *words.passed(), *words.ahead(), *words.passed_by(), words.ending()]


def test_an_eventful_call_is_told_from_its_asking_to_its_end() -> None:
    assert told(eventful(), "mine") == [
        "Call x: queue general, tier priority, request mine",
        "00:00:10.000 asked for queue general, tier priority, needing loan 2",
        "00:00:10.000 due 2025-03-30 23:58:40.000: arrived 00:00:10.000 − 1 min 30 s (tier priority)",
        "00:00:10.000 not offered at once; those who could take it: 1 ready",
        "00:00:15.000 boss gave it another place (reason vip); due 2025-03-30 23:59:10.000: "
        "arrived 00:00:10.000 − 1 min 30 s (tier priority) + 30 s (supervisor); "
        "band 2, before every call of a lower band",
        "00:00:30.000 offered to ani, who of those able had been idle longest (12.345 s), after 20 s",
        "00:00:30.000 its needs relaxed by 1 step(s) of the queue",
        "00:00:30.000 also ready: budi (idle less long), cici (cannot take it)",
        "00:00:30.000 passed over: 2 of the queue that were due earlier, as nobody ready could take them",
        "00:00:30.000 left waiting though it arrived earlier: other, because x has band 2 and other band 0",
        "00:00:32.500 ani declined after 2.5 s; the call keeps its due and avoids this agent a while",
        "00:00:32.500 waits again, still due 2025-03-30 23:59:10.000",
        "00:00:32.500 not offered at once; those who could take it: 1 not ready (declined)",
        "00:00:33.000 offered to budi, who of those able had been idle longest (12.345 s), after 23 s",
        "00:00:33.000 nobody else was ready",
        "00:00:33.000 left waiting though it arrived earlier: other, because x has band 2 and other band 0",
        "00:00:48.000 budi did not answer within 15 s; the call keeps its due",
        "00:00:48.000 waits again, still due 2025-03-30 23:59:10.000",
        "00:00:48.000 not offered at once; those who could take it: 1 not ready (declined)",
        "00:00:50.000 the customer's link was lost, the place is kept until 00:01:10.000; "
        "nobody is offered the call meanwhile",
        "00:00:55.000 the customer's link is back",
        "00:00:56.000 the store was away: deadlines moved by 4 s",
        "00:01:00.000 offered to ani, whom boss chose, after 50 s",
        "00:01:00.000 left waiting though it arrived earlier: other, because a supervisor chose",
        "00:01:03.000 ani accepted after 3 s: connected, having waited 53 s",
        "00:01:10.000 the link of ani was lost, the place is kept until 00:01:40.000",
        "00:01:20.000 the link of ani is back",
        "00:03:03.000 ani passed it on to queue cards after 2 min 00 s",
        "00:03:03.000 waits again, still due 2025-03-30 23:59:10.000",
        "00:03:03.000 not offered at once; nobody who could take it was logged in",
        "00:03:04.000 offered to cici, who of those able has the fewest skills (idle 0 s), after 2 min 54 s",
        "00:03:04.000 nobody else was ready",
        "00:03:06.000 the link of cici was lost after 2 s of ringing; the call keeps its due",
        "00:03:06.000 waits again, because its agent was lost; still due 2025-03-30 23:59:10.000",
        "00:03:06.000 not offered at once; nobody who could take it was logged in",
        "00:03:10.000 ended while waiting, 3 min 00 s after it asked: cancelled, by boss",
        "00:03:20.000 rated 2 of 5",
        "Served before 1 that had arrived earlier:",
        "other, arrived 5 s earlier, because a supervisor chose",
        "Nobody who arrived later was served before it.",
        "",
    ]


def test_a_call_that_still_waits_is_told_so_and_by_whom_it_was_passed() -> None:
    assert told(eventful(), "other")[-3:] == [
        "Waited on while 1 that arrived later were served:",
        "x to ani, arrived 5 s later, because a supervisor chose",
        "The journal ends before this call does.",
    ]


def test_what_only_a_new_era_or_a_lost_agent_brings() -> None:
    day = Told()
    day.logs_in(0, "ani")
    day.asks(5, "x", restored_s=30)
    day.tell(f.CallConnected(at=at(30), call="x", agent="ani", waited_ms=8_000, restored=True))
    day.moves(30, "ani", AgentState.ON_CALL, call="x")
    day.requeued(60, "x", RequeueReason.AGENT_LOST)
    day.moves(60, "ani", AgentState.OFFLINE, "lost")
    day.left(70, "x", EndReason.EXPIRED)
    assert [line.partition(" ")[2] for line in told(day, "x")[1:7]] == [
        "placed anew after the store had lost everything, still due 00:00:05.000",
        "the call with ani went on after the store had lost everything",
        "waits again, because its agent was lost; still due 00:00:05.000",
        "not offered at once; nobody who could take it was logged in",
        "ended while waiting, 1 min 05 s after it asked: its maximum wait was over, by the engine",
        "who had arrived earlier was left waiting for it.",
    ]


def test_a_dispatcher_that_gives_no_reasons_is_told_without() -> None:
    day = Told()
    day.asks(1, "x")
    day.served(2, "x", "ani")
    day.hung_up(7, "x", Party.AGENT)
    assert [line.partition(" ")[2] for line in told(day, "x")[3:7]] == [
        "not offered at once; nobody who could take it was logged in",
        "offered to ani, the next who was free, after 1 s",
        "ani accepted after 0 s: connected, having waited 1 s",
        "ended after 5 s with ani: hung up, by the agent",
    ]


def test_it_is_told_what_those_did_who_could_have_taken_it_and_whom_they_served() -> None:
    day = Told()
    for n, agent in enumerate(("ani", "budi", "cici", "dewi", "eka")):
        day.logs_in(n, agent, *(("cards",) if agent == "eka" else ("general", "cards")))
    day.asks(10, "a")
    day.served(10, "a", "ani")
    day.asks(11, "b")
    day.served(11, "b", "budi")
    day.moves(12, "cici", AgentState.NOT_READY, "break")
    day.moves(12, "dewi", AgentState.OFFLINE)
    day.asks(20, "before")
    day.asks(21, "elsewhere", "cards")
    day.asks(30, "x", request="mine")
    day.served(31, "elsewhere", "eka")
    day.hung_up(40, "a", wrap_up=False)
    day.served(40, "before", "ani")
    day.hung_up(50, "b", wrap_up=False)
    day.served(50, "x", "budi")
    assert told(day, "mine") == [
        "Call x: queue general, tier regular, request mine",
        "00:00:30.000 asked for queue general, tier regular",
        "00:00:30.000 due 00:00:30.000: when it arrived, as no rule gave it a head start",
        "00:00:30.000 not offered at once; those who could take it: 2 on a call, 1 not ready (break)",
        "00:00:50.000 offered to budi, the next who was free, after 20 s",
        "00:00:50.000 budi accepted after 0 s: connected, having waited 20 s",
        "Nobody who had arrived earlier was left waiting for it.",
        "Waited on while 1 that had arrived earlier were served by agents who could take it too:",
        "before to ani, arrived 10 s earlier",
        "Nobody who arrived later was served before it.",
        "The journal ends before this call does.",
    ]


def test_a_call_is_found_by_its_own_id_first_and_by_a_request_that_is_its_alone() -> None:
    day = Told()
    day.asks(1, "a", request="b")
    day.asks(2, "b", request="twice")
    day.asks(3, "c", request="twice")
    assert tell(day.journal(), "b").call == "b"
    with pytest.raises(NoSuchCall) as several:
        tell(day.journal(), "twice")
    assert several.value.several == ("b", "c")
    with pytest.raises(NoSuchCall) as missing:
        tell(day.journal(), "twicer")
    assert (missing.value.nearest, missing.value.several) == (("twice",), ())


def test_long_lists_are_cut_and_counted() -> None:
    day = Told()
    day.logs_in(0, "ani")
    for n in range(NAMED + 3):
        day.asks(n, f"c{n:02}")
    day.asks(50, "x", terms={"rule": 90_000})
    day.served(60, "x", "ani")
    lines = told(day, "x")
    assert f"Served before {NAMED + 3} that had arrived earlier:" in lines
    assert lines.count("and 3 more") == 1
    assert lines.count("00:01:00.000 and 3 more") == 1


def test_the_languages_have_the_same_sentences_with_the_same_particulars() -> None:
    assert EN.keys() == ID.keys()
    for key, text in EN.items():
        assert _particulars(text) == _particulars(ID[key]), key


def _particulars(text: str) -> set[str]:
    return {part.partition("}")[0] for part in text.split("{")[1:]}


def test_a_replay_s_clock_goes_on_after_its_day_and_back_before_it() -> None:
    clock = Clockface(EN, midnight_at=1_000_000)
    shown = [clock.instant(1_000_000 + ms) for ms in (-40_000, -1, 0, 90_061_500)]
    assert shown == ["−00:00:40.000", "−00:00:00.001", "00:00:00.000", "25:01:01.500"]


def test_every_code_has_its_words() -> None:
    codes = {
        *(f"pass.{reason}" for reason in Reason),
        *(f"reason.{reason}" for reason in EndReason),
        *(f"by.{party}" for party in Party),
        *(f"offer.{how}" for how in OfferEnd if how is not OfferEnd.ACCEPTED),
        *(f"requeued.{reason}" for reason in RequeueReason),
        *(f"doing.{state}" for state in AgentState if state is not AgentState.OFFLINE),
    }
    assert codes <= EN.keys()


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_call_of_a_life_at_random_can_be_told(seed: int, lang: str) -> None:
    journal = ResultJournal(lived_at_random(seed))
    for fact in journal.facts():
        if isinstance(fact, f.CallQueued):
            words = Words.of(tell(journal, fact.call), lang, journal)
            lines = [line for _, lines in words.course() for line in lines]
            assert len(lines) >= 2
            assert not [line for line in (*lines, words.title(), *words.passed()) if "None" in line]
