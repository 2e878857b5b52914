"""A dispatcher as a textbook writes it: one heap of events, one of waiting calls, a number of free agents.

It is the smallest thing that serves a house by its rule, written without a look at the engine, and quick
enough to serve a million calls in seconds. The engine must serve the same calls at the same milliseconds.
"""

import heapq
from collections.abc import Sequence

from engine.replay.rows import CallRow

from .houses import House

WORK, ARRIVE, HANG_UP = range(3)  #: what comes first among events of one instant


def waits_ms(house: House, calls: Sequence[CallRow]) -> list[tuple[int, bool]]:
    """Of each call: how long it waited, and whether it was served then (else it was given up)."""
    arrived = [round(call.arrive_s * 1000) for call in calls]
    events = [(at, ARRIVE, n) for n, at in enumerate(arrived)]
    waiting: list[tuple[int, int, int]] = []
    over: dict[int, tuple[int, bool]] = {}
    free = house.agents
    while events:
        now, what, n = heapq.heappop(events)
        call = calls[n]
        if what == ARRIVE:
            due = now - house.head_start_ms(call.tier)
            heapq.heappush(waiting, (-house.bands.get(call.tier, 0), due, n))
            if call.patience_s is not None:
                heapq.heappush(events, (now + round(call.patience_s * 1000), HANG_UP, n))
        elif what == WORK:
            free += 1
        elif n not in over:
            over[n] = (now - arrived[n], False)
        while free and waiting:
            n = heapq.heappop(waiting)[2]
            if n not in over:
                free -= 1
                over[n] = (now - arrived[n], True)
                heapq.heappush(events, (now + round(calls[n].handle_s * 1000), WORK, n))
    return [over[n] for n in range(len(calls))]
