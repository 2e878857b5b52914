"""Every frame a client may send, and the message it is."""

from typing import Any

from engine.actors import requests as r
from engine.domain.lifecycle import AgentState
from engine.gateway.messages import Hello, Ping, TokenRefresh

FROM_CLIENTS: list[tuple[dict[str, Any], Any]] = [
    ({"type": "hello", "token": "t"}, Hello(token="t")),
    ({"type": "hello", "token": "t", "resume": "r"}, Hello(token="t", resume="r")),
    ({"type": "token.refresh", "token": "t"}, TokenRefresh(token="t")),
    ({"type": "ping"}, Ping()),
    ({"type": "call.request", "request_id": "r1", "queue": "q"}, r.CallRequest(request_id="r1", queue="q")),
    (
        {
            "type": "call.request",
            "request_id": "r1",
            "queue": "q",
            "skills": {"loan": 2},
            "attributes": {"lang": "id"},
            "consent": {"version": "2025-03.1"},
        },
        r.CallRequest(
            request_id="r1",
            queue="q",
            skills={"loan": 2},
            attributes={"lang": "id"},
            consent=r.Consent("2025-03.1"),
        ),
    ),
    (
        {"type": "call.request", "request_id": "r1", "queue": "q", "skills": ["loan", "mandarin"]},
        r.CallRequest(request_id="r1", queue="q", skills=["loan", "mandarin"]),
    ),
    ({"type": "call.cancel"}, r.CallCancel()),
    ({"type": "call.hangup"}, r.CallHangup()),
    ({"type": "call.cancel", "call_id": "c1"}, r.CallCancel(call_id="c1")),
    ({"type": "call.hangup", "call_id": "c1"}, r.CallHangup(call_id="c1")),
    ({"type": "call.rate", "call_id": "c1", "score": 5}, r.CallRate(call_id="c1", score=5)),
    (
        {"type": "call.rate", "call_id": "c1", "score": 1, "comment": "terima kasih 😊"},
        r.CallRate(call_id="c1", score=1, comment="terima kasih 😊"),
    ),
    (
        {"type": "signal", "data": {"sdp": ["x", 1, 1.5, None, True]}},
        r.Signal(data={"sdp": ["x", 1, 1.5, None, True]}),
    ),
    ({"type": "signal", "data": None}, r.Signal(data=None)),
    ({"type": "state.set", "state": "ready"}, r.StateSet(state=AgentState.READY)),
    (
        {"type": "state.set", "state": "not_ready", "reason": "break"},
        r.StateSet(state=AgentState.NOT_READY, reason="break"),
    ),
    ({"type": "offer.accept", "offer_id": "o-1"}, r.OfferAccept(offer_id="o-1")),
    ({"type": "offer.decline", "offer_id": "o_1"}, r.OfferDecline(offer_id="o_1")),
    ({"type": "wrapup.finish", "disposition": "sold"}, r.WrapupFinish(disposition="sold")),
    ({"type": "wrapup.finish", "notes": None}, r.WrapupFinish()),
    ({"type": "wrapup.finish", "call_id": "c1", "notes": "n"}, r.WrapupFinish(call_id="c1", notes="n")),
    ({"type": "call.transfer", "call_id": "c1", "queue": "q"}, r.CallTransfer(call_id="c1", queue="q")),
    ({"type": "call.transfer", "queue": "q"}, r.CallTransfer(queue="q")),
    (
        {"type": "call.transfer", "agent_id": "a1", "note": "wants a loan\nno rush"},
        r.CallTransfer(agent_id="a1", note="wants a loan\nno rush"),
    ),
    ({"type": "colleagues.list"}, r.ColleaguesList()),
    ({"type": "board.watch"}, r.BoardWatch()),
    (
        {"type": "call.prioritise", "call_id": "c1", "head_start_ms": -3_600_000, "reason": "vip"},
        r.CallPrioritise(call_id="c1", head_start_ms=-3_600_000, reason="vip"),
    ),
    (
        {"type": "call.prioritise", "call_id": "c1", "head_start_ms": 0, "band": 9, "reason": "vip"},
        r.CallPrioritise(call_id="c1", head_start_ms=0, band=9, reason="vip"),
    ),
    (
        {"type": "call.assign", "call_id": "c1", "agent_id": "a1"},
        r.CallAssign(call_id="c1", agent_id="a1"),
    ),
    ({"type": "call.end", "call_id": "c1"}, r.CallEnd(call_id="c1")),
    (
        {"type": "agent.set_state", "agent_id": "a1", "state": "offline"},
        r.AgentSetState(agent_id="a1", state=AgentState.OFFLINE),
    ),
    (
        {"type": "agent.set_state", "agent_id": "a1", "state": "not_ready", "reason": "break"},
        r.AgentSetState(agent_id="a1", state=AgentState.NOT_READY, reason="break"),
    ),
    (
        {"type": "agent.set_skills", "agent_id": "a1", "queues": ["q", "p"], "skills": {"loan": 100}},
        r.AgentSetSkills(agent_id="a1", queues=("q", "p"), skills={"loan": 100}),
    ),
    (
        {"type": "agent.set_skills", "agent_id": "a1", "queues": [], "skills": {}},
        r.AgentSetSkills(agent_id="a1", queues=(), skills={}),
    ),
    ({"type": "queue.pause", "queue": "q"}, r.QueuePause(queue="q")),
    ({"type": "queue.resume", "queue": "q"}, r.QueueResume(queue="q")),
    ({"type": "rules.reload"}, r.RulesReload()),
]
