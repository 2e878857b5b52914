"""What makes a session an agent's or a customer's: the protocol that both roles satisfy."""

from collections.abc import Sequence
from typing import Protocol

from engine.actors.notices import Notice
from engine.actors.ports import Identity
from engine.actors.requests import Request
from engine.actors.view import View
from engine.domain.change import Change
from engine.domain.model import Ref
from engine.domain.news import Signalled


class Role(Protocol):
    """The deciding methods are pure: what is to be done follows from the view and the instant."""

    @property
    def ref(self) -> Ref:
        """The person's record."""
        ...

    def refs(self, view: View) -> tuple[Ref, ...]:
        """The records the view must hold, as far as the view shows which; `ref` first."""
        ...

    def entered(self, view: View) -> str:
        """The state word of the welcome frame."""
        ...

    def holds_call(self, view: View) -> bool: ...

    def enter(self, view: View, session: str, now: int) -> Change: ...

    def decide(self, request: Request, view: View, now: int) -> Change:
        """Raises Refused."""
        ...

    def drop(self, view: View, now: int) -> Change: ...

    def restore(self, held: View, view: View, session: str, now: int) -> Change:
        """In a new era: what `view` lacks of the records that were held, as they were."""
        ...

    def bereft(self, view: View) -> bool:
        """Whether, of the records held, a call is the other side's to re-create."""
        ...

    def reclaim(self, view: View) -> bool:
        """Whether the records have not noticed that this socket is here, so that it must enter again."""
        ...

    async def tell(self, before: View, after: View) -> list[Notice]:
        """What the client is to be told of the way from one view to the other. Raises Unavailable."""
        ...

    async def attend(self, request: Request, view: View) -> Sequence[Notice] | None:
        """Do what a request asks that changes nothing; what it is answered beside `Ok`.

        None if it is to be decided: then `view` holds what that takes. Raises Refused, Unavailable.
        """
        ...

    def heard(self, signal: Signalled, view: View) -> list[Notice]:
        """What an ephemeral message tells the client."""
        ...

    def renew(self, identity: Identity) -> None: ...
