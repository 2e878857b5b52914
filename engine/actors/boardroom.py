"""Where supervisors watch: one scene per node, alive while somebody looks, told to all at most so often.

It watches the whole pool like the matchmaker and changes nothing. What was in the hour before it began to
look it reads in the journal; until that is read, figures of the last hour are those of less. It outlives its
last watcher for a while, because pages are reloaded.
"""

from typing import Protocol

import structlog
import trio

from engine.actors.board_notices import BoardDelta, BoardSnapshot
from engine.actors.context import Context
from engine.actors.inbox import Inbox
from engine.actors.scene import Scene
from engine.domain.change import Reaped, Unavailable
from engine.domain.tally import HOUR_MS, MINUTE_MS

log = structlog.get_logger()

#: Changes are told together, this often at most; and time itself changes figures this often.
EVERY_S, TICK_S = 0.1, 1.0
#: How long the scene is kept when nobody looks.
LINGER_S = 60.0
#: How soon a store that is away is asked again.
RETRY_S = 1.0
#: How far back the journal is read: who was answered within the hour may have come before it.
READ_MS = HOUR_MS + 15 * MINUTE_MS
#: How much of it is read: beyond that the figures begin later.
PAGE, PAGES = 1_000, 500


class Watcher(Protocol):
    """Whoever looks. Must not block."""

    def show(self, board: BoardSnapshot | BoardDelta) -> None: ...


class Boardroom:
    """Its task lives in `nursery`."""

    def __init__(self, context: Context, nursery: trio.Nursery) -> None:
        self._context = context
        self._nursery = nursery
        self._watchers: dict[Watcher, None] = {}
        self._scene: Scene | None = None
        self._open = False

    def join(self, watcher: Watcher) -> None:
        """Show it everything now, or as soon as that is known, and from then on what changes."""
        if self._scene is not None:
            now = self._context.clock.now()
            self._tell(self._scene, now)  # what the others have not seen yet, the newcomer sees at once
            watcher.show(self._scene.snapshot(now))
        self._watchers[watcher] = None
        if not self._open:
            self._open = True
            self._nursery.start_soon(self._keep)

    def __contains__(self, watcher: Watcher) -> bool:
        return watcher in self._watchers

    def leave(self, watcher: Watcher) -> None:
        self._watchers.pop(watcher, None)

    async def _keep(self) -> None:
        """Watch until nobody has looked for a while; whatever goes wrong begins anew."""
        try:
            while self._watchers:
                try:
                    await self._watch()
                except* (Unavailable, Reaped) as gone:
                    log.info("the board cannot be watched", why=repr(gone))
                except* Exception:  # the supervisor's place: boards are blind for a moment, calls go on
                    log.exception("the board failed")
                self._scene = None
                if self._watchers:
                    await trio.sleep(RETRY_S)
        finally:
            self._scene, self._open = None, False

    async def _watch(self) -> None:
        inbox, scene = Inbox(), Scene(self._context.policy)
        with self._context.rules.told(inbox.ring):
            async with self._context.store.watch(inbox), trio.open_nursery() as nursery:
                nursery.start_soon(self._remember, scene)
                await self._show(inbox, scene)
                nursery.cancel_scope.cancel()

    async def _show(self, inbox: Inbox, scene: Scene) -> None:
        """Tell what is new, until nobody has looked for a while."""
        looked_s = trio.current_time()
        while trio.current_time() - looked_s < LINGER_S:
            if self._watchers:
                looked_s = trio.current_time()
            self._take(inbox, scene)
            await trio.sleep(EVERY_S)
            with trio.move_on_after(TICK_S - EVERY_S):
                await inbox.wake.wait()

    def _take(self, inbox: Inbox, scene: Scene) -> None:
        rev = inbox.rev
        resynced, records = inbox.take()
        now = self._context.clock.now()
        anew = resynced is not None or scene.policy is not self._context.policy
        if anew:
            held = scene.board.everything() if resynced is None else resynced.records.values()
            scene.begin_anew(self._context.policy, held, now)
        scene.put(records, now)
        scene.rev = rev
        if anew:
            self._scene = scene
            self._tell_everything(scene, now)
        else:
            self._tell(scene, now)

    def _tell(self, scene: Scene, now: int) -> None:
        scene.tally.forget(now)
        delta = scene.delta(now)
        if delta is not None:
            for watcher in tuple(self._watchers):
                watcher.show(delta)

    def _tell_everything(self, scene: Scene, now: int) -> None:
        """Where more has changed than a delta tells."""
        scene.delta(now)
        snapshot = scene.snapshot(now)
        for watcher in tuple(self._watchers):
            watcher.show(snapshot)

    async def _remember(self, scene: Scene) -> None:
        """Read what the journal tells of the last hour, and then show it."""
        store, clock = self._context.store, self._context.clock
        after = str(clock.now() - READ_MS)
        try:
            for _ in range(PAGES):
                entries = await store.journal(after, PAGE)
                for entry in entries:
                    scene.tally.read(entry.facts, clock.now())
                if len(entries) < PAGE:
                    break
                after = entries[-1].id
            else:
                log.warning("more happened in the last hour than the board reads", entries=PAGE * PAGES)
        except Unavailable:
            log.info("the last hour cannot be read: the store is away")
        if self._scene is scene:
            self._tell_everything(scene, clock.now())
