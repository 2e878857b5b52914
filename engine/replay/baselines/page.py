"""A simulated person's page as the polling system had it: it asks over HTTP, again and again.

The people are those of every replay; a page puts into words of the engine what an answer says, and into
requests what its person does. A customer's page asks every 2 s while he waits. Each agent's asks at an
interval of its own between 1 and 5 s, drawn by seed, and every single time a little sooner or later. Both are
business durations and so divided by `speed`; how long a request takes is not.

In a call the pages meet on video, whose end each of them sees at once (`Rooms`): they need not ask meanwhile,
and do so rarely, for what the video cannot tell. An agent's page knows when his wrap-up ends and lets the
polls before that out. A request that was not answered is made again, which is safe. A page without network
(`drop`) makes none.
"""

from abc import abstractmethod
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from math import ceil
from random import Random
from typing import Any

import trio
from attrs import asdict, define, field

from engine.actors import notices as told
from engine.actors.requests import CallCancel, CallHangup, CallRequest, OfferAccept, OfferDecline, StateSet
from engine.domain.errors import Code
from engine.domain.lifecycle import AgentState, CallState, EndReason, Party, RequeueReason
from engine.domain.matching import Why
from engine.gateway.messages import ClientMessage, ServerMessage, Welcome
from engine.replay.baselines.http_line import HttpLine
from engine.replay.connection import AWAY
from engine.replay.life import Life, Person
from engine.replay.people import Deeds

#: How often a waiting customer's page asks, an agent's at least and at most, and either in a call.
CUSTOMER_S, AGENT_LEAST_S, AGENT_MOST_S, IN_CALL_S = 2.0, 1.0, 5.0, 15.0
#: A page asks at least this often, in real time: or it would be taken for gone (`first_poll.UNSEEN_MS`).
ALIVE_S = 15.0
#: By how much a single wait is longer or shorter than its interval.
JITTER = 0.1
#: How long the server is left alone that did not answer; in real time.
AGAIN_S = 0.5


class ServerFault(Exception):
    """An answer that only a bug of the server's brings about."""


@define
class Rooms:
    """Where pages meet on video: when one of the two leaves, the other sees it."""

    _left: dict[str, trio.Event] = field(factory=dict)

    def of(self, call_id: str) -> trio.Event:
        return self._left.setdefault(call_id, trio.Event())


@define(eq=False, kw_only=True)
class Page(Life):
    """`every_s`: the interval of its polls, in the scenario's time. `saw` hears all before the person."""

    line: HttpLine
    person: Person
    random: Random
    rooms: Rooms
    every_s: float
    speed: float = 1.0
    saw: Callable[[ServerMessage], None] = lambda _: None
    closes: Counter[int] = field(factory=Counter)
    timers: int = 0
    over: bool = False
    #: it was without network
    broke: bool = False
    _away_until: float = 0.0
    _nursery: trio.Nursery | None = None
    _asking: trio.Lock = field(factory=trio.Lock)
    #: what the server last said of him
    _known: dict[str, Any] = field(factory=dict)

    @property
    def connects(self) -> int:
        return self.line.connects

    async def run(self, begins_at: float = 0.0, *, first: Deeds = ()) -> None:
        """Live until the person leaves. The page is open before `begins_at` and asks nothing until then."""
        async with self.line, trio.open_nursery() as nursery:
            self._nursery = nursery
            with suppress(*AWAY):
                await self.line.open()
            await trio.sleep_until(begins_at)
            self.do(first)
            await self._enter()
            while not self.over:
                await self._pause()
                await self._poll()
            nursery.cancel_scope.cancel()

    def leave(self) -> None:
        """The loop ends by itself; but it may sleep."""
        assert self._nursery is not None
        self._nursery.cancel_scope.cancel()

    def drop(self, away_ms: int) -> None:
        """There is no network for so long."""
        self.broke = True
        self._away_until = trio.current_time() + away_ms / 1000 / self.speed

    @abstractmethod
    async def _enter(self) -> None:
        """Begin: say who he is."""

    @abstractmethod
    async def _poll(self) -> None:
        """Ask once, and hear what has changed."""

    @abstractmethod
    def _learn(self, said: dict[str, Any]) -> None:
        """Tell the person what an answer says."""

    async def _pause(self) -> None:
        """Until the next poll."""
        if self._known.get("state") in (CallState.CONNECTED, AgentState.ON_CALL):
            room = self.rooms.of(self._known["call_id"])
            if not room.is_set():
                with trio.move_on_after(min(ALIVE_S, IN_CALL_S / self.speed)):
                    await room.wait()
                return
        every_s = self.every_s / self.speed
        ticks = max(1, ceil((self._known.get("left_ms") or 0) / 1000 / every_s))
        jitter = self.random.uniform(1 - JITTER, 1 + JITTER)
        await trio.sleep(min(ALIVE_S, ticks * every_s * jitter))

    def _soon(self, method: str, path: str, body: dict[str, Any] | None = None) -> None:
        assert self._nursery is not None
        self._nursery.start_soon(self._request, method, path, body)

    async def _request(self, method: str, path: str, body: dict[str, Any] | None = None) -> None:
        """Ask until there is an answer, and learn from it."""
        async with self._asking:
            while True:
                await trio.sleep_until(self._away_until)
                try:
                    status, said = await self.line.ask(method, path, body)
                except AWAY:
                    status, said = 0, {}
                if status not in (0, 503):
                    break
                await trio.sleep(self.random.uniform(0, 2 * AGAIN_S))
        if status == 200:
            self._learn(said)
        elif status >= 500:
            raise ServerFault(f"{method} {path}: {status}")
        else:
            self._refused(path, Code(said["code"]))

    def _refused(self, path: str, code: Code) -> None:
        self._tell(told.Error(ref=None, code=code, message=path))

    def _tell(self, message: ServerMessage) -> None:
        self.saw(message)
        self.do(self.person.heard(message))


@define(eq=False, kw_only=True)
class CustomerPage(Page):
    every_s: float = CUSTOMER_S

    async def _enter(self) -> None:
        self._tell(Welcome(protocol=1, session="", node="", server_time=0, state="idle", config={}))

    async def _poll(self) -> None:
        if self._known:
            await self._request("GET", "/call")

    def ask(self, message: ClientMessage) -> None:
        match message:
            case CallRequest():
                self._soon("POST", "/call", asdict(message, filter=lambda _, value: value is not None))
            case CallCancel() | CallHangup():
                self._soon("DELETE", "/call")
            case _:
                raise TypeError(f"a customer's page cannot ask {message!r}")

    def _learn(self, said: dict[str, Any]) -> None:
        was, self._known = self._known.get("state"), said
        if said["state"] == was:
            return
        call_id = said["call_id"]
        match said["state"]:
            case CallState.WAITING if was is None:
                self._queued(said)
            case CallState.WAITING if was == CallState.CONNECTED:
                self._tell(told.CallRequeued(reason=RequeueReason.AGENT_LOST, position=0, ewt_ms=None))
            case CallState.OFFERED:
                self._tell(told.CallOffered())
            case CallState.CONNECTED:
                agent = told.Person(id=said["agent"], name="")
                video = told.Video(provider="none", room=call_id, role="answerer", ice_servers=[])
                self._tell(
                    told.CustomerConnected(
                        call_id=call_id, connected_at=said["since_at"], agent=agent, video=video
                    )
                )
            case CallState.ENDED:
                self.rooms.of(call_id).set()
                end, by = EndReason(said["reason"]), Party(said["by"])
                self._tell(told.CallEnded(call_id=call_id, reason=end, by=by))

    def _queued(self, said: dict[str, Any]) -> None:
        self._tell(
            told.CallQueued(
                call_id=said["call_id"], queue=said["queue"], position=0, ewt_ms=None, resume_token=""
            )
        )


@define(eq=False, kw_only=True)
class AgentPage(Page):
    """`answers`: it accepts by itself whatever it gets, so that polling is all it takes."""

    answers: bool
    _offer: str = ""

    async def _enter(self) -> None:
        await self._request("POST", "/agent")

    async def _poll(self) -> None:
        await self._request("GET", f"/agent/next?answer={int(self.answers)}")

    def ask(self, message: ClientMessage) -> None:
        match message:
            case StateSet():
                self._soon("POST", "/agent/state", {"state": message.state, "reason": message.reason})
            case OfferAccept(offer_id=offer_id):
                if not self.answers:
                    self._soon("POST", "/agent/accept", {"offer_id": offer_id})
            case OfferDecline(offer_id=offer_id):
                self._soon("POST", "/agent/decline", {"offer_id": offer_id})
            case CallHangup():
                self._soon("POST", "/agent/hangup")
            case _:
                raise TypeError(f"an agent's page cannot ask {message!r}")

    def _refused(self, path: str, code: Code) -> None:
        """Who was taken for gone logs in again."""
        if code is Code.WRONG_STATE and path.startswith("/agent/next"):
            self._soon("POST", "/agent")
        else:
            super()._refused(path, code)

    def _learn(self, said: dict[str, Any]) -> None:
        was, self._known = self._known, said
        if was.get("state") == AgentState.ON_CALL != said["state"]:
            self.rooms.of(was["call_id"]).set()
        shown = ("state", "reason", "since_at", "next_state")
        if [was.get(key) for key in shown] != [said[key] for key in shown]:
            self._tell(_state(said))
        if said["state"] == AgentState.OFFERED and said["offer_id"] != self._offer:
            self._offer = said["offer_id"]
            self._tell(_offer(said))


def _state(said: dict[str, Any]) -> told.AgentStateNow:
    wish = said["next_state"]
    return told.AgentStateNow(
        state=AgentState(said["state"]),
        reason=said["reason"],
        since_at=said["since_at"],
        next_state=None if wish is None else AgentState(wish),
        deadline_at=None,
        call_id=said["call_id"],
    )


def _offer(said: dict[str, Any]) -> told.Offer:
    customer = told.Person(id="", name="")
    call = told.OfferedCall(
        call_id=said["call_id"], queue="", tier="", customer=customer, skills={}, attributes={}, waited_ms=0
    )
    why: Why = {"enqueued_at": 0, "due_at": 0, "band": 0, "terms": {}, "rules": ""}
    return told.Offer(offer_id=said["offer_id"], call=call, deadline_at=0, why=why)
