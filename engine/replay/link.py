"""A person on a real WebSocket: what the reference client does, so that people need only decide.

It says hello, hands every frame to the person, and sends what he does. Whatever he asked that was not
answered is asked again after a reconnect, which is safe: requests are answered once. A lost link comes back
after a random wait within a bound that doubles (full jitter: M. Brooker, "Exponential Backoff and Jitter",
2015), with the newest resume token, and not after 4001, when another session of the same person has taken
over. A silent link is asked whether it lives. Whoever has several nodes' addresses goes from one to the next.

A link may be broken on purpose (`drop`), and a client may stop reading for a while (`stall`): then nothing is
taken from the socket, the pings of the library among it, and the client notices nothing until he reads on.

The waits of the protocol are not divided by `speed`, as what the person himself does is.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from random import Random

import trio
from attrs import define, field
from trio_websocket import ConnectionClosed, WebSocketConnection

from engine.actors.notices import CallPosition, CallQueued, Error, Ok
from engine.actors.ports import CloseCode
from engine.domain.errors import Code
from engine.gateway.codec import encode
from engine.gateway.messages import ClientMessage, Hello, Ping, ServerMessage, Welcome
from engine.replay.connection import AWAY, Tap, connected
from engine.replay.cost import Traffic
from engine.replay.frames import Reader
from engine.replay.life import Life, Person
from engine.replay.people import Deeds

#: A link that said nothing for so long is asked, and given up if it does not answer.
SILENCE_S, ANSWER_S = 25.0, 5.0
#: The bound of the first wait before a reconnect, of the last, and of any at whatever speed.
BACKOFF_S, BACKOFF_MOST_S, BACKOFF_LEAST_S = 0.5, 15.0, 0.05


def _nobody(_: ServerMessage) -> None:
    pass


@define(eq=False)
class Link(Life):
    """A person's link to the nodes at `urls`, the one at `node` first. `token` mints what his hello shows;
    `saw` hears every frame before him."""

    urls: Sequence[str]
    person: Person
    read: Reader
    token: Callable[[], str]
    random: Random
    speed: float = 1.0
    saw: Callable[[ServerMessage], None] = _nobody
    traffic: Traffic = field(factory=Traffic)
    node: int = 0
    #: how often it was connected, and how connections ended: the close code, 0 if there was none
    connects: int = 0
    closes: Counter[int] = field(factory=Counter)
    timers: int = 0
    over: bool = False
    #: his own link broke, or he did not read
    broke: bool = False
    _away_until: float = 0.0
    _tap: Tap = field(factory=Tap)
    _nursery: trio.Nursery | None = None
    _outbox: trio.MemorySendChannel[bytes] | None = None
    _listening: trio.CancelScope = field(factory=trio.CancelScope)
    _welcome: bool = False
    _resume: str | None = None
    _asked: int = 0
    _unanswered: dict[str, ClientMessage] = field(factory=dict)
    _failures: int = 0

    async def run(self, begins_at: float = 0.0, *, first: Deeds = ()) -> None:
        """Live until the person leaves or is replaced.

        He listens, and does `first`, from `begins_at` (trio's time) on; the link is up before that if it can.
        """
        async with trio.open_nursery() as nursery:
            self._nursery = nursery
            nursery.start_soon(self._begin, begins_at, first)
            while not self.over:
                code = await self._connection(begins_at)
                self.closes[code] += 1
                if code == CloseCode.REPLACED:
                    self.over = True
                if not self.over:
                    await self._pause()
            nursery.cancel_scope.cancel()

    def leave(self) -> None:
        self._listening.cancel()

    def drop(self, away_ms: int) -> None:
        """The link breaks. It comes back after so long, or, if that is 0, as any other."""
        if self._outbox is not None and not self.over:
            assert self._nursery is not None
            self.broke = True
            self._away_until = trio.current_time() + away_ms / 1000 / self.speed if away_ms else 0.0
            self._nursery.start_soon(self._tap.cut)

    def stall(self, for_ms: int) -> None:
        """His client stops reading for so long."""
        if self._outbox is not None and not self.over:
            assert self._nursery is not None
            self.broke = True
            self._tap.close()
            self._nursery.start_soon(self._read_on, for_ms / 1000 / self.speed)

    async def _read_on(self, after_s: float) -> None:
        await trio.sleep(after_s)
        self._tap.open()

    async def _pause(self) -> None:
        """Until the next attempt."""
        if self._away_until:
            await trio.sleep_until(self._away_until)
            self._away_until = 0.0
        else:
            await trio.sleep(self._wait_s())
        await self._tap.opened()

    def _wait_s(self) -> float:
        most = min(BACKOFF_MOST_S, BACKOFF_S * 2 ** min(self._failures, 10)) / self.speed
        self._failures += 1
        return self.random.uniform(0, max(most, BACKOFF_LEAST_S))

    # one connection

    async def _connection(self, begins_at: float) -> int:
        """Connect and talk until the connection ends; its close code, 0 if it had none."""
        closed, url = None, self.urls[self.node % len(self.urls)]
        self.node += 1
        try:
            async with connected(url, self.traffic, self._tap) as socket:
                self.connects += 1
                await self._talk(socket, begins_at)
            closed = socket.closed
        except* AWAY:
            pass
        return 0 if closed is None else closed.code

    async def _talk(self, socket: WebSocketConnection, begins_at: float) -> None:
        self._outbox, frames = trio.open_memory_channel[bytes](float("inf"))
        self._listening = trio.CancelScope()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_write, socket, frames)
            self._outbox.send_nowait(encode(Hello(token=self.token(), resume=self._resume)))
            await trio.sleep_until(begins_at)
            with suppress(ConnectionClosed), self._listening:
                while not self.over and (text := await self._heard(socket)) is not None:
                    self._hear(self.read(text))
            self._outbox, self._welcome = None, False
            nursery.cancel_scope.cancel()

    async def _heard(self, socket: WebSocketConnection) -> str | bytes | None:
        """The next frame; None if the link is dead."""
        with trio.move_on_after(SILENCE_S):
            return await socket.get_message()
        await self._tap.opened()
        self._send(encode(Ping()))
        with trio.move_on_after(ANSWER_S):
            return await socket.get_message()
        return None

    def _hear(self, message: ServerMessage) -> None:
        self.saw(message)
        match message:
            case Welcome():
                self._failures, self._welcome = 0, True
                for ref, asked in self._unanswered.items():
                    self._send(encode(asked, ref))
            case Ok(ref=ref):
                self._unanswered.pop(ref, None)
            case Error(ref=str(ref), code=Code.UNAVAILABLE, retry_ms=int(wait_ms)) if ref in self._unanswered:
                assert self._nursery is not None
                self._nursery.start_soon(self._again, ref, wait_ms)
                return
            case Error(ref=str(ref)):
                self._unanswered.pop(ref, None)
            case CallQueued(resume_token=token) | CallPosition(resume_token=str(token)):
                self._resume = token
        self.do(self.person.heard(message))

    def ask(self, message: ClientMessage) -> None:
        if message not in self._unanswered.values():
            self._asked += 1
            ref = str(self._asked)
            self._unanswered[ref] = message
            if self._welcome:
                self._send(encode(message, ref))

    async def _again(self, ref: str, wait_ms: int) -> None:
        await trio.sleep(wait_ms / 1000)
        if self._welcome and ref in self._unanswered:
            self._send(encode(self._unanswered[ref], ref))

    def _send(self, frame: bytes) -> None:
        if self._outbox is not None:
            self._outbox.send_nowait(frame)


async def _write(socket: WebSocketConnection, frames: trio.MemoryReceiveChannel[bytes]) -> None:
    with suppress(ConnectionClosed):
        async for frame in frames:
            await socket.send_message(frame.decode())
