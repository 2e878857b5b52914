"""Records that name this node and a session that nobody has here: their links are recorded as lost.

An actor records the loss of its own link, so this should find nothing. Should an actor ever end without it,
no other node would, because this one lives: the person would look alive for ever.
"""

from collections.abc import Iterable

import structlog
import trio
from attrs import frozen

from engine.actors.context import Context
from engine.domain.change import Conflict, Guard, Reaped, Unavailable
from engine.domain.model import Customer, Person, Record, Ref
from engine.domain.moves.time import lost, partner_ref

log = structlog.get_logger()


@frozen
class Orphans:
    """Who is dropped for want of a session. `nursery` holds the tasks that do it."""

    context: Context
    nursery: trio.Nursery

    def look(self, records: Iterable[Record], sessions: frozenset[str]) -> None:
        """Drop those of `records` that this node holds for none of the `sessions` that live here."""
        for record in records:
            if not isinstance(record, Person) or record.node != self.context.store.node:
                continue
            if record.session not in sessions:
                self.nursery.start_soon(self._drop, record.ref, record.session)

    async def _drop(self, ref: Ref, session: str) -> None:
        """As if that socket had been dropped; left to the next resync if the store goes away again."""
        log.warning("session without an actor", who=ref)
        try:
            while not await self._dropped(ref, session):
                continue
        except (Unavailable, Reaped) as gone:
            log.info("not dropped", who=ref, why=repr(gone))
        except Exception:  # the supervisor's place: one record takes nobody along
            log.exception("not dropped", who=ref)

    async def _dropped(self, ref: Ref, session: str) -> bool:
        """Whether there is nothing left to do."""
        found = await self._read(ref)
        record = found.get(ref)
        if not isinstance(record, Person) or record.session != session:
            return True
        change = lost(record, found.get, self.context.policy, self.context.clock.now())
        assert change is not None
        try:
            await self.context.store.commit(change.guarded(Guard(ref, "session", session)))
        except Conflict:
            return False
        return True

    async def _read(self, ref: Ref) -> dict[Ref, Record]:
        """The person, his call, and its agent."""
        found: dict[Ref, Record] = {}
        wanted: Ref | None = ref
        while wanted is not None and wanted not in found:
            found.update(await self.context.store.read((wanted,)))
            record = found.get(wanted)
            wanted = None
            if isinstance(record, Customer) and record.call:
                wanted = f"call:{record.call}"
            elif record is not None:
                wanted = partner_ref(record)
        return found
