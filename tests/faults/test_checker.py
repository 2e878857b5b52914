"""The checker is itself checked: a good story, in which it finds nothing, and doctored ones."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from .checker import Evidence, check

RULES = {"grace_ms": 8_000, "wrap_up_ms": 1_000, "beat_ms": 250}


def fact(kind: str, at: int, **more: Any) -> dict[str, Any]:
    return {"kind": kind, "at": at, **more}


def queued(at: int, call: str, customer: str) -> dict[str, Any]:
    return fact("call_queued", at, call=call, customer=customer, queue="general", due_at=at)


def ended(at: int, call: str, reason: str, by: str, agent: str = "") -> dict[str, Any]:
    return fact("call_ended", at, call=call, reason=reason, by=by, agent=agent)


def good() -> Evidence:
    """Three calls: one served, one whose agent was lost and which was served by another, one abandoned."""
    journal = [
        queued(1_000, "c1", "k1"),
        queued(1_500, "c2", "k2"),
        fact("call_offered", 1_600, call="c1", agent="a1", offer="o1", until=3_600),
        fact("offer_ended", 2_000, call="c1", agent="a1", offer="o1", how="accepted"),
        fact("call_connected", 2_000, call="c1", agent="a1"),
        fact("call_offered", 2_100, call="c2", agent="a2", offer="o2", until=4_100),
        fact("offer_ended", 4_200, call="c2", agent="a2", offer="o2", how="expired"),
        fact("call_requeued", 4_200, call="c2", due_at=1_500),
        fact("call_offered", 4_300, call="c2", agent="a3", offer="o3", until=6_300),
        fact("offer_ended", 5_000, call="c2", agent="a3", offer="o3", how="accepted"),
        fact("call_connected", 5_000, call="c2", agent="a3"),
        fact("link_lost", 6_000, who="agent:a3", call="c2", until=14_000),
        ended(7_000, "c1", "completed", "customer", "a1"),
        fact("agent_moved", 7_000, agent="a1", state="wrap_up", call="c1"),
        fact("agent_moved", 8_000, agent="a1", state="ready", call=""),
        fact("call_requeued", 14_000, call="c2", due_at=1_500),
        fact("call_offered", 14_100, call="c2", agent="a1", offer="o4", until=16_100),
        fact("offer_ended", 14_200, call="c2", agent="a1", offer="o4", how="accepted"),
        fact("call_connected", 14_200, call="c2", agent="a1"),
        fact("link_lost", 15_000, who="customer:k2", call="c2", until=23_000),
        fact("deadlines_shifted", 20_000, who="call:c2", by_ms=2_000),
        ended(25_100, "c2", "customer_lost", "system", "a1"),
        fact("agent_moved", 25_100, agent="a1", state="wrap_up", call="c2"),
        fact("agent_moved", 26_150, agent="a1", state="ready", call=""),
        queued(30_000, "c3", "k1"),
        ended(31_000, "c3", "abandoned", "customer"),
    ]
    logs = [
        {"at": 900, "who": "customer:k1", "what": "up"},
        {"at": 1_010, "who": "customer:k1", "what": "queued", "call": "c1"},
        {"at": 900, "who": "customer:k2", "what": "up"},
        {"at": 1_510, "who": "customer:k2", "what": "queued", "call": "c2"},
        {"at": 6_950, "who": "customer:k1", "what": "left", "call": "c1"},
        {"at": 14_990, "who": "customer:k2", "what": "down"},
        {"at": 30_950, "who": "customer:k1", "what": "left", "call": "c3"},
    ]
    return Evidence(journal, logs, list(range(0, 40_000, 250)), RULES)


def find(evidence: Evidence, kind: str, **more: Any) -> dict[str, Any]:
    return next(f for f in evidence.journal if f["kind"] == kind and more.items() <= f.items())


def without(evidence: Evidence, kind: str, **more: Any) -> None:
    evidence.journal.remove(find(evidence, kind, **more))


def put(evidence: Evidence, *facts: dict[str, Any]) -> None:
    evidence.journal = sorted([*evidence.journal, *facts], key=lambda f: int(f["at"]))


def never_ends(e: Evidence) -> None:
    without(e, "call_ended", call="c3")


def is_not_written(e: Evidence) -> None:
    e.journal = [f for f in e.journal if f.get("call") != "c3"]
    e.logs.append({"at": 30_010, "who": "customer:k1", "what": "queued", "call": "c3"})


def is_forgotten(e: Evidence) -> None:
    e.logs.append({"at": 30_010, "who": "customer:k1", "what": "idle"})


def nobody_left(e: Evidence) -> None:
    e.logs = [event for event in e.logs if event.get("call") != "c3"]


def another_left(e: Evidence) -> None:
    find(e, "call_ended", call="c1")["by"] = "agent"


def fails(e: Evidence) -> None:
    find(e, "call_ended", call="c3")["reason"] = "failed"


def given_up_though_there(e: Evidence) -> None:
    e.logs.append({"at": 18_000, "who": "customer:k2", "what": "up"})


def given_up_too_soon(e: Evidence) -> None:
    find(e, "link_lost", who="customer:k2")["at"] = 20_000


def given_up_without_cause(e: Evidence) -> None:
    without(e, "link_lost", who="customer:k2")
    without(e, "link_lost", who="agent:a3")


def two_agents(e: Evidence) -> None:
    put(e, fact("call_connected", 6_500, call="c2", agent="a2"))


def two_calls(e: Evidence) -> None:
    put(
        e,
        fact("call_connected", 3_000, call="c9", agent="a1"),
        ended(3_100, "c9", "completed", "agent", "a1"),
    )
    put(e, queued(500, "c9", "k9"))
    e.logs.append({"at": 3_050, "who": "agent:a1", "what": "left", "call": "c9"})


def offered_while_on_a_call(e: Evidence) -> None:
    find(e, "call_offered", offer="o3")["agent"] = "a1"


def offered_twice(e: Evidence) -> None:
    put(e, fact("call_offered", 2_200, call="c2", agent="a4", offer="o9", until=4_200))


def offer_outlives(e: Evidence) -> None:
    find(e, "offer_ended", offer="o2")["at"] = 6_200
    find(e, "call_requeued", at=4_200)["at"] = 6_200


def offer_never_ends(e: Evidence) -> None:
    without(e, "offer_ended", offer="o4")
    without(e, "call_ended", call="c2")


def grace_outlives(e: Evidence) -> None:
    find(e, "call_ended", call="c2")["at"] = 27_500


def wrap_up_outlives(e: Evidence) -> None:
    find(e, "agent_moved", at=8_000)["at"] = 10_500


def due_changes(e: Evidence) -> None:
    find(e, "call_requeued", at=14_000)["due_at"] = 14_000


def passed_over(e: Evidence) -> None:
    put(
        e,
        queued(9_000, "c8", "k8"),
        queued(15_000, "c7", "k7"),
        fact("call_offered", 16_500, call="c7", agent="a5", offer="o7", until=18_500),
        fact("offer_ended", 16_600, call="c7", agent="a5", offer="o7", how="rescinded"),
        ended(16_600, "c7", "abandoned", "customer"),
        ended(17_000, "c8", "abandoned", "customer"),
    )
    e.logs += [
        {"at": 8_900, "who": "customer:k8", "what": "up"},
        {"at": 16_500, "who": "customer:k7", "what": "left", "call": "c7"},
        {"at": 16_900, "who": "customer:k8", "what": "left", "call": "c8"},
    ]


MUTANTS: dict[str, list[Callable[[Evidence], None]]] = {
    "lost": [
        never_ends,
        is_not_written,
        is_forgotten,
        nobody_left,
        another_left,
        fails,
        given_up_though_there,
        given_up_too_soon,
        given_up_without_cause,
    ],
    "double": [two_agents, two_calls, offered_while_on_a_call, offered_twice],
    "stuck": [offer_outlives, offer_never_ends, grace_outlives, wrap_up_outlives],
    "place": [due_changes, passed_over],
}


def test_nothing_is_found_where_all_is_well() -> None:
    assert check(good()) == []


@pytest.mark.parametrize(
    ("kind", "doctor"),
    [(kind, doctor) for kind, doctors in MUTANTS.items() for doctor in doctors],
    ids=lambda value: value if isinstance(value, str) else value.__name__,
)
def test_each_doctored_story_is_caught(kind: str, doctor: Callable[[Evidence], None]) -> None:
    evidence = deepcopy(good())
    doctor(evidence)
    found = check(evidence)
    assert any(line.startswith(f"{kind}: ") for line in found), found


def test_an_outage_excuses_what_is_late_by_it() -> None:
    evidence = good()
    offer_outlives(evidence)
    evidence.beats = [beat for beat in evidence.beats if not 3_900 < beat < 6_100]
    assert check(evidence) == []
