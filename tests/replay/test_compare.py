"""Which calls go otherwise under other rules, and why."""

from engine.domain.lifecycle import AgentState
from engine.domain.model import Term
from engine.domain.rules import Priority, Rule
from engine.replay.compare import Changed, changed
from engine.replay.doings import Doing, Doings
from engine.replay.result import CallOutcome, Result
from engine.replay.rows import AgentRow, CallRow
from engine.replay.virtual import replay
from tests.replay.facts_by_hand import scenario

PLAIN = Rule(when={"tier": ("vip",)}, head_start_ms=1)
HEAD_START = Rule(when={"tier": ("vip",)}, head_start_ms=90_000)


def a_call(name: str, at_s: float, handle_s: float = 50, **more: object) -> CallRow:
    return CallRow(id=name, arrive_s=at_s, queue="q", handle_s=handle_s, **more)  # type: ignore[arg-type]


CALLS = (
    a_call("first", 0),
    a_call("early", 10),
    a_call("vip", 20, tier="vip"),
    a_call("late", 400),
)


def played(calls: tuple[CallRow, ...], *rules: Rule, agents: int = 1) -> Result:
    crew = tuple(AgentRow(id=f"a{n}", login_s=0, queues=("q",)) for n in range(agents))
    return replay(scenario(calls, rules=rules, agents=crew))


def test_a_head_start_lets_one_go_before_another_and_says_so() -> None:
    old, new = changed(played(CALLS, PLAIN), played(CALLS, HEAD_START))
    by_id = {c.before.call_id: c for c in (old, new)}
    assert by_id.keys() == {"early", "vip"}
    vip, early = by_id["vip"], by_id["early"]
    assert (vip.before.wait_s, vip.after.wait_s, vip.longer_s) == (140, 60, -80)
    assert (vip.passes, vip.passed_by) == (("early",), ())
    assert (early.passes, early.passed_by) == ((), ("vip",))
    assert vip.why() == (
        "It is due 89.999 s earlier: its head start was 0.001 s and is 90 s (tier vip 90 s); "
        "it now goes before early."
    )
    assert early.why() == "It now goes after vip."
    assert early.line() == "early (regular): served 70.0 s -> served 150.0 s. It now goes after vip."


def test_who_meets_another_agent_is_told_with_whom_the_first_one_is() -> None:
    """Two agents: a0 is free again at 80 and a1 at 90. Under a head start the vip takes a0 from early."""
    calls = (
        a_call("long", 0, 50),
        a_call("short", 0, 60),
        a_call("early", 10, 500),
        a_call("vip", 20, 20, tier="vip"),
        a_call("last", 125, 10),
    )
    found = {
        c.before.call_id: c for c in changed(played(calls, agents=2), played(calls, HEAD_START, agents=2))
    }
    assert found["vip"].passes == ("early",)
    last = found["last"]
    assert (last.passes, last.passed_by) == ((), ())
    assert last.before.agent_id == "a1"
    assert last.why() == ("The agent who now answers it (a0) had then been busy with early.")


def test_who_waits_longer_although_he_goes_before_another_is_told_why() -> None:
    told = {"call_id": "c", "queue": "q", "tier": "vip", "arrived_s": 0.0, "offers": 1}
    before = CallOutcome(outcome="served", wait_s=10, agent_id="a1", **told)  # type: ignore[arg-type]
    after = CallOutcome(outcome="abandoned", wait_s=60, agent_id=None, **told)  # type: ignore[arg-type]
    place = Priority(due_at=0, band=0, terms=())
    known = {"place_before": place, "passes": ("x",), "passed_by": ("z",)}
    ahead, busy = (
        Priority(due_at=-9_000, band=0, terms=(Term("rule", 9_000),)),
        Doing(AgentState.ON_CALL, call="y"),
    )
    worse = Changed(before=before, after=after, place_after=ahead, then=busy, **known)  # type: ignore[arg-type]
    assert worse.course == 1
    assert worse.why() == (
        "It now goes after z; the agent who had answered it (a1) is then busy with y; "
        "although it is due 9 s earlier: its head start was 0 s and is 9 s (rule 9 s)."
    )
    better = Changed(before=after, after=before, place_after=place, had_been=busy, **known)  # type: ignore[arg-type]
    assert better.course == -1
    assert (
        better.why() == "It now goes before x; the agent who now answers it (a1) had then been busy with y."
    )


def test_an_outcome_that_changes_counts_more_than_any_wait() -> None:
    calls = (
        a_call("first", 0, 200),
        a_call("early", 10, 300, patience_s=225),
        a_call("vip", 20, 300, tier="vip"),
        a_call("after", 30, 10),
    )
    found = changed(played(calls), played(calls, HEAD_START))
    assert found[0].before.call_id == "early"
    assert [found[0].before.outcome, found[0].after.outcome] == ["served", "abandoned"]
    weights = [change.weight for change in found]
    assert weights == sorted(weights, reverse=True)


def test_nothing_changes_under_the_same_rules() -> None:
    assert changed(played(CALLS, HEAD_START), played(CALLS, HEAD_START)) == []


def test_bands_and_lost_terms_are_told() -> None:
    call = CallOutcome(
        call_id="c", queue="q", tier="vip", arrived_s=0, outcome="served", wait_s=1, agent_id="a", offers=1
    )
    lost = Changed(
        before=call,
        after=call,
        place_before=Priority(due_at=-90_000, band=0, terms=()),
        place_after=Priority(due_at=-90_000, band=3, terms=()),
        passes=("a", "b", "c", "d", "e", "f", "g"),
        passed_by=(),
    )
    assert lost.why() == "Its band was 0 and is 3; it now goes before a, b, c, d, e and 2 more."


def test_what_an_agent_does_is_known_at_every_moment() -> None:
    """Ready, alerted and on the call at 0, ready again at 50; before he came he was not there."""
    day = played((a_call("c", 0),))
    doings = Doings(day)

    def told(second: int) -> str:
        return str(doings.of("a0", day.start_at + second * 1000))

    assert [told(second) for second in (-1, 0, 49, 120)] == [
        "not logged in",
        "busy with c",
        "busy with c",
        "ready",
    ]
    assert str(doings.of("nobody", day.start_at)) == "not logged in"
    assert str(Doing(AgentState.NOT_READY, "break")) == "not ready (break)"
    assert doings.given_at == {"c": day.start_at}


def test_a_call_that_is_only_answered_later_is_told_so() -> None:
    told = {
        "call_id": "c",
        "queue": "q",
        "tier": "vip",
        "arrived_s": 0.0,
        "outcome": "served",
        "agent_id": "a",
    }
    place = Priority(due_at=0, band=0, terms=())
    before, after, twice = (
        CallOutcome(wait_s=wait_s, offers=offers, **told)  # type: ignore[arg-type]
        for wait_s, offers in ((2, 1), (4.5, 1), (9, 2))
    )
    later = Changed(before=before, after=after, rang_s=(1.5, 4.0), place_before=place, place_after=place)
    assert later.why() == "It is offered at the same moment, and answered 2.5 s later."
    again = Changed(before=twice, after=before, rang_s=(1.5, 1.5), place_before=place, place_after=place)
    assert again.why() == "It is offered once, not twice."
    other = Changed(before=before, after=after, rang_s=(1.5, 1.5), place_before=place, place_after=place)
    assert other.why() == "What happened before it left other agents free at other times."
