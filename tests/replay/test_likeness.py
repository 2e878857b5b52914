"""How like two runs are: the same, moved, to others, by whose doing."""

import pytest
from attrs import evolve
from told import T0, Told, at

from engine.domain import facts as f
from engine.replay.journal.likeness import Cause, Difference, Kind, Likeness, Run, assignments, compare

TIE_MS = 250


def run(*assigned: tuple[float, str, str], moved: str = "", asked_s: float | None = None) -> Run:
    """Calls that were assigned at that second to that agent, when they came; a supervisor moved one."""
    day = Told()
    for agent in sorted({agent for *_, agent in assigned}):
        day.logs_in(0, agent)
    if moved:
        day.tell(f.Commanded(at=at(1), by="boss", command="call.prioritise", target=f"call:{moved}"))
    for s, call, agent in assigned:
        day.asks(s if asked_s is None else asked_s, call)
        day.served(s, call, agent)
        day.hung_up(s + 0.5, call, wrap_up=False)
    return Run(day.facts, T0)


DAY = run((10, "a", "ani"), (20, "b", "budi"), (30, "c", "ani"), (40, "d", "budi"))


def told(like: Likeness) -> list[tuple[Kind, Cause, str]]:
    return [(d.kind, d.cause, d.call) for d in like.differences]


def test_a_run_is_like_itself() -> None:
    assert compare(DAY, DAY, tie_ms=TIE_MS) == Likeness(4, 4, 4, 0, ())


def test_the_same_order_at_other_instants_is_the_same() -> None:
    later = run((10, "a", "ani"), (21, "b", "budi"), (30, "c", "ani"), (43, "d", "budi"))
    assert compare(DAY, later, tie_ms=TIE_MS) == Likeness(4, 4, 4, 3_000, ())


def test_a_call_that_moved_is_the_only_one_that_is_told() -> None:
    like = compare(
        DAY, run((10, "b", "budi"), (20, "c", "ani"), (30, "d", "budi"), (40, "a", "ani")), tie_ms=TIE_MS
    )
    assert told(like) == [(Kind.MOVED, Cause.UNEXPLAINED, "a")]
    assert (like.same, like.off_ms) == (3, 30_000)


def test_what_was_decided_within_milliseconds_is_a_tie() -> None:
    one = run((10, "a", "ani"), (10.1, "b", "budi"), (30, "c", "ani"))
    other = run((10, "b", "budi"), (10.4, "a", "ani"), (30, "c", "ani"))
    assert told(compare(one, other, tie_ms=TIE_MS)) == [(Kind.MOVED, Cause.TIE, "a")]


def test_agents_who_were_ready_since_the_same_moment_tie() -> None:
    other = run((10, "a", "budi"), (20, "b", "budi"), (30, "c", "ani"), (40, "d", "budi"))
    assert told(compare(DAY, other, tie_ms=TIE_MS)) == [(Kind.AGENT, Cause.TIE, "a")]
    busy = run((10, "a", "ani"), (20, "b", "budi"), (30, "c", "budi"), (40, "d", "budi"))
    like = compare(DAY, busy, tie_ms=TIE_MS)
    assert like.differences == (Difference(Kind.AGENT, Cause.UNEXPLAINED, "c", 30_000, ("ani", "budi")),)


def test_what_comes_after_a_difference_may_follow_from_it() -> None:
    other = run((10, "a", "ani"), (20, "b", "budi"), (30, "c", "budi"), (40, "d", "ani"))
    assert told(compare(DAY, other, tie_ms=TIE_MS)) == [
        (Kind.AGENT, Cause.UNEXPLAINED, "c"),
        (Kind.AGENT, Cause.FOLLOWS, "d"),
    ]


def test_what_a_supervisor_moved_is_his_doing() -> None:
    day = run((10, "a", "ani"), (20, "b", "budi"), (30, "c", "ani"), moved="c")
    other = run((10, "c", "ani"), (20, "a", "ani"), (30, "b", "budi"))
    assert told(compare(day, other, tie_ms=TIE_MS)) == [(Kind.MOVED, Cause.COMMANDED, "c")]


def test_what_a_supervisor_moved_moves_others() -> None:
    day = run((10, "b", "ani"), (20, "c", "budi"), moved="c")
    assert told(compare(day, run((10, "c", "budi"), (20, "b", "ani")), tie_ms=TIE_MS)) == [
        (Kind.MOVED, Cause.COMMANDED, "b"),
    ]


def test_other_rules_and_other_skills_are_a_supervisor_s_doing() -> None:
    other = run((10, "a", "ani"), (20, "b", "budi"), (30, "c", "budi"), (40, "d", "budi"))
    reread = Run([f.RulesReloaded(at=at(0), rules="r"), *DAY.facts], T0)
    assert told(compare(reread, other, tie_ms=TIE_MS)) == [(Kind.AGENT, Cause.COMMANDED, "c")]
    skills = f.Commanded(at=at(0), by="boss", command="agent.set_skills", target="agent:budi")
    assert told(compare(Run([skills, *DAY.facts], T0), other, tie_ms=TIE_MS)) == [
        (Kind.AGENT, Cause.COMMANDED, "c")
    ]


def test_what_was_assigned_long_after_it_could_have_been_was_late() -> None:
    """`a` and ani were there since the beginning: whatever kept them apart, a replay does not have it."""
    day = run((10, "b", "ani"), (20, "a", "ani"), asked_s=0)
    other = run((0, "a", "ani"), (10, "b", "ani"))
    assert told(compare(day, other, tie_ms=TIE_MS)) == [(Kind.MOVED, Cause.LATE, "b")]


def test_what_is_in_one_run_alone_is_told() -> None:
    other = run((10, "a", "ani"), (20, "b", "budi"), (30, "e", "ani"))
    assert told(compare(DAY, other, tie_ms=TIE_MS)) == [
        (Kind.ONLY_FIRST, Cause.UNEXPLAINED, "c"),
        (Kind.ONLY_SECOND, Cause.FOLLOWS, "e"),
        (Kind.ONLY_FIRST, Cause.FOLLOWS, "d"),
    ]


def test_a_call_that_is_passed_on_counts_each_time() -> None:
    day = Told()
    for agent in ("ani", "budi"):
        day.logs_in(0, agent)
    day.asks(1, "x", request="mine")
    day.served(2, "x", "ani")
    day.passed_on(5, "x", "ani", "general")
    day.served(5.1, "x", "budi")
    one = Run(day.facts, T0)
    assert [(a.call, a.agent, a.at) for a in assignments(one)] == [("x", "ani", 2_000), ("x", "budi", 5_100)]
    assert [a.call for a in assignments(Run(day.facts, T0, by_request=True))] == ["mine", "mine"]
    once = Run(day.facts[:-4], T0)
    assert told(compare(one, once, tie_ms=TIE_MS)) == [(Kind.ONLY_FIRST, Cause.UNEXPLAINED, "x")]


def cut(rings: bool, *, gives_up_s: float | None = None) -> Run:
    """`a` is served from 10 s; the journal ends at 15 s, when `b` waits, rings or gave up."""
    day = Told()
    for agent in ("ani", "budi"):
        day.logs_in(0, agent)
    day.asks(5, "b")
    day.asks(10, "a")
    day.served(10, "a", "ani")
    if rings:
        day.offered(12, "b", "budi")
    if gives_up_s is not None:
        day.left(gives_up_s, "b")
    return Run(day.facts, T0, end_at=at(15))


def test_what_the_journal_s_end_leaves_open_is_no_difference_that_needs_a_reason() -> None:
    after, before = (run((10, "a", "ani"), (s, "b", "budi")) for s in (20, 13))
    assert told(compare(cut(False), after, tie_ms=TIE_MS)) == [(Kind.ONLY_SECOND, Cause.ENDS, "b")]
    assert told(compare(cut(True), before, tie_ms=TIE_MS)) == [(Kind.ONLY_SECOND, Cause.ENDS, "b")]


def test_what_had_time_to_happen_before_the_journal_s_end_does_need_one() -> None:
    after, before = (run((10, "a", "ani"), (s, "b", "budi")) for s in (20, 13))
    unexplained = [(Kind.ONLY_SECOND, Cause.UNEXPLAINED, "b")]
    assert told(compare(cut(False), before, tie_ms=TIE_MS)) == unexplained
    assert told(compare(cut(False, gives_up_s=14), after, tie_ms=TIE_MS)) == unexplained


def test_nothing_follows_from_the_end() -> None:
    day = cut(True)
    other = run((10, "a", "ani"), (13, "b", "budi"), (14, "c", "budi"))
    assert told(compare(day, other, tie_ms=TIE_MS)) == [
        (Kind.ONLY_SECOND, Cause.ENDS, "b"),
        (Kind.ONLY_SECOND, Cause.UNEXPLAINED, "c"),
    ]


def test_after_a_range_callers_are_missing_and_nothing_needs_a_reason() -> None:
    day = evolve(DAY, end_at=at(25))
    other = run((10, "a", "ani"), (20, "b", "budi"), (40, "d", "ani"))
    assert told(compare(day, other, tie_ms=TIE_MS)) == [
        (Kind.ONLY_FIRST, Cause.ENDS, "c"),
        (Kind.AGENT, Cause.ENDS, "d"),
    ]
    assert told(compare(day, run((20, "b", "budi"), (30, "c", "ani"), (40, "d", "budi")), tie_ms=TIE_MS)) == [
        (Kind.ONLY_FIRST, Cause.UNEXPLAINED, "a"),
    ]


@pytest.mark.parametrize("n", [0, 1])
def test_short_runs_are_no_trouble(n: int) -> None:
    day = run(*[(10.0, "a", "ani")][:n])
    assert compare(day, day, tie_ms=TIE_MS).same == n
