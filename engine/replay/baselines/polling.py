"""Polling: the system that was replaced. Pages ask over HTTP and hear nothing that they do not ask for.

    POST   /call         a customer asks for a call    GET /call         how is it? (every 2 s while he waits)
    DELETE /call         he leaves or hangs up
    POST   /agent        an agent logs in              GET /agent/next   my state, and a call if there is one
    POST   /agent/state, /agent/accept, /agent/decline, /agent/hangup

That `GET /agent/next` changes something is what such systems did; who gets the call is `first_poll`. An agent
whose page answers by itself says so (`?answer=1`), so that accepting costs him no further request.

What it honestly lacks: priority, estimates, a place in the queue, any way to tell anybody anything, and a
bound on a queue's length. Where it can be it is kind to itself: connections are kept alive, a token is
verified once and then remembered, a poll that finds nothing only reads, and pages that meet on video or
know when a wrap-up ends do not poll meanwhile (see `page`).
"""

from collections.abc import Callable
from functools import partial
from typing import Any, cast

import anycorn
import orjson
import redis
import trio
from anycorn.typing import Framework
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from engine.actors.ports import Identity
from engine.domain.errors import Code, Refused
from engine.domain.rules import Policy
from engine.gateway.auth import TokenRefused, Verifier
from engine.replay.baselines.first_poll import NAME, FirstPoll
from engine.replay.baselines.ledger import Ledger
from engine.replay.baselines.process import main

KEEP_ALIVE_S, KEEP_ALIVE_REQUESTS = 120.0, 1_000_000

Do = Callable[[Identity, dict[str, Any]], dict[str, Any]]


class Tokens:
    """Who a request is from. A token is verified once, and then remembered."""

    def __init__(self, verify: Verifier) -> None:
        self._verify = verify
        self._known: dict[str, Identity] = {}

    def bearer(self, request: Request) -> Identity:
        """Raises `TokenRefused`."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer":
            raise TokenRefused("missing")
        if token not in self._known:
            self._known[token] = self._verify(token)
        return self._known[token]


def make_app(polling: FirstPoll, verify: Verifier) -> Starlette:
    tokens = Tokens(verify)

    def route(path: str, method: str, role: str, do: Do) -> Route:
        async def endpoint(request: Request) -> Response:
            try:
                who = tokens.bearer(request)
                if who.role != role:
                    return _said(403, {"code": Code.NOT_ALLOWED})
                polling.saw(who)
                said = orjson.loads(await request.body() or b"{}")
                return _said(200, do(who, {**said, **request.query_params}))
            except TokenRefused:
                return _said(401, {"code": Code.NOT_ALLOWED})
            except Refused as refused:
                return _said(409, {"code": refused.code, "message": refused.message})
            except redis.RedisError:
                return _said(503, {"code": Code.UNAVAILABLE})
            except orjson.JSONDecodeError:
                return _said(400, {"code": Code.BAD_FRAME})

        return Route(path, endpoint, methods=[method])

    def without_body(do: Callable[[Identity], dict[str, Any]]) -> Do:
        return lambda who, _: do(who)

    def next_call(who: Identity, said: dict[str, Any]) -> dict[str, Any]:
        return polling.next_call(who, answers=said.get("answer") == "1")

    return Starlette(
        routes=[
            route("/call", "POST", "customer", polling.ask),
            route("/call", "GET", "customer", without_body(polling.status)),
            route("/call", "DELETE", "customer", without_body(polling.leave)),
            route("/agent", "POST", "agent", without_body(polling.log_in)),
            route("/agent/next", "GET", "agent", next_call),
            route("/agent/state", "POST", "agent", polling.set_state),
            route("/agent/accept", "POST", "agent", polling.accept),
            route("/agent/decline", "POST", "agent", polling.decline),
            route("/agent/hangup", "POST", "agent", without_body(polling.hang_up)),
        ]
    )


def _said(status: int, body: dict[str, Any]) -> Response:
    return Response(orjson.dumps(body), status, media_type="application/json")


async def serve(
    ledger: Ledger, policy: Policy, verify: Verifier, told: trio.Event, ready: Callable[[str], None]
) -> None:
    """Serve on a free port until told to drain: requests that are being answered are."""
    polling = FirstPoll(ledger, policy)
    config = anycorn.Config()
    config.bind = ["127.0.0.1:0"]
    config.accesslog = config.errorlog = None
    config.keep_alive_timeout = KEEP_ALIVE_S
    config.keep_alive_max_requests = KEEP_ALIVE_REQUESTS
    config.include_server_header = False
    app, trigger = cast(Framework, make_app(polling, verify)), cast(Any, told.wait)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(polling.floor.keep_time)
        nursery.start_soon(polling.look)
        async with trio.open_nursery() as door:
            [url] = await door.start(partial(anycorn.serve, app, config, shutdown_trigger=trigger))
            ready(url)
        nursery.cancel_scope.cancel()


if __name__ == "__main__":
    main(NAME, serve)
