"""A person in a terminal: what he is shown of each frame, and what comes of what he types."""

from typing import Any

import pytest

from engine.actors import notices as told
from engine.actors import requests as asked
from engine.demo.talk import KEYS, Talker
from engine.domain.errors import Code
from engine.domain.lifecycle import AgentState, EndReason, OfferEnd, Party, RequeueReason
from engine.gateway.messages import Role, ServerMessage, Welcome
from engine.replay.people import Leave

VIDEO = told.Video(provider="p2p", room="r1", role="offerer", ice_servers=[])
ESTIMATE = told.Estimate(p50=34_600, p90=60_000)
QUEUED = told.CallQueued(call_id="c1", queue="q", position=2, ewt_ms=ESTIMATE, resume_token="t")
MET = told.CustomerConnected(
    call_id="c1", connected_at=1, agent=told.Person(id="a1", name="Sari"), video=VIDEO
)
OFFERED_CALL = told.OfferedCall(
    call_id="c1",
    queue="q",
    tier="vip",
    customer=told.Person(id="k1", name=""),
    skills={},
    attributes={},
    waited_ms=9_000,
)
OFFER = told.Offer(offer_id="o1", call=OFFERED_CALL, deadline_at=1, why={})
ANSWERED = told.AgentConnected(
    call_id="c1",
    connected_at=1,
    queue="q",
    tier="vip",
    customer=told.Person(id="k1", name="Ayu"),
    skills={},
    attributes={},
    video=VIDEO,
)
OVER = told.CallEnded(call_id="c1", reason=EndReason.COMPLETED, by=Party.CUSTOMER)


def welcome(state: str) -> Welcome:
    return Welcome(protocol=1, session="s", node="n1", server_time=1, state=state, config={})


def agent_is(state: AgentState, reason: str | None = None) -> told.AgentStateNow:
    return told.AgentStateNow(state=state, reason=reason, since_at=1, next_state=None, deadline_at=None)


def talker(role: Role, *before: ServerMessage, **more: Any) -> tuple[Talker, list[str]]:
    """One who has heard all that."""
    said: list[str] = []
    made = Talker(role, "q", more.pop("skills", {}), said.append, **more)
    for message in before:
        made.heard(message)
    said.clear()
    return made, said


WORDS: list[tuple[Role, ServerMessage, str | None]] = [
    (Role.CUSTOMER, welcome("idle"), "connected to n1, idle"),
    (Role.CUSTOMER, QUEUED, "waiting in q: place 2, about 35 s"),
    (Role.CUSTOMER, told.CallPosition(position=1, ewt_ms=None), "place 1"),
    (
        Role.CUSTOMER,
        told.CallRequeued(reason=RequeueReason.NO_AGENT, position=1, ewt_ms=None),
        "waiting again: place 1",
    ),
    (Role.CUSTOMER, told.CallOffered(), "an agent's phone rings"),
    (Role.CUSTOMER, MET, "connected with Sari (video room r1)"),
    (Role.AGENT, ANSWERED, "connected with Ayu (video room r1)"),
    (Role.AGENT, OFFER, "RINGS: k1, q, vip, waited 9 s"),
    (Role.AGENT, told.OfferEnded(offer_id="o1", reason=OfferEnd.EXPIRED), "the offer ended: expired"),
    (Role.AGENT, agent_is(AgentState.NOT_READY, "break"), "you are not ready (break)"),
    (Role.AGENT, told.Peer(link="lost", deadline_at=1), "the other side's link is lost"),
    (
        Role.AGENT,
        told.Error(ref="1", code=Code.BAD_FIELD, message="x", field="queue"),
        "refused: bad_field (queue)",
    ),
    (Role.AGENT, told.Service(available=True, draining=True), "the node goes away"),
    (Role.AGENT, told.Service(available=False), "one moment please"),
    (Role.AGENT, told.Service(available=True), None),
    (Role.AGENT, told.Ok(ref="1"), None),
    (Role.CUSTOMER, OVER, None),  # of a call before this talk
]


@pytest.mark.parametrize(("role", "frame", "words"), WORDS, ids=[f"{r} {f.type}" for r, f, _ in WORDS])
def test_a_frame_in_words(role: Role, frame: ServerMessage, words: str | None) -> None:
    person, said = talker(role)
    person.heard(frame)
    assert [line[10:] for line in said] == ([] if words is None else [words])


def test_frames_as_they_come() -> None:
    person, said = talker(Role.AGENT, frames=True)
    person.heard(told.Ok(ref="1"))
    assert [line[10:] for line in said] == ['{"type":"ok","ref":"1"}']


def test_a_customer_asks_at_once_and_goes_when_it_is_over() -> None:
    person, said = talker(Role.CUSTOMER, skills={"loan": 1})
    [request] = person.heard(welcome("idle"))
    assert isinstance(request, asked.CallRequest)
    assert (request.queue, request.skills) == ("q", {"loan": 1})
    assert person.heard(welcome("waiting")) == ()
    assert person.heard(OVER) == ()
    assert person.heard(QUEUED) == ()
    assert person.heard(OVER) == (Leave(),)
    assert said[-1].endswith("the call ended: completed, by customer")


def test_an_agent_is_ready_at_once_and_goes_when_he_is_offline() -> None:
    person, _ = talker(Role.AGENT, ANSWERED)
    assert person.heard(agent_is(AgentState.NOT_READY, "login")) == (asked.StateSet(state=AgentState.READY),)
    assert person.heard(agent_is(AgentState.OFFLINE)) == ()
    assert person.heard(OVER) == ()
    assert person.goodbye() == asked.StateSet(state=AgentState.OFFLINE)
    assert person.heard(agent_is(AgentState.NOT_READY, "login")) == ()
    assert person.heard(agent_is(AgentState.OFFLINE)) == (Leave(),)


def test_who_says_goodbye_without_a_call_just_goes() -> None:
    person, _ = talker(Role.CUSTOMER)
    assert person.goodbye() == asked.CallHangup()
    refused = told.Error(ref="1", code=Code.NO_SUCH_CALL, message="x")
    assert person.heard(refused) == (Leave(),)


TYPED: list[tuple[Role, tuple[ServerMessage, ...], str, object]] = [
    (Role.CUSTOMER, (), "h", asked.CallHangup()),
    (Role.AGENT, (), "a", None),
    (Role.AGENT, (OFFER,), "a", asked.OfferAccept(offer_id="o1")),
    (Role.AGENT, (OFFER,), "d", asked.OfferDecline(offer_id="o1")),
    (Role.AGENT, (OFFER, told.OfferEnded(offer_id="o1", reason=OfferEnd.RESCINDED)), "a", None),
    (Role.AGENT, (OFFER, ANSWERED), "a", None),
    (Role.AGENT, (), "h", None),
    (Role.CUSTOMER, (QUEUED,), "h", asked.CallHangup(call_id=QUEUED.call_id)),
    (Role.AGENT, (ANSWERED,), "h", asked.CallHangup(call_id=ANSWERED.call_id)),
    (Role.AGENT, (ANSWERED,), "f", asked.WrapupFinish(call_id=ANSWERED.call_id)),
    (Role.AGENT, (ANSWERED, OVER), "h", None),
    (Role.AGENT, (), "f", asked.WrapupFinish()),
    (Role.AGENT, (), "b", asked.StateSet(state=AgentState.NOT_READY, reason="break")),
    (Role.AGENT, (), "r", asked.StateSet(state=AgentState.READY)),
]


@pytest.mark.parametrize(("role", "before", "letter", "deed"), TYPED)
def test_a_key_says_what_can_be_said_now(
    role: Role, before: tuple[ServerMessage, ...], letter: str, deed: object
) -> None:
    person, _ = talker(role, *before)
    keys = {key.letter: key for key in KEYS[role]}
    assert keys[letter].make(person) == deed
