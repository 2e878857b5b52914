"""A served day as a scenario whose replay serves it again.

Agents come with their queues, skills, breaks and lost links, and give their replies in turn (`desks`);
callers with what they asked for, how long they talked and when they left (`callers`); the rules give each
call the place that it had (`priorities`). The scenario then stands for itself: under other rules its callers
and agents are the same.

What a journal cannot tell is filled in: a caller who was never answered talks as long as those of his queue
did on average; one who was answered would have waited for ever. What a replay does not do again is said in
`notes`: supervisors' commands, a store that was away or came back empty, what went on at the beginning.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from statistics import fmean, median

from attrs import evolve, frozen

from engine.domain.facts import CallQueued, Commanded, DeadlinesShifted, Fact, RulesReloaded
from engine.domain.rules import Policy, Queue
from engine.policy_file import Labels, Named
from engine.replay.journal.callers import Callers, Visit
from engine.replay.journal.desks import Desks, Session
from engine.replay.journal.priorities import Places, places
from engine.replay.journal.served import Served
from engine.replay.journal.sources import LOOK_BACK_MS, SLACK_MS, Journal
from engine.replay.replies import Answer, Reply
from engine.replay.rows import AgentRow, Break, CallRow, Drop, Refusal
from engine.replay.scenario import Scenario

#: How long the calls of a queue are taken to be of which none was answered.
TALK_MS = 180_000
MINUTE_MS = 60_000


@frozen
class Recorded:
    """`facts` are those of the day, from its second 0 at `zero_at`. It is known whole until `end_at`."""

    scenario: Scenario
    zero_at: int
    end_at: int
    facts: tuple[Fact, ...]
    notes: tuple[str, ...]


class NothingToRecord(Exception):
    """Nobody asked for a call, or no agent was ever ready; the message says which."""


def record(
    journal: Journal,
    policy: Policy,
    *,
    name: str,
    from_at: int | None = None,
    to_at: int | None = None,
    labels: Labels | None = None,
) -> Recorded:
    """The day of that range: who asked in it, until they have left. Raises `NothingToRecord`."""
    span = journal.span()
    if span is None:
        raise NothingToRecord("the journal is empty")
    zero_at = _zero(journal, span[0]) if from_at is None else from_at
    callers, served = Callers(zero_at, to_at), Served(journal.latency_ms)
    facts: list[Fact] = []
    for fact in journal.facts(None if from_at is None else from_at - LOOK_BACK_MS):
        if to_at is not None and fact.at > to_at + SLACK_MS and callers.left:
            break
        callers.take(fact)
        served.take(fact)
        facts.append(fact)
    policy, changes = served.policy(policy)
    desks = Desks(policy, zero_at, journal.latency_ms)
    for fact in facts:
        desks.take(fact)
    facts = [fact for fact in facts if fact.at >= zero_at]
    visits = sorted(callers.visits.values(), key=lambda v: (v.arrived_at, v.asked.call))
    sessions = [s for s in desks.done() if to_at is None or (s.ready_at or 0) < to_at]
    if not visits or not sessions:
        raise NothingToRecord("nobody asked for a call" if not visits else "no agent was ever ready")
    for visit in visits:
        visit.stop(facts[-1].at)
    place = places((visit.asked for visit in visits), policy)
    agents = tuple(_agents(sessions, zero_at))
    calls = tuple(_calls(visits, place, zero_at))
    scenario = _scenario(place.policy, labels or {}, agents, calls, name=name)
    scenario = evolve(scenario, clock=f"{datetime.fromtimestamp(zero_at / 1000, journal.zone):%H:%M}")
    notes = (*changes, *_notes(facts, callers, place), *dict.fromkeys(desks.notes))
    end_at = 1 + max(fact.at for fact in facts)
    return Recorded(scenario, zero_at, end_at if to_at is None else min(end_at, to_at), tuple(facts), notes)


def _zero(journal: Journal, first_at: int) -> int:
    """Second 0: a replay's own, or the whole minute before anything happened."""
    return first_at - first_at % MINUTE_MS if journal.zero_at is None else journal.zero_at


# rows


def _s(at: int, zero_at: int) -> float:
    return (at - zero_at) / 1000


def _agents(sessions: Sequence[Session], zero_at: int) -> Iterator[AgentRow]:
    """In order of their sessions. Who was ready at the beginning logs in a ms after who was idle longer."""
    for n, session in enumerate(sessions):
        ready_at = session.ready_at or zero_at
        if session.idle_ms:
            ready_at += n
        answered = [r for r in session.replies if r.how is Answer.ACCEPTED]
        answer_ms = round(median(r.after_ms for r in answered)) if answered else 0
        counts = Counter(reply.how for reply in session.replies)
        yield AgentRow(
            id=session.agent,
            login_s=_s(ready_at, zero_at),
            logout_s=None if session.ended_at is None else _s(max(session.ended_at, ready_at), zero_at),
            queues=session.queues,
            skills=session.skills,
            answer_ms=answer_ms,
            accept=round(len(answered) / len(session.replies), 3) if session.replies else 1.0,
            refusal=Refusal.DECLINED
            if counts[Answer.DECLINED] > counts[Answer.NO_ANSWER]
            else Refusal.NO_ANSWER,
            breaks=tuple(
                Break(at_s=_s(b.asked_at, zero_at), for_ms=b.for_ms, reason=b.reason) for b in session.breaks
            ),
            drops=tuple(Drop(at_s=_s(d.at, zero_at), for_ms=d.for_ms) for d in session.drops),
            replies=_unusual(session.replies, answer_ms),
        )


def _unusual(replies: Sequence[Reply], answer_ms: int) -> tuple[Reply, ...]:
    """The replies, but for those at the end that the row itself would give."""
    if any(reply.how is not Answer.ACCEPTED for reply in replies):
        return tuple(replies)
    kept = list(replies)
    while kept and kept[-1] == Reply(after_ms=answer_ms):
        kept.pop()
    return tuple(kept)


def _calls(visits: Sequence[Visit], place: Places, zero_at: int) -> Iterator[CallRow]:
    talked: dict[str, list[int]] = {}
    for visit in visits:
        if (ms := visit.handle_ms) is not None:
            talked.setdefault(visit.asked.queue, []).append(ms)
    usual = {queue: round(fmean(times)) for queue, times in talked.items()}
    for visit in visits:
        asked, handle_ms, patience_ms = visit.asked, visit.handle_ms, visit.patience_ms
        yield CallRow(
            id=asked.call,
            arrive_s=_s(visit.arrived_at, zero_at),
            queue=asked.queue,
            tier=asked.tier,
            skills=asked.skills,
            handle_s=(usual.get(asked.queue, TALK_MS) if handle_ms is None else handle_ms) / 1000,
            patience_s=None if patience_ms is None else patience_ms / 1000,
            attributes=place.attributes.get(asked.call, {}),
            drops=tuple(Drop(at_s=_s(at, zero_at), for_ms=ms) for at, ms in visit.drops),
        )


# the whole


def _scenario(
    policy: Policy, labels: Labels, agents: tuple[AgentRow, ...], calls: tuple[CallRow, ...], *, name: str
) -> Scenario:
    """Whatever the rows name is there, even if the rules no longer do."""
    queues = dict.fromkeys([*(c.queue for c in calls), *(q for a in agents for q in a.queues)])
    queues |= dict.fromkeys(r.queue for a in agents for r in a.replies if r.queue)
    known = {**{queue: Queue(name=queue) for queue in queues}, **policy.queues}
    tiers = {queue: [c.tier for c in calls if c.queue == queue] for queue in queues}
    skills = [s for held in (*(a.skills for a in agents), *(c.skills for c in calls)) for s in held]

    def words(kind: str, listed: tuple[str, ...], used: Iterable[str]) -> tuple[Named, ...]:
        names = dict.fromkeys((*listed, *used)) if listed else {}
        return tuple(Named(n, labels.get(kind, {}).get(n, {})) for n in names)

    return Scenario(
        name=name,
        tiers=words("tiers", policy.tiers, (c.tier for c in calls)),
        skills=words("skills", policy.skills, skills),
        reasons=words("reasons", policy.reasons, (b.reason for a in agents for b in a.breaks)),
        dispositions=words("dispositions", policy.dispositions, ()),
        queues=tuple(_admitting(queue, tiers.get(queue.name, [])) for queue in known.values()),
        rules=tuple(rule for rule in policy.rules if rule.head_start_ms or rule.band),
        timings=policy.timings,
        agents=agents,
        calls=calls,
    )


def _admitting(queue: Queue, tiers: Iterable[str]) -> Queue:
    """The queue, which lets in whom it let in."""
    allowed = tuple(dict.fromkeys((*queue.tiers, *tiers))) if queue.tiers else ()
    return evolve(queue, tiers=allowed, open=True, max_waiting=None)


# what is not done again


def _notes(facts: Sequence[Fact], callers: Callers, place: Places) -> Iterator[str]:
    commands = Counter(fact.command for fact in facts if isinstance(fact, Commanded))
    for command in ("call.prioritise", "call.assign", "call.end", "queue.pause"):
        if commands[command]:
            yield f"supervisors' {command}: {commands[command]} times, not commanded again"
    if not place.configured:
        yield "the rules as configured do not give the calls their places; their head starts are recorded"
    if callers.before:
        yield f"{len(callers.before)} calls were waiting or talking when it began, and are left out"
    if open_ := sum(visit.left_at is None for visit in callers.visits.values()):
        yield f"{open_} calls had not ended when the journal did"
    if any(isinstance(fact, RulesReloaded) for fact in facts):
        yield "the rules were read again while it was served"
    if any(isinstance(fact, DeadlinesShifted) for fact in facts):
        yield "the store was away for a while"
    if callers.restored or any(isinstance(fact, CallQueued) and fact.restored for fact in facts):
        yield "the store came back empty, and calls were placed anew"
