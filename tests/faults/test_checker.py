"""The checker is itself checked: a good story, in which it finds nothing, and doctored ones."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from .checker import Evidence, check

RULES = {"grace_ms": 8_000, "wrap_up_ms": 1_000, "beat_ms": 250, "avoid_ms": 60_000}


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


# what supervisors command, and calls that are passed on


def waiting_pair(e: Evidence) -> None:
    """c4 and c5 wait from 40 s on, both customers there; a5 is offered c4, and c5 after it."""
    put(
        e,
        queued(40_000, "c4", "k4"),
        queued(42_000, "c5", "k5"),
        fact("call_offered", 50_000, call="c4", agent="a5", offer="o5", until=52_000),
        fact("offer_ended", 50_100, call="c4", agent="a5", offer="o5", how="accepted"),
        fact("call_connected", 50_100, call="c4", agent="a5"),
        ended(52_000, "c4", "completed", "customer", "a5"),
        fact("call_offered", 53_000, call="c5", agent="a5", offer="o6", until=55_000),
        fact("offer_ended", 53_100, call="c5", agent="a5", offer="o6", how="accepted"),
        fact("call_connected", 53_100, call="c5", agent="a5"),
        ended(55_000, "c5", "completed", "customer", "a5"),
    )
    e.beats = list(range(0, 80_000, 250))
    for n, left_at in ((4, 51_950), (5, 54_950)):
        e.logs.append({"at": 39_000, "who": f"customer:k{n}", "what": "up"})
        e.logs.append({"at": left_at, "who": f"customer:k{n}", "what": "left", "call": f"c{n}"})


def commanded(at: int, command: str, call: str) -> dict[str, Any]:
    return fact("commanded", at, by="boss", command=command, target=f"call:{call}", reason="")


def the_later_first(e: Evidence) -> None:
    """They are offered the other way round."""
    waiting_pair(e)
    other = {"c4": "c5", "c5": "c4"}
    for f in e.journal:
        if f["at"] >= 50_000 and f.get("call") in other:
            f["call"] = other[f["call"]]
    for event in e.logs:
        if event["what"] == "left" and event["call"] in other:
            event["call"] = other[event["call"]]
            event["who"] = f"customer:k{event['call'][1]}"


def put_forward(e: Evidence, due_at: int = 30_000, band: int = 0) -> None:
    the_later_first(e)
    put(e, commanded(45_000, "call.prioritise", "c5"))
    put(e, fact("call_prioritised", 45_000, call="c5", due_at=due_at, band=band, terms={}))


def put_into_a_band(e: Evidence) -> None:
    put_forward(e, due_at=42_000, band=1)


def assigned(e: Evidence) -> None:
    the_later_first(e)
    put(e, commanded(49_999, "call.assign", "c5"))


def cancelled(e: Evidence) -> None:
    waiting_pair(e)
    find(e, "call_ended", call="c4").update(reason="cancelled", by="supervisor")
    put(e, commanded(51_999, "call.end", "c4"))


def passed_on(e: Evidence, by: str = "a5", to_agent: str = "a6", queue: str = "general") -> None:
    """c4 is passed on; a5 takes c5 meanwhile, though that is due later, and then a6 c4."""
    waiting_pair(e)
    put(
        e,
        fact("call_transferred", 51_000, call="c4", agent=by, queue=queue, to_agent=to_agent),
        fact("call_requeued", 51_000, call="c4", due_at=40_000, reason="transferred"),
        fact("call_offered", 55_500, call="c4", agent="a6", offer="o8", until=57_500),
        fact("offer_ended", 55_600, call="c4", agent="a6", offer="o8", how="accepted"),
        fact("call_connected", 55_600, call="c4", agent="a6"),
    )
    find(e, "call_ended", call="c4").update(at=56_000, agent="a6")
    e.journal.sort(key=lambda f: int(f["at"]))
    next(event for event in e.logs if event.get("call") == "c4").update(at=55_950)


LAWFUL = [waiting_pair, put_forward, put_into_a_band, assigned, cancelled, passed_on]


@pytest.mark.parametrize("tell", LAWFUL, ids=lambda tell: tell.__name__)
def test_what_was_commanded_or_passed_on_is_no_violation(tell: Callable[[Evidence], None]) -> None:
    evidence = good()
    tell(evidence)
    assert check(evidence) == []


def put_back_without_a_command(e: Evidence) -> None:
    put_forward(e)
    find(e, "call_prioritised")["due_at"] = 44_000


def cancelled_by_nobody(e: Evidence) -> None:
    cancelled(e)
    without(e, "commanded", command="call.end")


def passed_on_by_another(e: Evidence) -> None:
    passed_on(e, by="a7")


def passed_on_and_kept(e: Evidence) -> None:
    passed_on(e)
    without(e, "call_requeued", at=51_000)


def passed_on_to_the_end_of_the_line(e: Evidence) -> None:
    passed_on(e)
    find(e, "call_requeued", at=51_000)["due_at"] = 51_000


def passed_over_in_its_new_queue(e: Evidence) -> None:
    """Once nobody is avoided any more it stands where its due says, in the queue it was passed on to."""
    passed_on(e, to_agent="", queue="loans")
    e.rules = {**RULES, "avoid_ms": 0}
    find(e, "call_queued", call="c5")["queue"] = "loans"
    find(e, "call_offered", offer="o6")["at"] = find(e, "offer_ended", offer="o6")["at"] = 54_900
    find(e, "call_connected", call="c5")["at"] = 54_900
    e.journal.sort(key=lambda f: int(f["at"]))


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
        cancelled_by_nobody,
    ],
    "double": [
        *(two_agents, two_calls, offered_while_on_a_call, offered_twice),
        *(passed_on_by_another, passed_on_and_kept),
    ],
    "stuck": [offer_outlives, offer_never_ends, grace_outlives, wrap_up_outlives],
    "place": [
        *(due_changes, passed_over, the_later_first, put_back_without_a_command),
        *(passed_on_to_the_end_of_the_line, passed_over_in_its_new_queue),
    ],
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
