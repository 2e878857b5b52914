"""Who was served before whom though he came later, and why, from the facts alone.

An offer leaves waiting the calls that arrived before the offered one and are still in line. That is as it
should be for one of these reasons, looked for in this order: a supervisor chose (`supervisor`), the
customer's link was lost (`away`), the agent could not have taken the call (`queue`, `skills`), it was kept
for a colleague (`kept`), or it was due later (`band`, `head_start`). A call that was due earlier and was left
by an agent who could have taken it avoided him, because he had declined it or passed it on (`avoided`), or
had only just joined the line (`just_came`). What none of these explains is an inversion (`none`).

Calls of other queues count only if the agent serves them. What a step of the queue had relaxed by then is not
in the facts: an agent who could take the call only by such a step counts as one who could not.
"""

import json
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

from attrs import frozen

from engine.domain.facts import CallOffered
from engine.replay.journal.line import Caller, Line, Worker

#: A call that joined the line so recently was perhaps not seen yet by whoever decided.
UNSEEN_MS = 250


class Reason(StrEnum):
    """Why a call was left waiting while one that arrived later was offered."""

    SUPERVISOR = "supervisor"
    AWAY = "away"
    QUEUE = "queue"
    SKILLS = "skills"
    KEPT = "kept"
    BAND = "band"
    HEAD_START = "head_start"
    AVOIDED = "avoided"
    JUST_CAME = "just_came"
    NONE = "none"


@frozen(kw_only=True)
class Passing:
    """`first` was offered to `agent` while `left`, which arrived before it, waited on.

    `lead_ms`: by how much `first` was due earlier. `lacks`: the skills that the agent lacked for `left`.
    """

    at: int
    first: str
    left: str
    agent: str
    reason: Reason
    arrived_after_ms: int
    lead_ms: int
    bands: tuple[int, int]
    lacks: tuple[str, ...] = ()


def explained(fact: CallOffered) -> Mapping[str, Any]:
    """The why of an assignment (`matching.Why`); empty if whoever made it left none."""
    try:
        why = json.loads(fact.why)
    except ValueError:
        return {}
    return why if isinstance(why, dict) else {}


def passings(line: Line, fact: CallOffered) -> Iterator[Passing]:
    """The calls that this offer leaves waiting though they arrived earlier; `line` is as it was before it."""
    first = line.calls.get(fact.call)
    if first is None:
        return
    worker = line.agents.get(fact.agent)
    for left in line.waiting():
        came_first = (left.arrived_at, left.id) < (first.arrived_at, first.id)
        if came_first and (found := passing(first, left, worker, fact)) is not None:
            yield found


def passing(first: Caller, left: Caller, worker: Worker | None, fact: CallOffered) -> Passing | None:
    """What this offer of `first` means for `left`, which waits and arrived earlier; None if nothing."""
    queues = () if worker is None else worker.queues
    if left.queue != first.queue and left.queue not in queues:
        return None
    lacks = () if worker is None or not queues else _lacking(worker, left)
    if left.preferred == fact.agent:  # then he is asked whatever he serves
        queues, lacks = (), ()
    return Passing(
        at=fact.at,
        first=first.id,
        left=left.id,
        agent=fact.agent,
        reason=_reason(first, left, queues, lacks, fact),
        arrived_after_ms=first.arrived_at - left.arrived_at,
        lead_ms=left.due_at - first.due_at,
        bands=(first.band, left.band),
        lacks=lacks,
    )


def could_take(worker: Worker, call: Caller) -> bool:
    """Whether the agent serves its queue and has its skills, or it was passed on to him."""
    return call.preferred == worker.id or (call.queue in worker.queues and not _lacking(worker, call))


def _lacking(worker: Worker, call: Caller) -> tuple[str, ...]:
    needs = sorted(call.skills.items())
    return tuple(name for name, level in needs if worker.skills.get(name, 0) < level)


def _reason(
    first: Caller, left: Caller, queues: tuple[str, ...], lacks: tuple[str, ...], fact: CallOffered
) -> Reason:
    if explained(fact).get("by") == "supervisor":
        return Reason.SUPERVISOR
    if left.away:
        return Reason.AWAY
    if queues and left.queue not in queues:
        return Reason.QUEUE
    if lacks:
        return Reason.SKILLS
    if left.preferred and left.preferred != fact.agent:
        return Reason.KEPT
    if first.band != left.band:
        return Reason.BAND if first.band > left.band else _left_anyhow(left, fact)
    if first.score < left.score:
        return Reason.HEAD_START
    return _left_anyhow(left, fact)


def _left_anyhow(left: Caller, fact: CallOffered) -> Reason:
    """It was due earlier, and the agent could have taken it."""
    if fact.agent in left.refused_by:
        return Reason.AVOIDED
    return Reason.JUST_CAME if fact.at - left.since_at <= UNSEEN_MS else Reason.NONE
