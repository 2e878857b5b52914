"""A customer or an agent in a terminal: frames in words, and keys for what one may do.

It speaks the wire protocol like any other client, so it is also the shortest answer to "how does one talk to
this?": with `frames` it shows every frame as it came.
"""

import signal
import sys
import time
from collections.abc import Callable, Mapping
from random import Random

import trio
from attrs import define, field, frozen

from engine.actors import notices as told
from engine.actors import requests as asked
from engine.demo.unseen import Unseen
from engine.domain.lifecycle import AgentState
from engine.gateway.codec import encode
from engine.gateway.messages import ClientMessage, Role, ServerMessage, Welcome
from engine.replay.frames import reader
from engine.replay.link import Link
from engine.replay.people import Deeds, Later, Leave

#: How long a goodbye may take.
GOODBYE_S = 3.0


@frozen
class Key:
    """One thing one may type: `make` says it, if it can be said now."""

    letter: str
    label: str
    make: Callable[["Talker"], ClientMessage | None]


@define(eq=False)
class Talker:
    """The person at the keyboard, as his link sees him (see `replay.life.Person`)."""

    role: Role
    queue: str
    skills: dict[str, int]
    out: Callable[[str], None]
    frames: bool = False
    offer_id: str = ""
    call_id: str = ""
    in_call: bool = False
    leaving: bool = False
    _requests: int = 0
    _started_ns: int = field(factory=time.time_ns)

    def heard(self, message: ServerMessage) -> Deeds:
        text = encode(message).decode() if self.frames else _in_words(message)
        past = isinstance(message, told.CallEnded) and message.call_id != self.call_id
        if text and (self.frames or not past):
            self.out(f"{time.strftime('%H:%M:%S')}  {text}")
        match message:
            case Welcome(state="idle") if self.role is Role.CUSTOMER and not self._requests:
                return (self.request(),)
            case told.AgentStateNow(state=AgentState.NOT_READY, reason="login") if not self.leaving:
                return (asked.StateSet(state=AgentState.READY),)
            case told.AgentStateNow(state=AgentState.OFFLINE) if self.leaving:
                return (Leave(),)
            case told.Offer(offer_id=offer_id):
                self.offer_id = offer_id
            case told.OfferEnded():
                self.offer_id = ""
            case told.CallQueued(call_id=call_id):
                self.call_id = call_id
            case told.CustomerConnected(call_id=call_id) | told.AgentConnected(call_id=call_id):
                self.offer_id, self.call_id, self.in_call = "", call_id, True
            case told.CallEnded(call_id=call_id) if call_id == self.call_id:
                self.in_call = False
                return (Leave(),) if self.role is Role.CUSTOMER else ()
            case told.Error() if self.leaving:
                return (Leave(),)
        return ()

    def act(self, later: Later) -> Deeds:
        raise TypeError(f"nobody planned {later!r}")

    def request(self) -> ClientMessage:
        self._requests += 1
        return asked.CallRequest(
            request_id=f"{self._started_ns}-{self._requests}", queue=self.queue, skills=self.skills or None
        )

    def goodbye(self) -> ClientMessage:
        """What he says before he goes."""
        self.leaving = True
        if self.role is Role.CUSTOMER:
            return _hang_up(self)
        return asked.StateSet(state=AgentState.OFFLINE)


def _accept(talker: Talker) -> ClientMessage | None:
    return asked.OfferAccept(offer_id=talker.offer_id) if talker.offer_id else None


def _decline(talker: Talker) -> ClientMessage | None:
    return asked.OfferDecline(offer_id=talker.offer_id) if talker.offer_id else None


def _hang_up(talker: Talker) -> ClientMessage:
    return asked.CallHangup(call_id=talker.call_id or None)


def _state(state: AgentState, reason: str | None = None) -> Callable[[Talker], ClientMessage]:
    return lambda _: asked.StateSet(state=state, reason=reason)


KEYS: Mapping[Role, tuple[Key, ...]] = {
    Role.CUSTOMER: (Key("h", "hang up", _hang_up),),
    Role.AGENT: (
        Key("a", "accept", _accept),
        Key("d", "decline", _decline),
        Key("h", "hang up", lambda talker: _hang_up(talker) if talker.in_call else None),
        Key("f", "finish wrap-up", lambda talker: asked.WrapupFinish(call_id=talker.call_id or None)),
        Key("b", "break", _state(AgentState.NOT_READY, "break")),
        Key("r", "ready", _state(AgentState.READY)),
    ),
}


def _in_words(message: ServerMessage) -> str:
    """A frame as a line; empty for those that say nothing to a person."""
    match message:
        case Welcome(node=node, state=state):
            return f"connected to {node}, {state}"
        case told.CallQueued(queue=queue, position=position, ewt_ms=ewt):
            return f"waiting in {queue}: place {position}{_about(ewt)}"
        case told.CallPosition(position=position, ewt_ms=ewt):
            return f"place {position}{_about(ewt)}"
        case told.CallRequeued(position=position, ewt_ms=ewt):
            return f"waiting again: place {position}{_about(ewt)}"
        case told.CallOffered():
            return "an agent's phone rings"
        case told.CustomerConnected(agent=agent, video=video):
            return f"connected with {agent.name or agent.id} (video room {video.room})"
        case told.AgentConnected(customer=customer, video=video):
            return f"connected with {customer.name or customer.id} (video room {video.room})"
        case told.Offer(call=call):
            waited = f"waited {call.waited_ms / 1000:.0f} s"
            return f"RINGS: {call.customer.name or call.customer.id}, {call.queue}, {call.tier}, {waited}"
        case told.OfferEnded(reason=reason):
            return f"the offer ended: {reason.value.replace('_', ' ')}"
        case told.AgentStateNow(state=state, reason=reason):
            return f"you are {state.value.replace('_', ' ')}{f' ({reason})' if reason else ''}"
        case told.CallEnded(reason=reason, by=by):
            return f"the call ended: {reason.value.replace('_', ' ')}, by {by.value}"
        case told.Peer(link=link):
            return f"the other side's link is {link}"
        case told.Error(code=code, field=which):
            return f"refused: {code.value}{f' ({which})' if which else ''}"
        case told.Service(available=available, draining=draining):
            return "the node goes away" if draining else "" if available else "one moment please"
    return ""


def _about(ewt: told.Estimate | None) -> str:
    return "" if ewt is None else f", about {round(ewt.p50 / 1000)} s"


def talk(
    url: str, role: Role, token: Callable[[], str], *, queue: str, skills: dict[str, int], frames: bool
) -> None:
    """Talk to the node at `url` until he leaves, by q or Ctrl-C."""
    talker = Talker(role, queue, skills, lambda line: print(line, flush=True), frames)
    link = Link((f"{url}/{role}",), Unseen(talker), reader(role), token, Random())
    keys = KEYS[role]
    print(f"{', '.join(f'{k.letter} {k.label}' for k in keys)}, q quit (then Enter)", flush=True)
    trio.run(_talk, link, talker, {key.letter: key for key in keys})


async def _talk(link: Link, talker: Talker, keys: Mapping[str, Key]) -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_until_stopped, link, talker, nursery.cancel_scope)
        nursery.start_soon(_type, link, talker, keys, nursery.cancel_scope)
        await link.run()
        nursery.cancel_scope.cancel()


async def _until_stopped(link: Link, talker: Talker, scope: trio.CancelScope) -> None:
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async for _ in signals:
            await _leave(link, talker, scope)


async def _leave(link: Link, talker: Talker, scope: trio.CancelScope) -> None:
    link.do((talker.goodbye(),))
    await trio.sleep(GOODBYE_S)
    scope.cancel()


async def _type(link: Link, talker: Talker, keys: Mapping[str, Key], scope: trio.CancelScope) -> None:
    """Do what is typed. Without a keyboard there is nothing to type, and the talk goes on."""
    while line := await trio.to_thread.run_sync(sys.stdin.readline, abandon_on_cancel=True):
        said = line.strip()[:1].lower()
        if said == "q":
            await _leave(link, talker, scope)
        elif (key := keys.get(said)) is not None and (deed := key.make(talker)) is not None:
            link.do((deed,))
        elif said:
            talker.out(f"not now; {', '.join(f'{k.letter} {k.label}' for k in keys.values())}, q quit")
