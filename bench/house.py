"""The measures of the engine: request to offer, idle and under half its load, and the load it can take."""

import time
from random import Random

import trio

from bench.floor import REST_S
from bench.link import Link
from bench.people import Crowd, Customer, enter
from bench.servers import Server

#: Enough that the engine is never without work, few enough that nobody runs into the bounds on haste.
AGENTS, CUSTOMERS = 100, 100
#: How many customers one agent serves, and how often each, before others come: nobody is in haste.
TURNS, CALLS_EACH = 5, 4
PING = b'{"type":"ping"}'


async def idle_offer_ms(server: Server, count: int) -> list[float]:
    """From a customer's request to the offer in the agent's hands: one call, one agent, nothing else."""
    found: list[float] = []
    while len(found) < count:
        crowd = Crowd(server, f"idle{len(found)}")
        async with trio.open_nursery() as nursery:
            await crowd.gather(nursery, agents=1, customers=TURNS)
            for customer in crowd.customers:
                for _ in range(CALLS_EACH):
                    await trio.sleep(REST_S)
                    await crowd.call(customer)
            nursery.cancel_scope.cancel()
        await crowd.leave()
        found += crowd.offer_ms
    return found[:count]


async def load(server: Server, *, warm_s: float, for_s: float, seed: int) -> tuple[float, list[float]]:
    """Completed calls a second when everybody calls all the time; then, at half of that, request to offer."""
    crowd = Crowd(server, "load")
    async with trio.open_nursery() as nursery:
        await crowd.gather(nursery, agents=AGENTS, customers=CUSTOMERS)
        calls_per_s = await _saturated(crowd, warm_s, for_s)
        crowd.offer_ms.clear()
        await _paced(crowd, calls_per_s / 2, for_s, Random(seed))
        nursery.cancel_scope.cancel()
    await crowd.leave()
    return calls_per_s, crowd.offer_ms


async def _saturated(crowd: Crowd, warm_s: float, for_s: float) -> float:
    over = False

    async def again_and_again(customer: Customer) -> None:
        while not over:
            await crowd.call(customer)

    async with trio.open_nursery() as nursery:
        for customer in crowd.customers:
            nursery.start_soon(again_and_again, customer)
        await trio.sleep(warm_s)
        began, began_s = crowd.calls, time.perf_counter()
        await trio.sleep(for_s)
        found = (crowd.calls - began) / (time.perf_counter() - began_s)
        over = True
    return found


async def _paced(crowd: Crowd, calls_per_s: float, for_s: float, random: Random) -> None:
    """Calls that come by chance, at this rate on average, whatever became of those before."""
    free = list(crowd.customers)

    async def call(customer: Customer) -> None:
        await crowd.call(customer)
        free.append(customer)

    next_s = trio.current_time()
    end_s = next_s + for_s
    async with trio.open_nursery() as nursery:
        while next_s < end_s:
            await trio.sleep_until(next_s)
            if free:
                nursery.start_soon(call, free.pop(0))
            next_s += random.expovariate(calls_per_s)


async def agent(server: Server, n: int) -> Link:
    return await enter(server, "agent", f"idle-a{n}")


async def customer(server: Server, n: int) -> Link:
    return await enter(server, "customer", f"idle-c{n}")
