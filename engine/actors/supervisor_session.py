"""A supervisor's socket: it shows the board and carries out commands.

It holds nothing of the store. Unlike an agent's or a customer's it is no record there: a supervisor may have
several boards at once, and one that is gone leaves nothing behind.
"""

from math import ceil, inf

import structlog
import trio

from engine.actors.answers import RETRY_MS, answering
from engine.actors.board_notices import BoardDelta, BoardSnapshot
from engine.actors.boardroom import Boardroom
from engine.actors.bounds import Bounds
from engine.actors.commands import Commands
from engine.actors.context import Context
from engine.actors.mailbox import Asked, Gone, Heard, Item, Mailbox
from engine.actors.notices import Entered
from engine.actors.notices import Service as ServiceNotice
from engine.actors.ports import Client, CloseCode, Identity
from engine.actors.requests import BoardWatch, Request
from engine.domain.change import Reaped
from engine.domain.errors import Code, Refused
from engine.domain.limits import WATCH_EVERY_S
from engine.domain.model import Ref
from engine.domain.news import Resynced, Service, Signalled

log = structlog.get_logger()


class SupervisorSession:
    """An actor like `SessionActor`, without a record to keep true."""

    def __init__(self, context: Context, identity: Identity, client: Client, boardroom: Boardroom) -> None:
        self.identity = identity
        self.mailbox = Mailbox()
        self.session = context.ids.fresh()
        self._context = context
        self.client = client
        self._boardroom = boardroom
        self._bounds = Bounds(frozenset(identity.queues))
        self._rev = -1
        self._may_watch_s = -inf

    # what the gateway and the directory call

    @property
    def ref(self) -> Ref:
        return f"supervisor:{self.identity.sub}"

    @property
    def holds_call(self) -> bool:
        return False

    def ask(self, ref: str | None, request: Request) -> None:
        self.mailbox.ask(ref, request)

    def renew(self, identity: Identity) -> None:
        """He sees and commands what his newest token says; a board on which that differs is told anew."""
        before, self.identity = self.identity, identity
        if frozenset(identity.queues) != frozenset(before.queues):
            self._bounds = Bounds(frozenset(identity.queues))
            if self in self._boardroom:
                self._boardroom.join(self)

    def gone(self) -> None:
        self.mailbox.gone()

    # what the boardroom calls

    def show(self, board: BoardSnapshot | BoardDelta) -> None:
        """Tell what of it is within bounds, as the next frame after the last one."""
        if isinstance(board, BoardSnapshot):
            self.client.tell(self._bounds.snapshot(board))
        else:
            seen = self._bounds.delta(board, self._rev)
            if seen is None:
                return
            self.client.tell(seen)
        self._rev = board.rev

    # the actor's own life

    async def run(self) -> None:
        """Live until the socket is gone."""
        self.client.tell(Entered(session=self.session, state="watching"))
        if not self._context.store.available:
            self._tell_service(available=False)
        try:
            while not isinstance(item := await self.mailbox.receive(), Gone):
                await self._handle(item)
        except Reaped:
            self.client.close(CloseCode.GOING_AWAY, "node restarts")
        except Exception:  # the supervisor's place: nothing is lost with it, the client comes back
            log.exception("session crashed", who=self.ref)
            self.client.close(CloseCode.GOING_AWAY, "please reconnect")
        finally:
            self._boardroom.leave(self)

    async def _handle(self, item: Item) -> None:
        match item:
            case Asked():
                await self._answer(item)
            case Service(available):
                self._tell_service(available=available)
            case Resynced() | Heard() | Signalled():
                pass  # the node's own news: the boardroom watches the whole pool
            case _:
                raise TypeError(f"a supervisor's session cannot receive {item!r}")

    def _tell_service(self, *, available: bool) -> None:
        self.client.tell(ServiceNotice(available=available, retry_ms=None if available else RETRY_MS))

    async def _answer(self, asked: Asked) -> None:
        watches = False
        with answering(self.client, asked.ref):
            if isinstance(asked.request, BoardWatch):
                watches = self._may_watch()
            else:
                await Commands(self._context, self.identity, self._bounds).carry_out(asked.request)
        if watches:
            self._boardroom.join(self)

    def _may_watch(self) -> bool:
        """Raises Refused: everything is a megabyte for a large bank, and the node's own time to write it."""
        now_s = trio.current_time()
        if (wait_s := self._may_watch_s - now_s) > 0:
            raise Refused(Code.TOO_FAST, "the board was shown just now", retry_ms=ceil(wait_s * 1000))
        self._may_watch_s = now_s + WATCH_EVERY_S
        return True
