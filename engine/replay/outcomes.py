"""The outcome of each call, read from nothing but the journal's facts."""

from collections.abc import Iterable, Mapping

from attrs import define

from engine.domain.facts import CallConnected, CallEnded, CallOffered, CallQueued, Fact
from engine.domain.lifecycle import EndReason
from engine.replay.result import CallOutcome
from engine.replay.rows import CallRow


@define
class _Story:
    queued_at: int
    connected_at: int | None = None
    ended_at: int | None = None
    reason: EndReason | None = None
    agent: str | None = None
    offers: int = 0


def outcomes(
    facts: Iterable[Fact], rows: Iterable[CallRow], *, start_at: int, speed: float = 1.0
) -> tuple[CallOutcome, ...]:
    """One outcome per row, whose id is the request's id. `speed` turns pool ms into scenario time."""
    stories = read(facts)
    return tuple(_outcome(row, stories.get(row.id), start_at, 1000 / speed) for row in rows)


def read(facts: Iterable[Fact]) -> Mapping[str, _Story]:
    by_call: dict[str, _Story] = {}
    by_request: dict[str, _Story] = {}
    for fact in facts:
        match fact:
            case CallQueued():
                story = by_call.setdefault(fact.call, _Story(fact.at))
                by_request.setdefault(fact.request_id, story)
            case CallOffered():
                by_call[fact.call].offers += 1
            case CallConnected():
                story = by_call[fact.call]
                if story.connected_at is None:
                    story.connected_at = fact.at
                story.agent = fact.agent
            case CallEnded():
                story = by_call[fact.call]
                story.ended_at, story.reason = fact.at, fact.reason
    return by_request


def _outcome(row: CallRow, story: _Story | None, start_at: int, ms_per_s: float) -> CallOutcome:
    outcome, wait_s = "unserved", None
    if story is not None and story.connected_at is not None:
        outcome, wait_s = "served", (story.connected_at - story.queued_at) / ms_per_s
    elif story is not None and story.ended_at is not None and story.reason is EndReason.ABANDONED:
        outcome, wait_s = "abandoned", (story.ended_at - story.queued_at) / ms_per_s
    return CallOutcome(
        call_id=row.id,
        queue=row.queue,
        tier=row.tier,
        arrived_s=row.arrive_s if story is None else round((story.queued_at - start_at) / ms_per_s, 3),
        outcome=outcome,
        wait_s=None if wait_s is None else round(wait_s, 3),
        agent_id=None if story is None or outcome != "served" else story.agent,
        offers=0 if story is None else story.offers,
    )
