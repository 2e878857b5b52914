"""What a replay can carry out of a scenario, by its mode and its dispatch. What it cannot, it refuses.

Virtual time has no clock of the store's beside pool time. The systems before the engine are one process each,
over a store of its own, so nothing but people and their links can fail there; and a page that polls has no
link that it could leave unread.
"""

from collections.abc import Iterator

from engine.replay.fake_clock import REMEDY, library
from engine.replay.faults import FaultKind
from engine.replay.result import Dispatch
from engine.replay.scenario import Scenario
from engine.tables import Mistake, shown

_LINKS = frozenset({FaultKind.DROP_AGENT, FaultKind.DROP_CUSTOMER})
_CAN_FAIL = {Dispatch.STREAM: _LINKS | {FaultKind.SLOW_READER}, Dispatch.POLLING: _LINKS}


def infeasible(
    scenario: Scenario, *, live: bool, dispatch: Dispatch = Dispatch.PRIORITY
) -> Iterator[Mistake]:
    """What of the scenario a replay of that kind cannot carry out, each with its key and the reason."""
    can_fail = _CAN_FAIL.get(dispatch, frozenset(FaultKind))
    if dispatch in _CAN_FAIL and scenario.nodes > 1:
        yield Mistake("nodes", str(scenario.nodes), f"expected 1 under {dispatch}, which is one process")
    for n, fault in enumerate(scenario.faults):
        if fault.kind not in can_fail:
            able = ", ".join(sorted(can_fail))
            expected = f"expected one of {able} under {dispatch}; the engine (priority) suffers all"
        elif fault.kind is not FaultKind.CLOCK_STEP:
            continue
        elif not live:
            expected = "expected with --live: in virtual time the store's clock is pool time, and cannot step"
        elif library() is None:
            expected = f"expected where libfaketime is: {REMEDY}"
        else:
            continue
        yield Mistake(f"faults[{n}].kind", shown(str(fault.kind)), expected)
