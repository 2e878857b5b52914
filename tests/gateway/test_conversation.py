"""The conversation, step by step, without sockets, JSON or real time."""

from typing import Any

import pytest

from engine.actors import notices as n
from engine.actors import requests as r
from engine.actors.ports import CloseCode
from engine.domain import limits
from engine.domain.errors import Code, Refused
from engine.domain.lifecycle import AgentState, EndReason, OfferEnd, Party, RequeueReason
from engine.gateway.conversation import Conversation, Phase
from engine.gateway.house import Attendance, House
from engine.gateway.messages import ConfigChanged, Hello, Ping, Pong, Role, TokenRefresh, Welcome

from .fakes import FakeReception, FakeSession, FakeSink, FakeTime, house

BAD = Refused(Code.BAD_FRAME, "not JSON")
VIDEO = n.Video(provider="p2p", room="r", role="offerer", ice_servers=[])
BUDI = n.Person(id="budi", name="Budi")
OFFER = n.Offer(
    offer_id="o",
    call=n.OfferedCall(
        call_id="c", queue="q", tier="regular", customer=BUDI, skills={}, attributes={}, waited_ms=0
    ),
    deadline_at=9,
    why={},
)
AGENT_CONNECTED = n.AgentConnected(
    call_id="c",
    connected_at=1,
    queue="q",
    tier="regular",
    customer=BUDI,
    skills={},
    attributes={},
    video=VIDEO,
)
CUSTOMER_CONNECTED = n.CustomerConnected(call_id="c", connected_at=1, agent=BUDI, video=VIDEO)
ENDED = n.CallEnded(call_id="c", reason=EndReason.ABANDONED, by=Party.CUSTOMER)


class Scene:
    """One conversation and all that surrounds it."""

    def __init__(self, role: Role = Role.AGENT, **changes: Any) -> None:
        self.time = FakeTime()
        self.reception = FakeReception()
        self.house: House = house(self.reception, self.time, **changes)
        self.sink = FakeSink()
        self.talk = Conversation(role, self.house, self.sink)

    def hello(self, token: str = "agent:ayu") -> FakeSession:
        self.talk.receive("h", Hello(token=token))
        return self.reception.last

    def another(self, token: str = "agent:ayu") -> FakeSink:
        sink = FakeSink()
        Conversation(Role.AGENT, self.house, sink).receive(None, Hello(token=token))
        return sink

    @property
    def codes(self) -> list[Code]:
        return [each.code for each in self.sink.sent if isinstance(each, n.Error)]


def test_hello_makes_a_session_and_its_entry_the_welcome() -> None:
    scene = Scene()
    scene.talk.receive(None, Hello(token="agent:ayu", resume="receipt"))
    assert scene.sink.sent == [
        Welcome(protocol=1, session="s1", node="n1", server_time=42, state="idle", config={"for": "agent"})
    ]
    session = scene.reception.last
    assert (session.identity.sub, session.resume, session.client) == ("ayu", "receipt", scene.talk)
    assert scene.talk.phase is Phase.ACTIVE


@pytest.mark.parametrize("token", ["", "agent", "customer:ayu", "supervisor:ayu"])
def test_a_token_that_is_bad_or_of_another_role_is_refused(token: str) -> None:
    scene = Scene()
    scene.talk.receive(None, Hello(token=token))
    assert scene.sink.closed == [(4003, "token refused")]
    assert scene.reception.sessions == []


@pytest.mark.parametrize("first", [Ping(), r.OfferAccept(offer_id="o"), TokenRefresh(token="agent:ayu")])
def test_the_first_message_is_hello(first: Any) -> None:
    scene = Scene()
    scene.talk.receive("x", first)
    assert scene.sink.closed == [(4002, "hello missing")]


def test_hello_comes_within_five_seconds() -> None:
    scene = Scene()
    assert scene.talk.due_at == scene.time.now + 5
    scene.time.now += 4.999
    scene.talk.tick()
    assert scene.sink.closed == []
    scene.time.now += 0.001
    scene.talk.tick()
    assert scene.sink.closed == [(4002, "hello late")]


def test_a_bad_frame_before_hello_is_forgiven_once() -> None:
    scene = Scene()
    scene.talk.refuse(None, BAD)
    scene.hello()
    assert scene.talk.phase is Phase.ACTIVE


def test_a_second_hello_is_an_error() -> None:
    scene = Scene()
    scene.hello()
    scene.hello("agent:other")
    assert scene.codes == [Code.WRONG_STATE]
    assert len(scene.reception.sessions) == 1


def test_what_he_may_choose_from_is_told_anew_but_not_before_the_welcome() -> None:
    scene = Scene()
    scene.talk.tell(n.Reconfigured())
    assert scene.sink.sent == []
    session = scene.hello()
    session.client.tell(n.Reconfigured())
    assert scene.sink.sent[1:] == [ConfigChanged(config={"for": "agent"})]


def test_requests_go_to_the_session() -> None:
    scene = Scene()
    session = scene.hello()
    scene.talk.receive("a", r.OfferAccept(offer_id="o"))
    scene.talk.receive(None, r.CallHangup())
    assert session.asked == [("a", r.OfferAccept(offer_id="o")), (None, r.CallHangup())]
    assert scene.sink.sent[1:] == [n.Ok(ref="a")]


def test_ping_is_answered_by_the_conversation_itself() -> None:
    scene = Scene()
    session = scene.hello()
    scene.talk.receive("p", Ping())
    scene.talk.receive(None, Ping())
    assert scene.sink.sent[1:] == [Pong(ref="p", server_time=42), Pong(server_time=42)]
    assert session.asked == []


@pytest.mark.parametrize(
    ("role", "request_"),
    [
        (Role.CUSTOMER, r.StateSet(state=AgentState.READY)),
        (Role.CUSTOMER, r.OfferAccept(offer_id="o")),
        (Role.CUSTOMER, r.OfferDecline(offer_id="o")),
        (Role.CUSTOMER, r.WrapupFinish()),
        (Role.AGENT, r.CallRequest(request_id="r", queue="q")),
        (Role.AGENT, r.CallCancel()),
        (Role.AGENT, r.CallRate(call_id="c", score=5)),
    ],
)
def test_the_other_roles_commands_are_not_allowed(role: Role, request_: Any) -> None:
    scene = Scene(role)
    session = scene.hello(f"{role.value}:ayu")
    scene.talk.receive("x", request_)
    assert scene.codes == [Code.NOT_ALLOWED]
    assert session.asked == []


def test_the_first_bad_frames_are_answered_and_the_third_ends_it() -> None:
    scene = Scene()
    session = scene.hello()
    for _ in range(2):
        scene.talk.refuse("x", BAD)
    assert scene.sink.closed == []
    scene.talk.refuse(None, BAD)
    scene.talk.refuse(None, BAD)
    assert scene.codes == [Code.BAD_FRAME] * 3
    assert scene.sink.closed == [(4000, "bad frames")]
    assert session.gone_times == 1


def test_bad_frames_are_forgotten_after_a_while() -> None:
    scene = Scene()
    scene.hello()
    for _ in range(10):
        scene.talk.refuse(None, BAD)
        scene.time.now += limits.OFFENCE_MEMORY_S + 1
    assert scene.sink.closed == []


def test_an_error_carries_what_the_refusal_says() -> None:
    scene = Scene()
    scene.hello()
    scene.talk.refuse("r", Refused(Code.BAD_FIELD, "m", field="f", call_id="c", state="s", retry_ms=1))
    assert scene.sink.sent[1:] == [
        n.Error(ref="r", code=Code.BAD_FIELD, message="m", field="f", call_id="c", state="s", retry_ms=1)
    ]


def test_haste_is_refused_and_at_last_closed_over() -> None:
    scene = Scene()
    session = scene.hello()
    for _ in range(int(limits.MESSAGES_BURST) - 1):
        scene.talk.receive(None, r.CallHangup())
    assert scene.codes == []
    for _ in range(limits.TOO_FAST_REFUSALS):
        scene.talk.receive("x", r.CallHangup())
    assert set(scene.codes) == {Code.TOO_FAST}
    assert scene.sink.sent[-1].retry_ms == 51
    assert scene.sink.closed == []
    scene.talk.refuse(None, BAD)
    assert scene.sink.closed == [(4008, "too many messages")]
    assert len(session.asked) == limits.MESSAGES_BURST - 1
    assert session.gone_times == 1


def test_who_rests_may_go_on() -> None:
    scene = Scene()
    session = scene.hello()
    for _ in range(20):
        for _ in range(int(limits.MESSAGES_BURST) + 5):
            scene.talk.receive(None, r.CallHangup())
        scene.time.now += limits.MESSAGES_BURST / limits.MESSAGES_PER_S
    assert scene.sink.closed == []
    assert len(session.asked) == 20 * limits.MESSAGES_BURST - 1


def test_a_full_mailbox_closes_this_connection_only() -> None:
    scene = Scene()
    scene.reception.eager = False
    session, other = scene.hello(), scene.another()
    for _ in range(limits.MAILBOX_REQUESTS):
        scene.talk.receive(None, r.CallHangup())
    assert scene.sink.closed == []
    scene.talk.receive(None, r.CallHangup())
    assert scene.sink.closed == [(1013, "overloaded")]
    assert session.gone_times == 1
    assert other.closed == []


def test_the_sixth_socket_of_a_person_is_turned_away() -> None:
    scene = Scene()
    sinks = [scene.another() for _ in range(5)]
    scene.hello("agent:ayu")
    assert scene.sink.closed == [(4009, "too many connections")]
    assert len(scene.reception.sessions) == 5
    assert all(not sink.closed for sink in sinks)
    assert scene.another("agent:bayu").closed == []


def test_a_place_is_free_again_once_a_link_is_gone() -> None:
    scene = Scene(present=Attendance(1))
    scene.hello()
    assert scene.another().closed == [(4009, "too many connections")]
    scene.talk.lost()
    scene.talk.lost()
    assert scene.another().closed == []
    assert scene.another().closed == [(4009, "too many connections")]


def test_a_replaced_session_is_closed_by_its_actor_and_told_when_the_link_is_gone() -> None:
    scene = Scene()
    session = scene.hello()
    session.client.close(CloseCode.REPLACED, "replaced")
    session.client.close(CloseCode.REPLACED, "replaced")
    session.client.tell(n.Ok(ref="late"))
    scene.talk.receive("x", r.CallHangup())
    assert scene.sink.closed == [(4001, "replaced")]
    assert (session.gone_times, session.asked) == (0, [])
    assert scene.sink.sent[1:] == []
    scene.talk.lost()
    scene.talk.lost()
    assert session.gone_times == 1


def test_a_session_may_end_while_it_enters() -> None:
    scene = Scene()
    scene.reception.on_enter = lambda session: session.client.close(CloseCode.GOING_AWAY, "reaped")
    session = scene.hello()
    assert scene.sink.closed == [(1012, "reaped")]
    assert session.gone_times == 1


def test_a_lost_link_is_told_to_the_session_once() -> None:
    scene = Scene()
    session = scene.hello()
    scene.talk.lost()
    scene.talk.lost()
    assert session.gone_times == 1
    assert scene.sink.closed == []
    session.client.tell(n.Ok(ref="x"))
    assert len(scene.sink.sent) == 1


def test_an_offer_asks_at_once_whether_the_agent_is_there() -> None:
    scene = Scene()
    scene.hello()
    scene.talk.tell(OFFER)
    assert scene.sink.sent[-1] == OFFER
    assert scene.sink.pings == [3.0]


def test_a_customer_is_not_asked_when_his_call_is_offered() -> None:
    scene = Scene(Role.CUSTOMER)
    scene.hello("customer:budi")
    scene.talk.tell(n.CallOffered())
    assert scene.sink.pings == []


def test_an_expired_session_is_closed_when_it_holds_no_call() -> None:
    scene = Scene()
    session = scene.hello(f"agent:ayu:{int(scene.time.now) + 60}")
    session.holds_call = True
    scene.time.now += 59.9
    scene.talk.tick()
    scene.time.now += 0.1
    scene.talk.tick()
    assert scene.sink.closed == []
    session.holds_call = False
    scene.time.now += 1
    scene.talk.tick()
    assert scene.sink.closed == [(4003, "token expired")]
    assert session.gone_times == 1


def test_a_fresh_token_prolongs_the_session() -> None:
    scene = Scene()
    session = scene.hello(f"agent:ayu:{int(scene.time.now) + 60}")
    scene.talk.receive("t", TokenRefresh(token=f"agent:ayu:{int(scene.time.now) + 120}"))
    assert scene.sink.sent[1:] == [n.Ok(ref="t")]
    assert [identity.expires_s for identity in session.renewed] == [int(scene.time.now) + 120]
    scene.time.now += 119
    scene.talk.tick()
    assert scene.sink.closed == []
    scene.time.now += 1
    scene.talk.tick()
    assert scene.sink.closed == [(4003, "token expired")]


@pytest.mark.parametrize("token", ["", "agent:bayu", "customer:ayu"])
def test_a_fresh_token_is_of_the_same_person_and_role(token: str) -> None:
    scene = Scene()
    session = scene.hello()
    scene.talk.receive("t", TokenRefresh(token=token))
    assert scene.codes == [Code.NOT_ALLOWED]
    assert session.renewed == []
    assert scene.talk.phase is Phase.ACTIVE


def test_draining_closes_whoever_has_no_offer_pending() -> None:
    scene = Scene()
    session = scene.hello()
    scene.talk.drain(700)
    assert scene.sink.sent[1:] == [n.Service(available=True, draining=True, retry_ms=700)]
    assert scene.sink.closed == [(1012, "going away")]
    assert session.gone_times == 1


@pytest.mark.parametrize(
    ("role", "begins", "ends"),
    [
        (Role.AGENT, OFFER, n.OfferEnded(offer_id="o", reason=OfferEnd.EXPIRED)),
        (Role.AGENT, OFFER, AGENT_CONNECTED),
        (Role.CUSTOMER, n.CallOffered(), CUSTOMER_CONNECTED),
        (
            Role.CUSTOMER,
            n.CallOffered(),
            n.CallRequeued(reason=RequeueReason.NO_AGENT, position=1, ewt_ms=None),
        ),
        (Role.CUSTOMER, n.CallOffered(), ENDED),
    ],
)
def test_draining_waits_for_a_pending_offer_to_end(role: Role, begins: Any, ends: Any) -> None:
    scene = Scene(role)
    session = scene.hello(f"{role.value}:ayu")
    session.client.tell(begins)
    scene.talk.drain(0)
    assert scene.sink.closed == []
    scene.talk.receive("a", r.CallHangup())
    assert session.asked == [("a", r.CallHangup())]
    session.client.tell(ends)
    assert scene.sink.sent[-1] == ends
    assert scene.sink.closed == [(1012, "going away")]


def test_a_drain_that_is_over_dismisses_the_rest() -> None:
    scene = Scene()
    session = scene.hello()
    session.client.tell(OFFER)
    scene.talk.drain(0)
    scene.talk.dismiss(CloseCode.GOING_AWAY, "going away")
    assert scene.sink.closed == [(1012, "going away")]
    assert session.gone_times == 1


def test_draining_before_hello() -> None:
    scene = Scene()
    scene.talk.drain(0)
    assert scene.sink.closed == [(1012, "going away")]


def test_a_frame_too_big_ends_it() -> None:
    scene = Scene()
    session = scene.hello()
    scene.talk.too_big()
    assert scene.sink.closed == [(1009, "message too big")]
    assert session.gone_times == 1
