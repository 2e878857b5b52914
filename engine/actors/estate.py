"""What a dead node leaves behind: the records of its people, and those that move with them, as stored.

It is asked of the store, not of a board: whoever has just begun to lead may not see the pool yet, and half a
call must not be dropped because its other half was not known.
"""

from collections.abc import Iterable, Mapping

import structlog

from engine.actors.ports import Store
from engine.domain.model import Agent, Call, Customer, Record, Ref

log = structlog.get_logger()


async def estate(store: Store, refs: Iterable[Ref]) -> Mapping[Ref, Record]:
    """The records of `refs`, their calls, and these calls' agents. Raises Unavailable."""
    people = await _sound(store, refs)
    calls = await _sound(
        store, {f"call:{p.call}" for p in people.values() if isinstance(p, Agent | Customer) and p.call}
    )
    agents = {f"agent:{c.agent}" for c in calls.values() if isinstance(c, Call) and c.agent}
    return {**people, **calls, **await _sound(store, agents - people.keys())}


async def _sound(store: Store, refs: Iterable[Ref]) -> dict[Ref, Record]:
    """Those that can be read: a damaged one is reported and must not hold up the others."""
    wanted = sorted(refs)
    try:
        return dict(await store.read(wanted)) if wanted else {}
    except ValueError:
        if len(wanted) == 1:
            log.exception("record damaged", ref=wanted[0])
            return {}
    half = len(wanted) // 2
    return {**await _sound(store, wanted[:half]), **await _sound(store, wanted[half:])}
