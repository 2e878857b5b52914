"""The figures of the last hour: against a slow oracle, whoever tells them, and in whatever order."""

import random
from collections.abc import Iterable, Iterator
from statistics import median
from typing import Any

import pytest
from attrs import define, evolve, field, frozen
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.domain import tally as tally_module
from engine.domain.estimates import Estimate
from engine.domain.facts import CallConnected, CallEnded, CallQueued, CallRequeued, CallTransferred, Fact
from engine.domain.lifecycle import CallState, EndReason, Party, RequeueReason
from engine.domain.model import Call
from engine.domain.rules import Policy, Queue
from engine.domain.tally import HOUR_MS, MINUTE_MS, SHORT_MS, Accuracy, Bucket, Judged, Tally

from .builders import call as a_call

LEVEL_MS = 20_000
POLICY = Policy(queues={name: Queue(name=name, service_level_ms=LEVEL_MS) for name in ("x", "y")})
#: A whole minute, in the middle of a day.
NOON = 1_000_000 * MINUTE_MS
_C = CallState

#: In which ways a call's story may go on, and what is then told of it.
STEPS = (
    *("connect",) * 5,
    *("transfer",) * 4,
    *("decline", "agent_lost", "leave", "lost", "expire", "hang_up"),
)


@define
class Story:
    """One call: its record after each step, and the journal's facts of each."""

    record: Call
    steps: list[tuple[int, Call, list[Fact]]] = field(factory=list)

    def tell(self, at: int, record: Call, *facts: Fact) -> None:
        self.record = record
        self.steps.append((at, record, list(facts)))


def begin(name: str, queue: str, at: int) -> Story:
    record = a_call(id=name, queue=queue, enqueued_at=at, since_at=at, due_at=at, terms=())
    story = Story(record)
    queued = CallQueued(
        at=at,
        call=name,
        customer=f"k{name}",
        queue=queue,
        tier="regular",
        due_at=at - 1_000,
        band=0,
        terms={"tier": 1_000},
        rules="",
        skills={},
        request_id=name,
    )
    story.tell(at, record, queued)
    return story


def go_on(story: Story, step: str, at: int) -> None:
    """What the step does to a call in that state, if it can be taken."""
    was, name = story.record, story.record.id
    connected = was.state is _C.CONNECTED
    again = evolve(was, state=_C.WAITING, connected_at=None, agent="", requeues=was.requeues + 1)

    def over(reason: EndReason) -> None:
        ended = evolve(was, state=_C.ENDED, live=False, ended_at=at, end_reason=reason, since_at=at)
        story.tell(at, ended, CallEnded(at=at, call=name, reason=reason, by=Party.SYSTEM))

    def requeue(record: Call, reason: RequeueReason, *facts: Fact) -> None:
        story.tell(at, record, *facts, CallRequeued(at=at, call=name, due_at=was.due_at, reason=reason))

    match step:
        case "connect" if was.state is _C.WAITING:
            waited_ms = at - was.enqueued_at
            talks = evolve(was, state=_C.CONNECTED, connected_at=at, agent="a")
            story.tell(at, talks, CallConnected(at=at, call=name, agent="a", waited_ms=waited_ms))
        case "decline" if was.state is _C.WAITING:
            requeue(again, RequeueReason.NO_AGENT)
        case "agent_lost" if connected:
            requeue(again, RequeueReason.AGENT_LOST)
        case "transfer" if connected:
            queue = "y" if was.queue == "x" else "x"
            passed = CallTransferred(at=at, call=name, agent="a", queue=queue)
            requeue(evolve(again, queue=queue, from_agent="a"), RequeueReason.TRANSFERRED, passed)
        case "leave" if was.live:
            over(EndReason.COMPLETED if connected else EndReason.ABANDONED)
        case "hang_up" if connected:
            over(EndReason.COMPLETED)
        case "lost" if was.live:
            over(EndReason.CUSTOMER_LOST)
        case "expire" if was.state is _C.WAITING:
            over(EndReason.EXPIRED)


def stories(seed: int, calls: int, span_ms: int) -> list[Story]:
    """Calls of the `span_ms` before noon."""
    dice, made = random.Random(seed), []
    for n in range(calls):
        at = NOON - dice.randrange(1, span_ms)
        story = begin(f"c{n}", dice.choice("xy"), at)
        for _ in range(dice.randrange(8)):
            at += dice.choice((500, 4_999, 5_000, 19_999, 20_000, 30_000, 90_000))
            if at < NOON:
                go_on(story, dice.choice(STEPS), at)
        if not straddles(story):
            made.append(story)
    return made


def straddles(story: Story) -> bool:
    """Answered over an hour ago and again since: it counts again, for what is so long ago is forgotten."""
    ats = [at for at, _, facts in story.steps for f in facts if isinstance(f, CallConnected)]
    return bool(ats) and min(ats) < NOON - HOUR_MS <= max(ats)


# the oracle


@frozen
class Outcome:
    queue: str
    at: int
    bucket: Bucket


def outcomes(story: Story) -> Iterator[Outcome]:
    """What one call counts as, told from its facts one after the other."""
    queue, arrived_at, answered = "", 0, False
    for at, _, facts in story.steps:
        for fact in facts:
            match fact:
                case CallQueued():
                    queue, arrived_at = fact.queue, at
                    yield Outcome(queue, at, Bucket(arrived=1))
                case CallTransferred():
                    queue = fact.queue
                case CallConnected() if not answered:
                    answered = True
                    yield Outcome(queue, at, Bucket(answered=1, in_time=at - arrived_at <= LEVEL_MS))
                case CallEnded() if not answered:
                    gone = fact.reason in (EndReason.ABANDONED, EndReason.CUSTOMER_LOST)
                    short = gone and at - arrived_at < SHORT_MS
                    yield Outcome(queue, at, Bucket(left=1, abandoned=gone, short=short))


def expected(told: list[Story], queue: str, now: int) -> dict[int, Bucket]:
    """The minutes of the queue that are not over for an hour."""
    found: dict[int, Bucket] = {}
    for story in told:
        for outcome in outcomes(story):
            minute = outcome.at // MINUTE_MS * MINUTE_MS
            if outcome.queue == queue and minute + MINUTE_MS > now - HOUR_MS:
                found.setdefault(minute, Bucket()).add(outcome.bucket)
    return found


def whole(buckets: dict[int, Bucket]) -> Bucket:
    total = Bucket()
    for bucket in buckets.values():
        total.add(bucket)
    return total


def agrees(tally: Tally, told: list[Story], now: int) -> None:
    for queue in POLICY.queues:
        minutes = expected(told, queue, now)
        assert tally.hour(queue, now) == whole(minutes)
        shown = {at: bucket for at, (bucket, _) in tally.minutes(queue, 0, now).items()}
        assert {at: b for at, b in minutes.items() if at in shown} == {
            at: b for at, b in shown.items() if b != Bucket()
        }


lives = st.builds(
    stories,
    seed=st.integers(0, 2**32),
    calls=st.integers(1, 12),
    span_ms=st.sampled_from([MINUTE_MS, 10 * MINUTE_MS, HOUR_MS + 5 * MINUTE_MS]),
)
EXAMPLES = settings(max_examples=300, deadline=None)


def journal(told: list[Story]) -> list[Fact]:
    steps = [step for story in told for step in story.steps]
    return [fact for _, _, facts in sorted(steps, key=lambda step: step[0]) for fact in facts]


@EXAMPLES
@given(lives)
def test_records_as_they_happen_give_the_figures(told: list[Story]) -> None:
    tally = Tally(POLICY)
    for at, record, _ in sorted((step for story in told for step in story.steps), key=lambda step: step[0]):
        tally.saw(record, at)
        tally.forget(at)
    tally.forget(NOON)
    agrees(tally, told, NOON)


@EXAMPLES
@given(lives)
def test_facts_alone_give_the_figures(told: list[Story]) -> None:
    tally = Tally(POLICY)
    tally.read(journal(told), NOON)
    agrees(tally, told, NOON)


@EXAMPLES
@given(lives, st.integers(0, 2**32))
def test_records_and_facts_in_any_order_and_repeated_give_the_same_figures(
    told: list[Story], seed: int
) -> None:
    """As when a board opens while its hour is read: of each call any record, before, amid and after."""
    dice, facts = random.Random(seed), journal(told)
    records = [record for story in told for _, record, _ in story.steps]
    tally, at = Tally(POLICY), 0
    while at < len(facts):
        for record in dice.sample(records, dice.randrange(min(len(records), 4) + 1)):
            tally.saw(record, NOON)
        page = dice.randrange(1, 6)
        tally.read(facts[max(0, at - dice.randrange(3)) : at + page], NOON)
        at += page
    for record in dice.sample(records, len(records)):
        tally.saw(record, NOON)
    tally.read(facts, NOON)
    tally.forget(NOON)
    agrees(tally, told, NOON)


@EXAMPLES
@given(lives, st.integers(0, 90))
def test_an_hour_later_it_is_forgotten_minute_by_minute(told: list[Story], minutes: int) -> None:
    tally, now = Tally(POLICY), NOON + minutes * MINUTE_MS
    tally.read(journal(told), NOON)
    tally.forget(now)
    agrees(tally, told, now)
    tally.read(journal(told), now)
    agrees(tally, told, now)
    if minutes > 61:
        assert (tally._counted, whole(dict(tally._queues.get("x", {})))) == ({}, Bucket())


def test_the_stories_are_rich() -> None:
    """Were they too poor, every property above would hold of nothing."""
    told = [story for seed in range(50) for story in stories(seed, 12, HOUR_MS)]
    twice = [s for s in told if sum(isinstance(f, CallConnected) for _, _, fs in s.steps for f in fs) > 1]
    assert len(twice) > 20
    for name in ("answered", "in_time", "abandoned", "short", "left"):
        assert sum(getattr(o.bucket, name) for s in told for o in outcomes(s)) > 20


# by hand


def left(at: int, waited_ms: int, reason: EndReason = EndReason.ABANDONED, **fields: Any) -> Call:
    times = {"enqueued_at": at - waited_ms, "ended_at": at, "since_at": at}
    return a_call(_C.ENDED, end_reason=reason, **({"id": f"c{at}", "queue": "x"} | times | fields))


def test_service_level_leaves_out_who_left_at_once_and_abandonment_does_not() -> None:
    tally = Tally(POLICY)
    for n, waited_ms in enumerate((1_000, LEVEL_MS, LEVEL_MS + 1)):
        at = NOON - 60_000 + n
        tally.saw(left(at, waited_ms, EndReason.COMPLETED, connected_at=at), NOON)
    tally.saw(left(NOON - 50_000, SHORT_MS - 1), NOON)
    tally.saw(left(NOON - 49_000, SHORT_MS), NOON)
    hour = tally.hour("x", NOON)
    assert (hour.answered, hour.in_time, hour.abandoned, hour.short) == (3, 2, 2, 1)
    assert hour.service_level == pytest.approx(2 / 4)
    assert hour.abandonment == pytest.approx(2 / 5)


@pytest.mark.parametrize(
    "reason", [EndReason.EXPIRED, EndReason.CANCELLED, EndReason.CLOSED, EndReason.FAILED]
)
def test_who_was_sent_away_did_not_abandon(reason: EndReason) -> None:
    tally = Tally(POLICY)
    tally.saw(left(NOON - 1, 60_000, reason), NOON)
    hour = tally.hour("x", NOON)
    assert (hour.left, hour.abandoned, hour.service_level, hour.abandonment) == (1, 0, None, None)


def test_how_many_waited_is_reckoned_backwards() -> None:
    tally = Tally(POLICY)
    for minute, count in ((3, 4), (1, 2)):  # four came three minutes ago, two one minute ago
        for n in range(count):
            at = NOON - minute * MINUTE_MS + n
            tally.saw(a_call(id=f"c{at}", queue="x", enqueued_at=at), NOON)
    at = NOON - 2 * MINUTE_MS + 5
    tally.saw(left(at, 60_000), NOON)
    history = tally.minutes("x", 6, NOON)
    assert list(history) == [NOON - n * MINUTE_MS for n in range(59, -1, -1)]
    waited = [waiting for _, waiting in history.values()]
    assert waited[-5:] == [0, 5, 4, 6, 6]


def test_a_queue_that_is_no_more_has_no_service_level_to_keep() -> None:
    tally = Tally(POLICY)
    tally.saw(a_call(_C.CONNECTED, queue="gone", enqueued_at=NOON - 5, connected_at=NOON - 1), NOON)
    assert tally.hour("gone", NOON).answered == 1
    assert tally.hour("gone", NOON).in_time == 0


def test_a_call_that_was_re_created_in_a_new_era_came_when_it_came() -> None:
    """The journal begins with the era: its arrival and its answer were before that."""
    [queued] = begin("c1", "x", NOON - 60_000).steps[0][2]
    assert isinstance(queued, CallQueued)
    again = evolve(queued, at=NOON - 5_000, restored=True)
    talks = CallConnected(at=NOON - 5_000, call="c1", agent="a", waited_ms=10_000, restored=True)
    tally = Tally(POLICY)
    tally.read([again, talks], NOON)
    counts = {at: (b.arrived, b.answered) for at, (b, _) in tally.minutes("x", 0, NOON).items() if b.arrived}
    assert counts == {NOON - 60_000: (1, 1)}
    tally.read([queued], NOON)
    assert tally.hour("x", NOON).arrived == 1


# promises


def told_of(name: str, waited_ms: int | None, estimate: Estimate | None, accuracy: Accuracy) -> None:
    newcomer = a_call(id=name, queue="x", enqueued_at=NOON - HOUR_MS // 2)
    accuracy.told(newcomer, estimate)
    accuracy.saw(newcomer)
    if waited_ms is not None:
        accuracy.saw(evolve(newcomer, state=_C.CONNECTED, connected_at=newcomer.enqueued_at + waited_ms))


def test_a_promise_is_judged_once_by_the_first_answer() -> None:
    accuracy, promise = Accuracy(), Estimate(p50=60_000, p90=100_000)
    assert accuracy.hour("x", NOON) is None
    for name, waited_ms in (("c1", 50_000), ("c2", 100_000), ("c3", 100_001)):
        told_of(name, waited_ms, promise, accuracy)
        told_of(name, waited_ms, None, accuracy)
    told_of("c4", 5_000, None, accuracy)
    assert accuracy.hour("x", NOON) == Judged(3, 40_000, pytest.approx(2 / 3))
    again = a_call(_C.CONNECTED, id="c1", queue="x", enqueued_at=0, connected_at=NOON)
    accuracy.saw(again)
    assert accuracy.hour("x", NOON) == Judged(3, 40_000, pytest.approx(2 / 3))


def test_who_left_cannot_judge_it_and_after_an_hour_it_is_forgotten() -> None:
    accuracy, promise = Accuracy(), Estimate(p50=60_000, p90=100_000)
    told_of("c1", None, promise, accuracy)
    accuracy.saw(left(NOON, 70_000, id="c1"))
    assert accuracy.hour("x", NOON) is None
    told_of("c2", 60_000, promise, accuracy)
    answered_at = NOON - HOUR_MS // 2 + 60_000
    assert accuracy.hour("x", answered_at + HOUR_MS - 1) == Judged(1, 0, 1.0)
    assert accuracy.hour("x", answered_at + HOUR_MS) is None


def test_promises_are_judged_anew_when_one_more_was_kept_or_one_is_an_hour_old(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    judged: list[int] = []

    def counted(offs: Iterable[int]) -> float:
        judged.append(len(found := list(offs)))
        return median(found)

    monkeypatch.setattr(tally_module, "median", counted)
    accuracy, promise = Accuracy(), Estimate(p50=60_000, p90=100_000)
    told_of("c1", 60_000, promise, accuracy)
    told_of("c2", 70_000, promise, accuracy)
    first_at = NOON - HOUR_MS // 2 + 60_000
    for at in range(NOON, NOON + 1_000, 100):
        assert accuracy.hour("x", at) == Judged(2, 5_000, 1.0)
    assert judged == [2]
    told_of("c3", 80_000, promise, accuracy)
    for at in (NOON, first_at + HOUR_MS - 1, first_at + HOUR_MS, first_at + HOUR_MS + 1):
        accuracy.hour("x", at)
    assert judged == [2, 3, 2]


def test_of_calls_that_are_not_heard_of_any_more_no_promise_is_kept() -> None:
    accuracy, promise = Accuracy(), Estimate(p50=60_000, p90=100_000)
    for name in ("c1", "c2"):
        told_of(name, None, promise, accuracy)
    accuracy.keep({"c2"})
    for name in ("c1", "c2"):
        told_of(name, 60_000, None, accuracy)
    assert accuracy.hour("x", NOON) == Judged(1, 0, 1.0)
