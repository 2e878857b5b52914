"""A comparison as data."""

from attrs import evolve

from engine.domain.rules import Rule
from engine.replay.compare import changed
from engine.replay.comparison import Comparison, as_json
from engine.replay.rows import AgentRow, CallRow
from engine.replay.sample import Day
from engine.replay.virtual import replay
from tests.replay.facts_by_hand import scenario

CALLS = (
    CallRow(id="first", arrive_s=0, queue="q", handle_s=50),
    CallRow(id="early", arrive_s=10, queue="q", handle_s=50),
    CallRow(id="vip", arrive_s=20, queue="q", tier="vip", handle_s=50),
    CallRow(id="late", arrive_s=400, queue="q", handle_s=50),
)


def played(*rules: Rule) -> Day:
    return Day(replay(scenario(CALLS, rules=rules, agents=(AgentRow(id="a", login_s=0, queues=("q",)),))))


def compared() -> Comparison:
    first, other = played(), played(Rule(when={"tier": ("vip",)}, head_start_ms=90_000))
    return Comparison(
        titles=("a", "b"),
        days=(first, other),
        told=((), ("another rule",)),
        changes=(tuple(changed(first.result, other.result)),),
    )


def test_the_json_tells_every_run_and_every_change() -> None:
    plain = as_json(compared())
    first, other = plain["runs"]
    assert [first["title"], other["title"]] == ["a", "b"]
    assert first["measures"]["calls"] == 4
    assert other["tiers"]["vip"]["mean_wait_s"] == 60
    assert first["changed"] is None
    assert {c["call_id"] for c in other["changed"]} == {"early", "vip"}
    assert [first["differences"], other["differences"]] == [[], ["another rule"]]


def test_dispatchers_are_not_compared_call_by_call() -> None:
    assert [run["changed"] for run in as_json(evolve(compared(), changes=None))["runs"]] == [None, None]
