"""Which calls go otherwise under other rules, and why."""

from engine.domain.rules import Priority, Rule
from engine.replay.compare import Changed, changed
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
        "Due 89.999 s earlier: its head start was 0.001 s and is 90 s (tier vip 90 s); now goes before early."
    )
    assert early.why() == "Is now passed by vip."
    assert early.line() == "early (regular): served 70.0 s -> served 150.0 s. Is now passed by vip."


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
    assert last.why() == (
        "Agent a1, who had answered it, is then busy with early; "
        "agent a0, who now answers it, had then been busy with early."
    )


def test_who_waits_longer_although_he_goes_before_another_is_told_why() -> None:
    told = {"call_id": "c", "queue": "q", "tier": "vip", "arrived_s": 0.0, "offers": 1}
    before = CallOutcome(outcome="served", wait_s=10, agent_id="a1", **told)  # type: ignore[arg-type]
    after = CallOutcome(outcome="abandoned", wait_s=60, agent_id=None, **told)  # type: ignore[arg-type]
    place = Priority(due_at=0, band=0, terms=())
    known = {"place_before": place, "place_after": place, "passes": ("x",), "was_busy": "y"}
    worse = Changed(before=before, after=after, passed_by=(), **known)  # type: ignore[arg-type]
    assert worse.is_worse
    assert worse.why() == "Now goes before x; agent a1, who had answered it, is then busy with y."
    better = Changed(before=after, after=before, passed_by=(), **known)  # type: ignore[arg-type]
    assert not better.is_worse
    assert better.why() == "Now goes before x."


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
    assert lost.why() == "Its band was 0 and is 3; now goes before a, b, c, d, e and 2 more."
