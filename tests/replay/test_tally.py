"""How many calls went otherwise: every call is counted once, and of those that changed some again."""

import pytest

from engine.replay.report.tally import Tally, tallies, tally
from engine.replay.result import CallOutcome


def outcome(wait_s: float | None, agent: str | None = "ani", *, tier: str = "vip") -> CallOutcome:
    """Abandoned if there is no agent; without a wait, unserved."""
    how = "unserved" if wait_s is None else "abandoned" if agent is None else "served"
    return CallOutcome(
        call_id="c",
        queue="q",
        tier=tier,
        arrived_s=0.0,
        outcome=how,
        wait_s=wait_s,
        agent_id=agent,
        offers=1,
    )


SAME = (outcome(9), outcome(9))
OTHER_AGENT = (outcome(9), outcome(9, "budi"))
SLIGHTLY_LONGER = (outcome(9), outcome(13.9))
LONGER = (outcome(9), outcome(14))
SHORTER = (outcome(9), outcome(2.5, "budi"))
SERVED_NOW = (outcome(60, None), outcome(50))
SERVED_NO_MORE = (outcome(50), outcome(60, None))
LEFT_AS_IT_WAS_ANSWERED = (outcome(60), outcome(60, None))
NEVER = (outcome(60), outcome(None, None))
AT_LAST = (outcome(None, None), outcome(60, None))
ALL = [SAME, OTHER_AGENT, SLIGHTLY_LONGER, LONGER, SHORTER]
ALL += [SERVED_NOW, SERVED_NO_MORE, LEFT_AS_IT_WAS_ANSWERED, NEVER, AT_LAST]


def counts(t: Tally) -> tuple[int, ...]:
    return t.as_before, t.shorter, t.longer, t.same_wait, t.slight, t.served_now, t.served_no_more


@pytest.mark.parametrize(
    ("pair", "expected"),
    [
        (SAME, (1, 0, 0, 0, 0, 0, 0)),
        (OTHER_AGENT, (0, 0, 0, 1, 0, 0, 0)),
        (SLIGHTLY_LONGER, (0, 0, 1, 0, 1, 0, 0)),
        (LONGER, (0, 0, 1, 0, 0, 0, 0)),
        (SHORTER, (0, 1, 0, 0, 0, 0, 0)),
        (SERVED_NOW, (0, 1, 0, 0, 0, 1, 0)),
        (SERVED_NO_MORE, (0, 0, 1, 0, 0, 0, 1)),
        (LEFT_AS_IT_WAS_ANSWERED, (0, 0, 0, 1, 0, 0, 1)),
        (NEVER, (0, 0, 1, 0, 0, 0, 1)),
        (AT_LAST, (0, 1, 0, 0, 0, 0, 0)),
    ],
)
def test_a_call_is_counted_by_its_wait_and_its_end(
    pair: tuple[CallOutcome, CallOutcome], expected: tuple[int, ...]
) -> None:
    assert counts(tally("t", [pair])) == expected


def test_counts_add_up() -> None:
    t = tally("t", ALL)
    assert counts(t) == (1, 3, 4, 2, 1, 1, 3)
    assert t.calls == t.as_before + t.shorter + t.longer + t.same_wait == len(ALL)


def test_a_sentence_says_what_there_is_to_say() -> None:
    assert tally("t", ALL).sentence() == (
        "3 wait shorter, 4 longer (1 by under 5 s), 2 as long with another agent; 1 newly served, 3 no longer"
    )
    assert tally("t", [SHORTER, LONGER]).sentence() == "1 wait shorter, 1 longer; the same are served"
    assert tally("t", [SAME, SAME]).sentence() == "all go as before"


def test_calls_are_told_apart_and_summed_up() -> None:
    before = [outcome(9), outcome(9, tier="regular")]
    after = [outcome(2), outcome(19, tier="regular")]
    found = tallies("tier", ["regular", "vip"], before, after)
    assert [(t.title, t.calls, t.shorter, t.longer) for t in found] == [
        ("regular", 1, 0, 1),
        ("vip", 1, 1, 0),
        ("all calls", 2, 1, 1),
    ]
    assert [t.title for t in tallies("tier", ["vip"], before[:1], after[:1])] == ["vip"]
