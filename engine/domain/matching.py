"""Who gets which call: one synchronous pass over the board, decided without `await`.

`match` repeats one question until it has no answer: of the lanes' first calls, in order of priority
(higher band, then smaller due, then call id), which is the first that some ready agent may take, and which
of those agents does the queue's `select` prefer? The order of input does not matter: every tie is broken by
id as text.

Within a lane all calls need the same, so once the first finds nobody the whole lane is done for this pass:
agents only get fewer. That makes a pass O(lanes x profiles + proposals), and greedy by due: among the calls
an agent may take he gets the one that is due first.

A call past its maximum wait is not offered: its expiry is due.

Two softer wishes: a *preferred* agent is the only candidate until the preference ends, whatever he serves,
because a person chose him, unless he is offline or not ready: then there is nobody to wait for. An *avoided*
agent is a candidate only if no other able agent is logged in.
"""

import heapq
import json
from bisect import bisect_left
from collections.abc import Iterable
from typing import NotRequired, TypedDict

from attrs import frozen

from engine.domain.board import Board
from engine.domain.lanes import Entry, Lane, Occupied, Profile, occupancy
from engine.domain.lifecycle import AgentState
from engine.domain.model import Agent, Call, Skills
from engine.domain.rules import Queue, Select, needs_at

#: How many other agents an explanation names.
CONSIDERED = 4
#: A preferred agent in such a state is not waited for.
ABSENT = frozenset({AgentState.OFFLINE, AgentState.NOT_READY})

as_json = json.JSONEncoder(separators=(",", ":")).encode


@frozen
class Proposal:
    """Offer `call` to `agent`. Both are reserved on the board until released."""

    call: Call
    agent: Agent
    why: str


@frozen
class Matching:
    proposals: tuple[Proposal, ...]
    #: when a step, preference, avoidance or rest next changes what is possible; None = only news does
    wake_at: int | None


def match(board: Board, now: int) -> Matching:
    """Propose every offer that can be made now, reserving both sides on the board."""
    wake_at = board.settle(now)
    proposals: list[Proposal] = []
    heads: list[tuple[Entry, Lane]] = []
    if board.anyone_idle:
        heads = [(lane.calls[0], lane) for lane in board.lanes.values()]
        heapq.heapify(heads)  # entries are unique, so lanes are never compared
    while heads and board.anyone_idle:
        (_, name), lane = heapq.heappop(heads)
        call = board.calls[name]
        if call.give_up_at is not None and call.give_up_at <= now:
            board.set_aside(call.ref)
        elif (chosen := _choose(board, lane)) is not None:
            proposals.append(Proposal(call, chosen, explain(board, lane, call, chosen, now)))
            board.hold((call.ref, chosen.ref))
        else:
            continue  # nor for the rest of this lane
        if lane.calls:
            heapq.heappush(heads, (lane.calls[0], lane))
    return Matching(tuple(proposals), wake_at)


def _choose(board: Board, lane: Lane) -> Agent | None:
    """The agent who gets the lane's first call, if any may."""
    preferred = board.agents.get(lane.key.preferred)
    if preferred is not None and preferred.state not in ABSENT:
        return preferred if board.is_idle(preferred.id) else None
    profiles, avoid = board.able(lane), lane.key.avoid
    select = _select(board, lane)
    best = _best(profiles, select, lane.needed, avoid)
    if best is None and avoid and all(p.members <= set(avoid) for p in profiles):
        best = _best(profiles, select, lane.needed, ())
    return None if best is None else board.agents[best]


def _select(board: Board, lane: Lane) -> Select:
    queue = board.policy.queues.get(lane.key.queue)
    return Select.LONGEST_IDLE if queue is None else queue.select


def _best(
    profiles: tuple[Profile, ...], select: Select, needed: Skills, avoid: tuple[str, ...]
) -> str | None:
    """The idle agent whom `select` puts first."""
    best: Occupied | None = None
    for profile in profiles:
        if select is Select.LEAST_OCCUPIED:
            found = next((entry for entry in profile.occupied if entry[2] not in avoid), None)
        else:
            idle = next((entry for entry in profile.idle if entry[1] not in avoid), None)
            found = None if idle is None else (_skill_rank(profile.skills, select, needed), *idle)
        if found is not None and (best is None or found < best):
            best = found
    return None if best is None else best[2]


def _rank(agent: Agent, select: Select, needed: Skills) -> float:
    """What `select` compares before idle time; smaller is better."""
    if select is Select.LEAST_OCCUPIED:
        return occupancy(agent)
    return _skill_rank(agent.skills, select, needed)


def _skill_rank(skills: Skills, select: Select, needed: Skills) -> float:
    if select is Select.LEAST_FLEXIBLE:
        return len(skills)
    if select is Select.BEST_SKILL:
        return -sum(skills.get(name, 0) for name in needed)
    return 0


class Why(TypedDict):
    """How a call came by its place, and if it is offered or connected, to its agent."""

    enqueued_at: int
    #: as it counts: `enqueued_at` less all terms
    due_at: int
    #: strict priority, higher first
    band: int
    #: the head start by each rule that matched, ms
    terms: dict[str, int]
    #: the version of the rules
    rules: str
    #: `supervisor`, if one assigned it
    by: NotRequired[str]
    waited_ms: NotRequired[int]
    #: calls of the same queue that are due earlier but that no ready agent may take
    passed_over: NotRequired[int]
    #: how many of the queue's steps it had reached
    step: NotRequired[int]
    #: by what the agent was chosen among those who are able
    select: NotRequired[str]
    #: true if the call was passed on to this very agent
    preferred: NotRequired[bool]
    #: how long he had been idle
    idle_ms: NotRequired[int]
    #: other ready agents by id, and why each was not chosen: `not_able`, `not_preferred`, `avoided`,
    #: `idle_less`, `id`, `least_flexible`, `best_skill`, `least_occupied`; never told to agents
    considered: NotRequired[dict[str, str]]


def explain(board: Board, lane: Lane, call: Call, chosen: Agent, now: int) -> str:
    """The why of an assignment, as JSON."""
    why: Why = {
        **explain_due(call),
        "waited_ms": now - call.enqueued_at,
        "passed_over": _passed_over(board, call),
        "step": lane.key.step,
        "select": _select(board, lane).value,
        "idle_ms": now - chosen.idle_since,
        "considered": _considered(board, lane, chosen),
        "rules": board.policy.version,
    }
    if lane.key.preferred == chosen.id:
        why["preferred"] = True
    return as_json(why)


def explain_due(call: Call) -> Why:
    """How a call came by its place: `due_at` = `enqueued_at` less its terms, by the rules of that time."""
    return {
        "enqueued_at": call.enqueued_at,
        "due_at": call.due_at,
        "band": call.band,
        "terms": {t.rule: t.head_start_ms for t in call.terms},
        "rules": call.rules,
    }


def _passed_over(board: Board, call: Call) -> int:
    lanes = (lane for lane in board.lanes.values() if lane.key.queue == call.queue)
    return sum(bisect_left(lane.calls, (call.score, call.id)) for lane in lanes)


def _considered(board: Board, lane: Lane, chosen: Agent) -> dict[str, str]:
    """Up to `CONSIDERED` other ready agents, those who are able first, and why each was not chosen."""
    able = board.able(lane)
    told = {a.id: _why_not(board, lane, chosen, a) for a in _rivals(board, able, chosen, CONSIDERED)}
    if len(told) < CONSIDERED:
        others = (p for p in board.profiles.values() if p not in able)
        told |= {a.id: "not_able" for a in _rivals(board, others, chosen, CONSIDERED - len(told))}
    return told


def _rivals(board: Board, profiles: Iterable[Profile], chosen: Agent, most: int) -> list[Agent]:
    """The longest idle of these profiles' agents but the chosen one."""
    idle = [entry for p in profiles for entry in p.idle[: most + 1] if entry[1] != chosen.id]
    return [board.agents[name] for _, name in sorted(idle)[:most]]


def _why_not(board: Board, lane: Lane, chosen: Agent, other: Agent) -> str:
    """Why an able agent was not chosen."""
    if lane.key.preferred == chosen.id:
        return "not_preferred"
    if other.id in lane.key.avoid and chosen.id not in lane.key.avoid:
        return "avoided"
    select = _select(board, lane)
    if _rank(other, select, lane.needed) != _rank(chosen, select, lane.needed):
        return select.value
    return "idle_less" if other.idle_since > chosen.idle_since else "id"


def takes_requests(board: Board, queue: Queue) -> bool:
    """Whether a queue is open: as configured, unless a supervisor paused or opened it."""
    gate = board.gates.get(queue.name)
    return queue.open if gate is None else not gate.paused and (queue.open or gate.opened)


def able_agents(board: Board, queue: Queue) -> int:
    """How many logged-in agents serve a queue at all, whatever the skill."""
    _, serving = needs_at(queue, {}, 0)
    return sum(len(p.members) for p in board.profiles.values() if not serving.isdisjoint(p.key[0]))
