"""The demo's first page, and the people one can be there, each already signed in.

The page asks for its tokens, so that they are as fresh as the page. They come in an answer that nothing may
keep, stand in the fragments of its links, which browsers send to nobody, and go on in hello frames alone.
"""

from collections.abc import Sequence
from secrets import token_hex
from typing import Any

from attrs import field, frozen
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from engine.demo import scene
from engine.demo.tokens import minter
from engine.gateway.messages import Role
from engine.web.pages import STATIC, Shelf, answered

INDEX = "demo/index.html"


@frozen
class Guest:
    """Somebody the visitor can be, on the page of that name."""

    page: str
    role: Role
    id: str
    claims: dict[str, Any] = field(factory=dict)

    @property
    def name(self) -> str:
        return self.id.capitalize()


GUESTS = (
    Guest("customer", Role.CUSTOMER, scene.CUSTOMER),
    *(Guest("agent", Role.AGENT, desk.id, {"queues": list(desk.queues)}) for desk in scene.DESKS),
    Guest("board", Role.SUPERVISOR, "supervisor"),
)


def demo_routes(secret: bytes) -> Sequence[BaseRoute]:
    """The page, in the place of the usual first one, and what it asks for."""
    shelf = Shelf(STATIC)
    minters = [
        (guest, minter(secret, guest.role, guest.id, name=guest.name, **guest.claims)) for guest in GUESTS
    ]

    async def page(request: Request) -> Response:
        return answered(request, await shelf.get(INDEX))

    async def people(_request: Request) -> Response:
        guests = [
            {"page": guest.page, "id": guest.id, "name": guest.name, "token": token()}
            for guest, token in minters
        ]
        # each page watches as a supervisor of its own: a person may have but a few connections
        watch = minter(secret, Role.SUPERVISOR, f"visitor-{token_hex(8)}")()
        return JSONResponse({"guests": guests, "watch": watch}, headers={"Cache-Control": "no-store"})

    return [Route("/", page), Route("/demo.json", people)]
