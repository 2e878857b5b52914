"""What a replay of some kind cannot carry out is named by its key, with the reason."""

import pytest

from engine.domain.rules import Queue
from engine.replay import feasible
from engine.replay.fake_clock import REMEDY
from engine.replay.faults import Fault, FaultKind
from engine.replay.feasible import infeasible
from engine.replay.result import Dispatch
from engine.replay.scenario import Scenario

ALL = Scenario(
    name="all",
    nodes=2,
    queues=(Queue(name="q"),),
    faults=tuple(Fault(at_s=n, kind=kind) for n, kind in enumerate(FaultKind)),
)


def refused(*, live: bool, dispatch: Dispatch = Dispatch.PRIORITY) -> dict[str, str]:
    return {m.key: m.expected for m in infeasible(ALL, live=live, dispatch=dispatch)}


def kind_of(key: str) -> FaultKind:
    [n] = [n for n, _ in enumerate(ALL.faults) if key == f"faults[{n}].kind"]
    return ALL.faults[n].kind


def test_virtual_time_has_no_clock_that_steps() -> None:
    [(key, expected)] = refused(live=False).items()
    assert (kind_of(key), "--live" in expected) == (FaultKind.CLOCK_STEP, True)


def test_the_engine_suffers_everything_live(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feasible, "library", lambda: "there")
    assert refused(live=True) == {}


def test_where_the_library_of_clocks_is_missing_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feasible, "library", lambda: None)
    [(key, expected)] = refused(live=True).items()
    assert (kind_of(key), REMEDY in expected) == (FaultKind.CLOCK_STEP, True)


@pytest.mark.parametrize(
    ("dispatch", "can"),
    [
        (Dispatch.POLLING, {FaultKind.DROP_AGENT, FaultKind.DROP_CUSTOMER}),
        (Dispatch.STREAM, {FaultKind.DROP_AGENT, FaultKind.DROP_CUSTOMER, FaultKind.SLOW_READER}),
    ],
)
def test_before_the_engine_only_people_fail(dispatch: Dispatch, can: set[FaultKind]) -> None:
    told = refused(live=True, dispatch=dispatch)
    assert told.pop("nodes") == f"expected 1 under {dispatch}, which is one process"
    assert {kind_of(key) for key in told} == set(FaultKind) - can
    assert all("priority" in expected for expected in told.values())
