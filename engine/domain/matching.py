"""Who gets which call: one synchronous pass over the board, decided without `await`.

`match` repeats one question until it has no answer: of the lanes' first calls, in order of priority
(higher band, then smaller due, then call id), which is the first that some ready agent may take, and which
of those agents does the queue's `select` prefer? The order of input does not matter: every tie is broken by
id as text.

Within a lane all calls need the same, so once the first finds nobody the whole lane is done for this pass:
agents only get fewer. That makes a pass O(lanes x profiles + proposals), and greedy by due: among the calls
an agent may take he gets the one that is due first.

Two softer wishes: a *preferred* agent is the only candidate until the preference ends; an *avoided* agent
is a candidate only if no other able agent is logged in.
"""

import heapq
import json
from typing import Any

from attrs import frozen

from engine.domain.board import Board, Lane, Profile
from engine.domain.model import Agent, Call, Skills
from engine.domain.rules import Queue, Select, needs_at

#: How many other agents an explanation names.
CONSIDERED = 4


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
    if any(p.idle for p in board.profiles.values()):
        heads = [(lane.calls[0], i, lane) for i, lane in enumerate(board.lanes.values())]
        heapq.heapify(heads)
        while heads:
            entry, i, lane = heapq.heappop(heads)
            call = board.calls[entry[1]]
            chosen = _choose(board, lane, call)
            if chosen is None:
                continue
            proposals.append(Proposal(call, chosen, explain(board, lane, call, chosen, now)))
            board.hold((call.ref, chosen.ref))
            if lane.calls:
                heapq.heappush(heads, (lane.calls[0], i, lane))
    return Matching(tuple(proposals), wake_at)


def _choose(board: Board, lane: Lane, call: Call) -> Agent | None:
    profiles = [p for p in board.profiles.values() if p.serves(lane)]
    if lane.key.preferred:
        return _ready(board, profiles, lane.key.preferred)
    select = _select(board, call)
    best = _best(board, profiles, select, lane.needed, frozenset(lane.key.avoid))
    if best is None and lane.key.avoid:
        logged_in = set().union(*(p.members for p in profiles))
        if logged_in <= set(lane.key.avoid):
            best = _best(board, profiles, select, lane.needed, frozenset())
    return best


def _select(board: Board, call: Call) -> Select:
    queue = board.policy.queues.get(call.queue)
    return Select.LONGEST_IDLE if queue is None else queue.select


def _ready(board: Board, profiles: list[Profile], name: str) -> Agent | None:
    agent = board.agents.get(name)
    if agent is None:
        return None
    return agent if any((agent.idle_since, name) in p.idle for p in profiles) else None


def _best(
    board: Board, profiles: list[Profile], select: Select, needed: Skills, avoid: frozenset[str]
) -> Agent | None:
    """The ready agent whom `select` puts first."""
    best: tuple[float, int, str] | None = None
    for profile in profiles:
        if select is Select.LEAST_OCCUPIED:
            ranked = ((occupancy(board.agents[name]), since, name) for since, name in profile.idle)
            found = min((r for r in ranked if r[2] not in avoid), default=None)
        else:
            rank = _skill_rank(profile.skills, select, needed)
            found = next(((rank, since, name) for since, name in profile.idle if name not in avoid), None)
        if found is not None and (best is None or found < best):
            best = found
    return None if best is None else board.agents[best[2]]


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


def occupancy(agent: Agent) -> float:
    """Share of his logged-in time spent on calls and wrap-up, as it was when he went ready."""
    return agent.busy_ms / max(1, agent.since_at - agent.login_at)


def explain(board: Board, lane: Lane, call: Call, chosen: Agent, now: int) -> str:
    """The why of an assignment, as JSON: terms of due, rank, others considered and why not, rules' version.

    `passed_over`: calls of the same queue that are due earlier but that no ready agent may take.
    """
    why: dict[str, Any] = {
        "enqueued_at": call.enqueued_at,
        "due_at": call.due_at,
        "band": call.band,
        "terms": {t.rule: t.head_start_ms for t in call.terms},
        "waited_ms": now - call.enqueued_at,
        "passed_over": board.rank(call),
        "step": lane.key.step,
        "select": _select(board, call).value,
        "idle_ms": now - chosen.idle_since,
        "considered": _considered(board, lane, call, chosen),
        "rules": board.policy.version,
    }
    return json.dumps(why, separators=(",", ":"))


def _considered(board: Board, lane: Lane, call: Call, chosen: Agent) -> dict[str, str]:
    """Up to `CONSIDERED` other ready agents, and why each was not chosen."""
    select, told = _select(board, call), dict[str, str]()
    best = _rank(chosen, select, lane.needed)
    for profile in board.profiles.values():
        for since, name in profile.idle[: CONSIDERED + 1]:
            if len(told) == CONSIDERED:
                return told
            if name == chosen.id:
                continue
            if not profile.serves(lane):
                told[name] = "not_able"
            elif lane.key.preferred:
                told[name] = "not_preferred"
            elif name in lane.key.avoid:
                told[name] = "avoided"
            elif _rank(board.agents[name], select, lane.needed) != best:
                told[name] = select.value
            else:
                told[name] = "idle_less" if since > chosen.idle_since else "id"
    return told


def able_agents(board: Board, queue: Queue) -> int:
    """How many logged-in agents serve a queue at all, whatever the skill."""
    _, serving = needs_at(queue, {}, 0)
    return sum(len(p.members) for p in board.profiles.values() if serving & set(p.queues))
