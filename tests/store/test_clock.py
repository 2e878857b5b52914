"""Pool time: slewed, never backwards, and not fooled by a store's clock that somebody set."""

from typing import Any

import pytest
import trio
import trio.testing
from hypothesis import given
from hypothesis import strategies as st

from engine.store.clock import HOLD_MS, JUMP_MS, SLEW, NodeClock, Prediction, Sample, VirtualClock

from .rig import Rig

START = 1_790_000_000_000


def sample(at_ms: float, pool_ms: float, took_ms: float = 1.0) -> Sample:
    """The store said `pool_ms` just at `at_ms`, in the middle of an exchange that took so long."""
    return Sample(at_ms - took_ms / 2, at_ms + took_ms / 2, pool_ms)


def following(offset_ms: float = START) -> Prediction:
    prediction = Prediction()
    assert prediction.follow(sample(0, offset_ms))
    return prediction


def test_before_the_store_was_seen_there_is_no_time() -> None:
    prediction = Prediction()
    assert not prediction.known
    with pytest.raises(LookupError):
        prediction.at(0)


def test_time_passes_with_the_monotonic_clock() -> None:
    prediction = following()
    assert [prediction.at(ms) for ms in (0, 1, 1000, 86_400_000)] == [
        START + ms for ms in (0, 1, 1000, 86_400_000)
    ]


def test_what_the_exchange_itself_explains_is_no_error() -> None:
    prediction = following()
    assert prediction.off_by_ms(Sample(1000, 6000, START + 1000)) == 0
    assert prediction.off_by_ms(Sample(1000, 6000, START + 6000)) == 0
    assert prediction.off_by_ms(Sample(1000, 6000, START + 6100)) == 100
    assert prediction.off_by_ms(Sample(1000, 6000, START + 900)) == -100


@pytest.mark.parametrize("error_ms", [100, -100])
def test_a_small_error_is_slewed(error_ms: int) -> None:
    prediction = following()
    assert prediction.follow(sample(1000, START + 1000 + error_ms, took_ms=0))
    assert prediction.at(1000) == START + 1000
    after = 1000 + 100 / SLEW
    assert prediction.at(after / 2) == pytest.approx(START + after / 2 + error_ms / 2, abs=4)
    assert prediction.at(after + 1) == pytest.approx(START + after + 1 + error_ms, abs=1)


def test_a_jump_is_held_against_and_a_new_skew_explains_it() -> None:
    prediction = following()
    hour = 3_600_000
    assert not prediction.follow(sample(1000, START + 1000 + hour))
    assert prediction.at(2000) == START + 2000
    assert prediction.follow(sample(3000, START + 3000))
    assert prediction.at(3000) == START + 3000
    assert prediction.follow(sample(4000, START + 4000 + hour), explained=True)
    assert prediction.at(4000) == START + 4000 + hour


def test_who_is_alone_with_his_opinion_gives_in() -> None:
    prediction = following()
    behind = 60_000
    for at_ms in range(1000, 1000 + HOLD_MS, 1000):
        assert not prediction.follow(sample(at_ms, START + at_ms + behind))
        assert prediction.at(at_ms) == START + at_ms
    last = 1000 + HOLD_MS
    assert prediction.follow(sample(last, START + last + behind))
    assert prediction.at(last) == START + last + behind


def test_time_never_runs_backwards_but_stands_until_it_is_caught_up() -> None:
    prediction = following()
    assert prediction.at(10_000) == START + 10_000
    prediction.follow(sample(10_000, START + 5_000), explained=True)
    assert prediction.at(12_000) == START + 10_000
    assert prediction.at(15_000) == START + 10_000
    assert prediction.at(15_001) == START + 10_001


@given(st.lists(st.tuples(st.floats(0, 5000), st.floats(-5000, 5000), st.floats(0, 500), st.booleans())))
def test_whatever_the_store_says_time_never_runs_backwards(
    steps: list[tuple[float, float, float, bool]],
) -> None:
    prediction, at_ms, last = following(), 0.0, 0
    for passed_ms, error_ms, took_ms, explained in steps:
        at_ms += passed_ms
        prediction.follow(sample(at_ms, START + at_ms + error_ms, took_ms), explained=explained)
        now = prediction.at(at_ms)
        assert now >= last
        last = now


async def test_a_sleep_ends_when_it_is_time(autojump_clock: trio.testing.MockClock) -> None:
    clock = NodeClock()
    clock.follow(sample(clock.monotonic_ms(), START))
    await clock.sleep_until(START + 12_345)
    assert START + 12_345 <= clock.now() <= START + 12_346
    await clock.sleep_until(START)


async def test_a_sleep_ends_at_once_when_time_steps_over_it(autojump_clock: trio.testing.MockClock) -> None:
    clock = NodeClock()
    clock.follow(sample(clock.monotonic_ms(), START))
    begun = trio.current_time()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(clock.sleep_until, START + 3_600_000)
        await trio.testing.wait_all_tasks_blocked()
        clock.follow(sample(clock.monotonic_ms(), START + 3_600_001), explained=True)
    assert trio.current_time() == begun


async def test_virtual_time_is_exact(autojump_clock: trio.testing.MockClock) -> None:
    clock = VirtualClock(START)
    assert clock.now() == START
    for at_ms in (1, 3, 333, 86_399_999, 86_400_000, 10 * 86_400_000 + 7):
        await clock.sleep_until(START + at_ms)
        assert clock.now() == START + at_ms


class TestWithAStore:
    async def test_the_leader_continues_pool_time_over_a_jump(self, rig: Rig) -> None:
        """Somebody sets the store's clock: as good as moving the skew under the nodes' feet."""
        a, b = await rig.open("a"), await rig.open("b")
        await a.lead(None, "A")
        before = a.clock.now()
        rig.client.set(rig.keys.of("skew"), 3_600_000)
        a._skew_ms = b._skew_ms = 3_600_000
        with trio.fail_after(30):
            while rig.client.get(rig.keys.of("skew")) == "3600000":
                await a.lead(None, "A")
                await trio.sleep(0.05)
        assert abs(int(rig.client.get(rig.keys.of("skew")))) <= JUMP_MS
        for store in (a, b):
            assert before <= store.clock.now() < before + 600_000
        late: Any = await rig.open("c")
        assert abs(late.clock.now() - a.clock.now()) < 600_000
