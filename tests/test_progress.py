"""What people are told of a row of replays: how far it is, and about how much longer it takes."""

from collections.abc import Sequence
from threading import Event

import pytest
from attrs import define

from engine import progress
from engine.domain.rules import Queue
from engine.progress import Heap, Row, about, counting, following
from engine.replay.comparison import Run
from engine.replay.result import Dispatch
from engine.replay.rows import CallRow
from engine.replay.scenario import Scenario

CALLS = tuple(CallRow(id=f"c{n}", arrive_s=60.0 * n, queue="q", handle_s=60) for n in range(60))
DAY = Scenario(name="day", queues=(Queue(name="q"),), calls=CALLS)  # an hour


@define
class Watch:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


def runs(*titles: str, live: bool) -> Sequence[Run]:
    return [Run(title, DAY, Dispatch.PRIORITY, live) for title in titles]


def test_a_live_day_is_as_long_as_its_last_call() -> None:
    watch = Watch()
    row = Row(runs("day", live=True), 60.0, watch)
    hear = row.begin(row.runs[0])
    watch.now += 10
    hear(9, 60)
    told = "replaying day, live at 60 times the clock: 9 of 60 callers have left; about 50 s more"
    assert row.line() == told


def test_the_days_to_come_are_as_long_as_those_before_them() -> None:
    watch = Watch()
    row = Row(runs("polling", "stream", "priority", live=True), 60.0, watch)
    row.begin(row.runs[0])
    assert row.line().endswith(
        "polling (1 of 3), live at 60 times the clock: 0 of 60 callers have left; about 3 min more"
    )
    watch.now += 80
    row.begin(row.runs[1])
    watch.now += 30
    assert "stream (2 of 3)" in row.line()
    assert row.line().endswith("; about 2 min more")  # 50 s of its own, and 80 s
    watch.now += 70
    assert row.line().endswith("; about 80 s more")  # it is late, the third may not be


def test_how_fast_virtual_time_goes_is_seen() -> None:
    watch = Watch()
    row = Row(runs("a", "b", live=False), 1.0, watch)
    hear = row.begin(row.runs[0])
    watch.now += 10
    assert row.line() == "replaying a (1 of 2): 0 of 60 calls have come"
    hear(30, 60)
    assert row.line() == "replaying a (1 of 2): 30 of 60 calls have come; about 30 s more"


@pytest.mark.parametrize(
    ("seconds", "said"), [(0, "5 s"), (7.6, "10 s"), (92, "90 s"), (118, "2 min"), (3_580, "60 min")]
)
def test_durations_are_said_as_people_say_them(seconds: float, said: str) -> None:
    assert about(seconds) == said


def test_where_there_is_no_terminal_a_long_replay_is_told_of_and_a_short_one_is_not(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with following(runs("day", live=False), 1.0) as begin:
        begin(runs("day", live=False)[0])(1, 60)
    assert capsys.readouterr() == ("", "")
    told = Event()
    line = Row.line

    def seen(row: Row) -> str:
        told.set()
        return line(row)

    monkeypatch.setattr(Row, "line", seen)
    monkeypatch.setattr(progress, "FIRST_S", 0.0)
    with following(runs("day", live=False), 1.0):
        told.wait()
    out, err = capsys.readouterr()
    assert (out, err.splitlines()[0]) == ("", "giliran: the replay begins")


def test_of_replays_beside_one_another_it_is_counted_how_many_are_over() -> None:
    watch = Watch()
    heap = Heap("seeds 2 to 10", 18, watch)
    assert heap.line() == "replaying seeds 2 to 10: 0 of 18 replays are over"
    watch.now += 20
    heap.hear(6)
    assert heap.line() == "replaying seeds 2 to 10: 6 of 18 replays are over; about 40 s more"


def test_whoever_has_no_terminal_is_told_of_them(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "FIRST_S", 0.0)
    said = Event()
    monkeypatch.setattr(Heap, "line", lambda self: said.set() or "so far")
    with counting("seeds 2 to 3", 2) as hear:
        hear(1)
        assert said.wait(10)
    assert "giliran: so far\n" in capsys.readouterr().err
