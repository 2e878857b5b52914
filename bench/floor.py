"""The floor, measures of what the engine stands on: an echo, a commit, a script, a bare session.

Latencies are taken one at a time with a rest before each, here as for the engine: what was just busy answers
two or three times as fast as what was waited for, and a pool with one caller is mostly waiting.
"""

import secrets
import time
from collections.abc import Awaitable, Callable
from statistics import median

import redis
import trio

from bench.figures import percentile
from bench.link import Link
from bench.people import call_request
from bench.servers import Server
from engine.domain.change import Change
from engine.store.keys import Keys
from engine.store.operation import operation
from engine.store.redis_store import RedisStore
from engine.store.scripts import script

Open = Callable[[int], Awaitable[Link]]

#: The rest before each latency, long enough for the engine to clean up after the call before.
REST_S = 0.03
#: Messages that each session has on its way at once: half of what the engine lets wait for one client.
WINDOW = 32
POOL = "bench"


async def echo_ms(server: Server, count: int) -> list[float]:
    """Round trips of a message of a request's size."""
    link = await Link.open(server.url)
    text = call_request(0)
    found = []
    for _ in range(count):
        await trio.sleep(REST_S)
        began_s = time.perf_counter()
        await link.send(text)
        await link.receive()
        found.append((time.perf_counter() - began_s) * 1000)
    await link.aclose()
    return found


async def commit_ms(url: str, count: int) -> tuple[list[float], list[float]]:
    """Empty commits: through the store, and as the same script's bare call by redis-py."""
    boot = secrets.token_hex(4)
    store = RedisStore(url, pool=POOL, boot=boot)
    async with trio.open_nursery() as nursery:
        await nursery.start(store.run)
        committed = []
        for _ in range(count):
            await trio.sleep(REST_S)
            began_s = time.perf_counter()
            await store.commit(Change())
            committed.append((time.perf_counter() - began_s) * 1000)
        called = await trio.to_thread.run_sync(_evalsha_ms, url, store, boot, count)
        nursery.cancel_scope.cancel()
    return committed, called


def _evalsha_ms(url: str, store: RedisStore, boot: str, count: int) -> list[float]:
    prefix, sha = Keys(POOL).prefix, script("commit").sha
    found = []
    with redis.Redis.from_url(url, protocol=2, decode_responses=True) as client:
        for n in range(count):
            # numbers far above those that the store gave, so that none was done before
            args = operation(Change(), n=10**9 + n, boot=boot, node=store.node, era=store.era).args
            time.sleep(REST_S)
            began_s = time.perf_counter()
            answer = client.evalsha(sha, 1, prefix, *args)
            found.append((time.perf_counter() - began_s) * 1000)
            assert answer[0] == "ok", answer
    return found


async def frames_per_s(opened: Open, text: bytes, *, sessions: int, windows: int) -> float:
    """Frames answered per second, over many sessions that each keep `WINDOW` on their way."""
    links = [await opened(n) for n in range(sessions)]

    async def exchange(link: Link) -> None:
        for _ in range(windows):
            await link.send(*[text] * WINDOW)
            for _ in range(WINDOW):
                await link.receive()

    began_s = time.perf_counter()
    async with trio.open_nursery() as nursery:
        for link in links:
            nursery.start_soon(exchange, link)
    took_s = time.perf_counter() - began_s
    for link in links:
        await link.aclose()
    return sessions * windows * WINDOW / took_s


async def memory_kb(server: Server, opened: Open, sessions: int) -> float:
    """What one more idle session costs, from the difference over so many, after some that warm it up."""
    links = [await opened(n) for n in range(sessions // 5)]
    await trio.sleep(SETTLE_S)
    before_kb = server.rss_kb()
    links += [await opened(len(links) + n) for n in range(sessions)]
    await trio.sleep(SETTLE_S)
    found = (server.rss_kb() - before_kb) / sessions
    for link in links:
        await link.aclose()
    return found


#: What sessions still do after they were opened.
SETTLE_S = 0.5


def p50_p99(found: list[float]) -> tuple[float, float]:
    return median(found), percentile(found, 0.99)
