"""The interval report, against days counted by hand and against a slow count of lives at random."""

import csv
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from told import JAKARTA, Told, at, lived_at_random

from engine.domain import facts as f
from engine.domain.lifecycle import AgentState, EndReason, OfferEnd, Party
from engine.domain.rules import Policy, Queue
from engine.domain.tally import Tally
from engine.replay.journal.figures import mean_s, share
from engine.replay.journal.report import By, Interval, intervals, report

POLICY = Policy(
    queues={n: Queue(name=n, service_level_ms=20_000) for n in ("general", "instant")}, reasons=("break",)
)
Row = dict[str, str]
M30 = 1800


def rows(day: Told, by: By, hours: float = 1, now_s: float | None = None) -> list[Row]:
    """The report of the day's first hours, half hour by half hour."""
    journal = day.journal(JAKARTA)
    now = at(hours * 3600 if now_s is None else now_s)
    lines = report(journal, POLICY, by, at(0), at(hours * 3600), M30 * 1000, now=now)
    return list(csv.DictReader(lines))


def of(found: list[Row], name: str) -> list[Row]:
    return [row for row in found if name in (row.get("queue"), row.get("agent"))]


def counts(row: Row, *names: str) -> tuple[str, ...]:
    return tuple(row[name] for name in names)


def test_a_queue_s_half_hours() -> None:
    """Ten seconds of waiting, thirty, abandoned after three and after forty, expired after a minute."""
    day = Told()
    day.logs_in(0, "ani")
    day.asks(100, "a")
    day.served(110, "a", "ani")
    day.hung_up(200, "a")
    day.moves(230, "ani", AgentState.READY)
    day.asks(300, "b")
    day.served(330, "b", "ani")
    day.hung_up(400, "b", wrap_up=False)
    day.asks(500, "c")
    day.left(503, "c")
    day.asks(600, "d")
    day.left(640, "d", EndReason.CUSTOMER_LOST)
    day.asks(700, "e")
    day.left(760, "e", EndReason.EXPIRED)
    [first, second] = of(rows(day, By.QUEUE), "general")
    assert (first["from"], first["to"]) == ("2025-03-31T00:00:00.000+07:00", "2025-03-31T00:30:00.000+07:00")
    assert counts(first, "offered", "answered", "in_time", "abandoned", "short_abandons", "unanswered") == (
        *("5", "2", "1"),
        *("2", "1", "1"),
    )
    assert first["service_level"] == "0.3333", "1 of 2 answered and 2 - 1 abandoned"
    assert first["abandonment"] == "0.5000"
    assert (first["asa_s"], first["longest_wait_s"]) == ("20.000", "60.000")
    assert (first["handled"], first["aht_s"]) == ("2", "95.000"), "120 s with wrap-up, 70 s without"
    assert set(counts(second, "offered", "answered", "handled", "transferred")) == {"0"}
    assert counts(second, "service_level", "abandonment", "asa_s", "longest_wait_s", "aht_s") == ("",) * 5
    assert len(of(rows(day, By.QUEUE), "instant")) == 2, "a queue that is configured has its rows"


def test_the_edges_of_in_time_and_of_a_short_abandon() -> None:
    """At the threshold is in time, a ms later is not; left after 5 s is no short abandon, a ms before is."""
    day = Told()
    day.logs_in(0, "ani")
    for n, waited_s in enumerate((20, 20.001)):
        day.asks(100 * n, f"answered{n}")
        day.served(100 * n + waited_s, f"answered{n}", "ani")
        day.hung_up(100 * n + 50, f"answered{n}", wrap_up=False)
    for n, waited_s in enumerate((4.999, 5)):
        day.asks(500 + n, f"left{n}")
        day.left(500 + n + waited_s, f"left{n}")
    [row] = of(rows(day, By.QUEUE, hours=0.5), "general")
    assert counts(row, "answered", "in_time", "abandoned", "short_abandons") == ("2", "1", "2", "1")


def test_an_interval_has_its_first_millisecond_and_not_its_last() -> None:
    day = Told()
    day.logs_in(0, "ani")
    day.asks(M30 - 0.001, "a")
    day.asks(M30, "b")
    day.served(M30 - 0.001, "a", "ani")
    day.hung_up(M30, "a", wrap_up=False)
    day.left(3600, "b")
    [first, second] = of(rows(day, By.QUEUE), "general")
    assert counts(first, "offered", "answered", "handled", "abandoned") == ("1", "1", "0", "0")
    assert counts(second, "offered", "answered", "handled", "abandoned") == ("1", "0", "1", "0")


def test_a_call_over_two_intervals_counts_where_each_thing_happened() -> None:
    """Asked at 29:50, answered at 30:10, its work done at 31:10: nothing of it twice."""
    day = Told()
    day.logs_in(0, "ani")
    day.asks(M30 - 10, "a")
    day.served(M30 + 10, "a", "ani")
    day.hung_up(M30 + 40, "a")
    day.moves(M30 + 70, "ani", AgentState.READY)
    [first, second] = of(rows(day, By.QUEUE), "general")
    assert counts(first, "offered", "answered", "handled") == ("1", "0", "0")
    assert counts(second, "offered", "answered", "in_time", "asa_s", "handled", "aht_s") == (
        *("0", "1", "1"),
        *("20.000", "1", "60.000"),
    )
    [early, late] = of(rows(day, By.AGENT), "ani")
    assert counts(early, "ready_s", "on_call_s", "handled") == ("1800.000", "0.000", "0")
    assert counts(late, "ready_s", "on_call_s", "wrap_up_s", "handled", "aht_s") == (
        *("1740.000", "30.000", "30.000"),
        *("1", "60.000"),
    )
    assert late["occupancy"] == "0.0333"


def test_a_talk_that_crosses_the_edge_is_cut_there() -> None:
    day = Told()
    day.logs_in(0, "ani")
    day.asks(M30 - 100, "a")
    day.served(M30 - 100, "a", "ani")
    day.hung_up(M30 + 300, "a", wrap_up=False)
    [early, late] = of(rows(day, By.AGENT), "ani")
    assert (early["on_call_s"], early["handled"]) == ("100.000", "0")
    assert (late["on_call_s"], late["handled"], late["aht_s"]) == ("300.000", "1", "400.000")


def test_an_agent_s_states_and_reasons() -> None:
    day = Told()
    day.logs_in(0, "ani", ready=False)
    day.moves(60, "ani", AgentState.READY)
    day.asks(100, "a")
    day.offered(100, "a", "ani")
    day.ends_offer(115, "a", OfferEnd.EXPIRED)
    day.moves(130, "ani", AgentState.READY)
    day.offered(130, "a", "ani")
    day.ends_offer(133, "a", OfferEnd.DECLINED)
    day.moves(138, "ani", AgentState.READY)
    day.moves(200, "ani", AgentState.NOT_READY, "break")
    day.moves(800, "ani", AgentState.NOT_READY, "prayer")
    day.moves(900, "ani", AgentState.OFFLINE)
    day.left(1000, "a")
    [row] = rows(day, By.AGENT)
    assert counts(row, "logged_in_s", "ready_s", "offered_s", "on_call_s", "wrap_up_s", "not_ready_s") == (
        *("900.000", "102.000", "18.000", "0.000", "0.000"),
        "780.000",
    )
    reasons = ("login", "no_answer", "declined", "break", "other", "lost")
    assert counts(row, *(f"not_ready_{reason}_s" for reason in reasons)) == (
        *("60.000", "15.000", "5.000", "600.000", "100.000"),
        "0.000",
    )
    assert counts(row, "no_answers", "declined", "handled", "aht_s", "occupancy") == (
        "1",
        "1",
        "0",
        "",
        "0.0000",
    )


def test_who_is_logged_in_before_the_start_and_after_the_end_is_counted_in_between() -> None:
    day = Told()
    day.logs_in(-7200, "ani")
    day.asks(-10, "a")
    day.served(5, "a", "ani")
    day.hung_up(3700, "a")
    [early, late] = rows(day, By.AGENT)
    assert counts(early, "logged_in_s", "ready_s", "on_call_s") == ("1800.000", "5.000", "1795.000")
    assert counts(late, "logged_in_s", "on_call_s", "handled") == ("1800.000", "1800.000", "0")
    [first, _] = of(rows(day, By.QUEUE), "general")
    assert counts(first, "offered", "answered", "asa_s") == ("0", "1", "15.000")


def test_nothing_is_known_of_what_is_still_to_come() -> None:
    day = Told()
    day.logs_in(0, "ani")
    [row] = rows(day, By.AGENT, hours=2, now_s=600)
    assert row["logged_in_s"] == "600.000"
    assert {row["from"] for row in rows(day, By.QUEUE, hours=2, now_s=M30)} == {
        "2025-03-31T00:00:00.000+07:00"
    }


def test_a_call_that_is_passed_on() -> None:
    """Answered once, by the queue that had it first; each conversation is work of its own queue."""
    day = Told()
    for agent in ("ani", "budi"):
        day.logs_in(0, agent, "general", "instant")
    day.asks(10, "a")
    day.served(20, "a", "ani")
    day.passed_on(50, "a", "ani", "instant")
    day.moves(60, "ani", AgentState.READY)
    day.served(70, "a", "budi")
    day.passed_on(80, "a", "budi", "instant", to_agent="ani")
    day.moves(85, "budi", AgentState.READY)
    day.served(90, "a", "ani")
    day.hung_up(100, "a", Party.AGENT, wrap_up=False)
    found = rows(day, By.QUEUE, hours=0.5)
    names = ("offered", "transferred_in", "answered", "transferred", "handled", "aht_s")
    assert counts(of(found, "general")[0], *names) == ("1", "0", "1", "1", "1", "40.000")
    assert counts(of(found, "instant")[0], *names) == ("0", "1", "0", "1", "2", "12.500")


def test_a_lost_agent_has_worked_but_not_handled() -> None:
    day = Told()
    day.logs_in(0, "ani")
    day.asks(10, "a")
    day.served(10, "a", "ani")
    day.requeued(40, "a", f.RequeueReason.AGENT_LOST)
    day.moves(40, "ani", AgentState.OFFLINE, "lost")
    [row] = rows(day, By.AGENT, hours=0.5)
    assert counts(row, "logged_in_s", "on_call_s", "handled") == ("40.000", "30.000", "0")


# against a slow count


def spans(facts: Sequence[f.Fact], agent: str, end_at: int) -> Iterator[tuple[int, int, AgentState, str]]:
    moves = [x for x in facts if isinstance(x, f.AgentMoved) and x.agent == agent]
    for move, following in zip(moves, [*moves[1:], None], strict=True):
        until = end_at if following is None else following.at
        if move.state is not AgentState.OFFLINE:
            yield move.at, until, move.state, move.reason


def slow_agents(facts: Sequence[f.Fact], from_at: int, to_at: int, end_at: int) -> dict[str, Any]:
    """Every agent's time by state and reason within the interval, and offers that failed."""
    found = {}
    for agent in {x.agent for x in facts if isinstance(x, f.AgentMoved)}:
        time: dict[tuple[AgentState, str], int] = {}
        for start, until, state, reason in spans(facts, agent, end_at):
            inside = min(until, to_at) - max(start, from_at)
            if inside > 0:
                key = (state, reason if state is AgentState.NOT_READY else "")
                time[key] = time.get(key, 0) + inside
        ends = [
            x.how
            for x in facts
            if isinstance(x, f.OfferEnded) and x.agent == agent and from_at <= x.at < to_at
        ]
        found[agent] = (time, ends.count(OfferEnd.EXPIRED), ends.count(OfferEnd.DECLINED))
    return {agent: told for agent, told in found.items() if any(told)}


def of_interval(found: Interval) -> dict[str, Any]:
    told = {}
    for name, agent in found.agents.items():
        time = {(s, ""): ms for s, ms in agent.spent_ms.items() if s is not AgentState.NOT_READY and ms}
        time |= {(AgentState.NOT_READY, reason): ms for reason, ms in agent.not_ready_ms.items() if ms}
        told[name] = (time, agent.no_answers, agent.declined)
    return {agent: each for agent, each in told.items() if any(each)}


def slow_handled(facts: Sequence[f.Fact]) -> list[tuple[int, str, str, int]]:
    """Each conversation that came to its end: when its work was done, whose, of which queue, how long."""
    found = []
    for n, fact in enumerate(facts):
        if not isinstance(fact, f.CallConnected):
            continue
        ours = [x for x in facts[:n] if getattr(x, "call", None) == fact.call]
        queue = [x.queue for x in ours if isinstance(x, f.CallQueued | f.CallTransferred)][-1]
        later = facts[n:]
        moves = (x for x in later if isinstance(x, f.AgentMoved) and x.agent == fact.agent)
        done_at = next(x.at for x in moves if x.state not in (AgentState.ON_CALL, AgentState.WRAP_UP))
        after = [x for x in later if getattr(x, "call", None) == fact.call and x.at <= done_at]
        if any(isinstance(x, f.CallEnded | f.CallTransferred) for x in after):
            found.append((done_at, fact.agent, queue, done_at - fact.at))
    return found


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("parts", [1, 7, 60])
def test_a_life_at_random_comes_to_what_a_slow_count_says(seed: int, parts: int) -> None:
    facts = lived_at_random(seed)
    start, end = facts[0].at, facts[-1].at + 1
    marks = [start + (end - start) * n // parts for n in range(parts + 1)]
    found = list(intervals(facts, marks, POLICY, now=end))
    assert [each.from_at for each in found] == marks[:-1]
    handled = slow_handled(facts)
    assert len(handled) > 20
    for each in found:
        assert of_interval(each) == slow_agents(facts, each.from_at, each.to_at, end)
        ours = [h for h in handled if each.from_at <= h[0] < each.to_at]
        for name, agent in each.agents.items():
            spent = [ms for _, who, _, ms in ours if who == name]
            assert (agent.handled, agent.handle_ms) == (len(spent), sum(spent))
        for name, queue in each.queues.items():
            spent = [ms for _, _, where, ms in ours if where == name]
            assert (queue.handled, queue.handle_ms) == (len(spent), sum(spent))


@pytest.mark.parametrize("seed", [1, 2])
def test_queues_come_to_what_the_wallboard_shows(seed: int) -> None:
    facts = lived_at_random(seed)
    end = facts[-1].at + 1
    tally = Tally(POLICY)
    tally.read(facts, end)
    [whole] = intervals(facts, [facts[0].at - 1, end], POLICY, now=end)
    for name, queue in whole.queues.items():
        hour = tally.hour(name, end)
        left = queue.abandoned + queue.unanswered
        assert (queue.offered, queue.answered, queue.in_time) == (hour.arrived, hour.answered, hour.in_time)
        assert (queue.abandoned, queue.short_abandons, left) == (hour.abandoned, hour.short, hour.left)
        assert queue.offered == queue.answered + left, "everybody has left"


def test_an_interval_is_told_while_the_journal_is_still_being_read() -> None:
    day = Told()
    day.logs_in(0, "ani")
    day.asks(M30 + 90, "a")
    heard = iter(day.facts)
    told = intervals(heard, [at(0), at(M30), at(3600)], POLICY, now=at(M30 + 90))
    assert next(told).to_at == at(M30)
    assert [each.from_at for each in told] == [at(M30)]


def test_a_fact_that_comes_late_by_a_little_is_counted_where_it_belongs() -> None:
    day = Told()
    day.asks(M30 + 0.005, "b")
    day.asks(M30 - 0.002, "a")
    assert [row["offered"] for row in of(rows(day, By.QUEUE), "general")] == ["1", "1"]


def test_ratios_of_nothing_are_empty() -> None:
    assert (share(1, 0), share(1, 3), mean_s(5, 0), mean_s(1_500, 2)) == ("", "0.3333", "", "0.750")


def test_a_queue_that_is_no_longer_configured_has_no_time_to_answer_within() -> None:
    day = Told()
    day.logs_in(0, "ani", "old")
    day.asks(1, "a", "old")
    day.served(2, "a", "ani")
    [row] = of(rows(day, By.QUEUE, hours=0.5), "old")
    assert counts(row, "offered", "answered", "in_time") == ("1", "1", "0")


def test_of_a_new_era_only_what_was_not_known_is_counted() -> None:
    day = Told()
    day.asks(10, "a")
    day.asks(10, "a", restored_s=60)
    day.asks(20, "b", restored_s=60)
    [row] = of(rows(day, By.QUEUE, hours=0.5), "general")
    assert row["offered"] == "2"
