"""Somebody sets the clock of the server: pool time goes on as if nothing had been, on every node."""

import pytest
import trio

from engine.store import control
from engine.store.scripts import Script, script

from .people import a_call, put
from .rig import PATIENCE_S, Rig, until

HOUR_MS = 3_600_000
#: Far less than the jump, far more than any machine takes.
NEAR_MS = 300_000


def on_a_clock_set_by(key: str) -> Script:
    """The look at a server whose clock is as many seconds off as `key` says."""
    honest = script("look").text
    shifted = (
        "(function() local t = redis.call('TIME'); "
        f"return {{tostring(t[1] + (redis.call('GET', KEYS[1] .. '{key}') or 0)), t[2]}} end)()"
    )
    assert honest.count("redis.call('TIME')") == 1
    return Script(honest.replace("redis.call('TIME')", shifted))


@pytest.mark.parametrize("by_ms", [HOUR_MS, -HOUR_MS])
async def test_the_leader_continues_pool_time_over_a_jump(
    rig: Rig, by_ms: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = on_a_clock_set_by("set")
    monkeypatch.setattr(control, "script", lambda name: look if name == "look" else script(name))
    leader, follower = await rig.open("leader"), await rig.open("follower")
    before = leader.clock.now()
    rig.client.set(rig.keys.of("set"), by_ms // 1000)

    def skew_ms() -> int:
        return int(rig.client.get(rig.keys.of("skew")) or 0)

    with trio.fail_after(PATIENCE_S):
        while not skew_ms():
            assert (await leader.lead(None, "me")).mine
            await trio.sleep(0.02)
    assert abs(skew_ms() + by_ms) < NEAR_MS
    await until(lambda: follower._skew_ms == leader._skew_ms == skew_ms())
    newcomer = await rig.open("newcomer")
    for store in (leader, follower, newcomer):
        assert 0 <= store.clock.now() - before < NEAR_MS


@pytest.mark.parametrize("skew_ms", [2 * HOUR_MS, -2 * HOUR_MS])
async def test_the_journal_is_read_from_an_instant_of_pool_time(rig: Rig, skew_ms: int) -> None:
    """Its entries bear the server's own time, whatever that is set to."""
    rig.client.set(rig.keys.of("skew"), skew_ms)
    store = await rig.open()
    await store.commit(put(a_call()))
    now = store.clock.now()
    assert len(await store.journal(after=str(now - NEAR_MS))) == 1
    assert await store.journal(after=str(now + NEAR_MS)) == ()
