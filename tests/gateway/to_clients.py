"""Every message a client may be sent, and the frame it becomes."""

from typing import Any

from attrs import evolve

from engine.actors import board_notices as b
from engine.actors import notices as n
from engine.domain.errors import Code
from engine.domain.lifecycle import AgentState, CallState, EndReason, OfferEnd, Party, RequeueReason
from engine.gateway.messages import ConfigChanged, Pong, Welcome

VIDEO = n.Video(provider="p2p", room="r", role="offerer", ice_servers=[{"urls": ["stun:x"]}])
VIDEO_FRAME = {"provider": "p2p", "room": "r", "role": "offerer", "ice_servers": [{"urls": ["stun:x"]}]}
CONFIG: dict[str, Any] = {
    "queues": [],
    "video": {"provider": "none"},
    "grace_ms": {"waiting": 1, "call": 2, "agent": 3},
}
EWT = n.Estimate(p50=1, p90=2)
WHY: dict[str, Any] = {"enqueued_at": 1, "due_at": 0, "band": 2, "terms": {"tier": 1}, "rules": "0a1b"}

MINUTE = b.Minute(at=60_000, arrived=4, answered=3, in_time=2, abandoned=1, waiting=5)
MINUTE_FRAME = {"at": 60_000, "arrived": 4, "answered": 3, "in_time": 2, "abandoned": 1, "waiting": 5}
QUEUE = b.QueueRow(
    id="q",
    state="paused",
    waiting=5,
    longest_at=3,
    service_level=0.8125,
    abandonment=0.25,
    answered=3,
    abandoned=1,
    ewt_ms=n.Estimate(p50=1, p90=2),
    ewt_error=b.EstimateError(calls=3, median_ms=400, within_p90=0.9),
    minute=MINUTE,
)
QUEUE_FRAME = {
    "id": "q",
    "state": "paused",
    "waiting": 5,
    "longest_at": 3,
    "service_level": 0.8125,
    "abandonment": 0.25,
    "answered": 3,
    "abandoned": 1,
    "ewt_ms": {"p50": 1, "p90": 2},
    "ewt_error": {"calls": 3, "median_ms": 400, "within_p90": 0.9},
    "minute": MINUTE_FRAME,
}
#: Nothing has happened: what is not known is null, not left out.
UNKNOWN = ("longest_at", "service_level", "abandonment", "ewt_ms", "ewt_error")
NEW_QUEUE = evolve(QUEUE, **dict.fromkeys(UNKNOWN))
NEW_QUEUE_FRAME = QUEUE_FRAME | dict.fromkeys(UNKNOWN)

CALL = b.CallRow(
    call_id="c",
    queue="q",
    tier="regular",
    skills={"loan": 2},
    state=CallState.WAITING,
    since_at=1,
    enqueued_at=1,
    due_at=0,
    band=2,
    why=WHY,
    agent_id=None,
    link="lost",
    limit_at=9,
    deadline_at=None,
)
CALL_FRAME = {
    "call_id": "c",
    "queue": "q",
    "tier": "regular",
    "skills": {"loan": 2},
    "state": "waiting",
    "since_at": 1,
    "enqueued_at": 1,
    "due_at": 0,
    "band": 2,
    "why": WHY,
    "agent_id": None,
    "link": "lost",
    "limit_at": 9,
    "deadline_at": None,
}
AGENT = b.AgentRow(
    id="a",
    name="Ayu",
    state=AgentState.ON_CALL,
    reason=None,
    since_at=1,
    call_id="c",
    next_state=AgentState.NOT_READY,
    queues=["q"],
    skills={"loan": 2},
    handled=4,
    no_answers=1,
)
AGENT_FRAME = {
    "id": "a",
    "name": "Ayu",
    "state": "on_call",
    "reason": None,
    "since_at": 1,
    "call_id": "c",
    "next_state": "not_ready",
    "queues": ["q"],
    "skills": {"loan": 2},
    "handled": 4,
    "no_answers": 1,
}
ASSIGNED = b.Assigned(at=5, call_id="c", queue="q", tier="regular", agent_id="a", why=WHY)
ASSIGNED_FRAME = {"at": 5, "call_id": "c", "queue": "q", "tier": "regular", "agent_id": "a", "why": WHY}

TO_CLIENTS: list[tuple[Any, dict[str, Any]]] = [
    (n.Ok(ref="a"), {"type": "ok", "ref": "a"}),
    (
        n.Error(ref=None, code=Code.BAD_FRAME, message="m"),
        {"type": "error", "ref": None, "code": "bad_frame", "message": "m"},
    ),
    (
        n.Error(ref="a", code=Code.TOO_FAST, message="m", field="f", call_id="c", state="s", retry_ms=5),
        {
            "type": "error",
            "ref": "a",
            "code": "too_fast",
            "message": "m",
            "field": "f",
            "call_id": "c",
            "state": "s",
            "retry_ms": 5,
        },
    ),
    (
        Welcome(protocol=1, session="s", node="n", server_time=3, state="idle", config=CONFIG),
        {
            "type": "welcome",
            "protocol": 1,
            "session": "s",
            "node": "n",
            "server_time": 3,
            "state": "idle",
            "config": CONFIG,
        },
    ),
    (ConfigChanged(config=CONFIG), {"type": "config", "config": CONFIG}),
    (Pong(ref="x", server_time=3), {"type": "pong", "ref": "x", "server_time": 3}),
    (Pong(server_time=3), {"type": "pong", "server_time": 3}),
    (n.Service(available=False), {"type": "service", "available": False}),
    (
        n.Service(available=True, draining=True, retry_ms=9),
        {"type": "service", "available": True, "draining": True, "retry_ms": 9},
    ),
    (
        n.CallQueued(call_id="c", queue="q", position=1, ewt_ms=EWT, resume_token="t"),
        {
            "type": "call.queued",
            "call_id": "c",
            "queue": "q",
            "position": 1,
            "ewt_ms": {"p50": 1, "p90": 2},
            "resume_token": "t",
        },
    ),
    (n.CallPosition(position=2, ewt_ms=None), {"type": "call.position", "position": 2, "ewt_ms": None}),
    (n.CallOffered(), {"type": "call.offered"}),
    (
        n.CallRequeued(reason=RequeueReason.NO_AGENT, position=1, ewt_ms=None),
        {"type": "call.requeued", "reason": "no_agent", "position": 1, "ewt_ms": None},
    ),
    (
        n.CustomerConnected(call_id="c", connected_at=7, agent=n.Person(id="a", name="Ayu"), video=VIDEO),
        {
            "type": "call.connected",
            "call_id": "c",
            "connected_at": 7,
            "agent": {"id": "a", "name": "Ayu"},
            "video": VIDEO_FRAME,
        },
    ),
    (
        n.AgentConnected(
            call_id="c",
            connected_at=7,
            queue="q",
            tier="priority",
            customer=n.Person(id="x", name="Budi"),
            skills={"loan": 1},
            attributes={},
            video=VIDEO,
        ),
        {
            "type": "call.connected",
            "call_id": "c",
            "connected_at": 7,
            "queue": "q",
            "tier": "priority",
            "customer": {"id": "x", "name": "Budi"},
            "skills": {"loan": 1},
            "attributes": {},
            "video": VIDEO_FRAME,
        },
    ),
    (n.Peer(link="lost", deadline_at=9), {"type": "peer", "link": "lost", "deadline_at": 9}),
    (n.Peer(link="back"), {"type": "peer", "link": "back"}),
    (
        n.CallEnded(call_id="c", reason=EndReason.COMPLETED, by=Party.AGENT),
        {"type": "call.ended", "call_id": "c", "reason": "completed", "by": "agent"},
    ),
    (n.Signal(data=[1, {"a": None}]), {"type": "signal", "data": [1, {"a": None}]}),
    (
        n.AgentStateNow(
            state=AgentState.WRAP_UP,
            reason=None,
            since_at=1,
            next_state=AgentState.NOT_READY,
            deadline_at=None,
            next_reason="break",
            call_id=None,
        ),
        {
            "type": "agent.state",
            "state": "wrap_up",
            "reason": None,
            "since_at": 1,
            "next_state": "not_ready",
            "deadline_at": None,
            "next_reason": "break",
        },
    ),
    (
        n.Offer(
            offer_id="o",
            call=n.OfferedCall(
                call_id="c",
                queue="q",
                tier="regular",
                customer=n.Person(id="x", name="Budi"),
                skills={},
                attributes={"lang": "id"},
                waited_ms=3,
            ),
            deadline_at=9,
            why=WHY,
        ),
        {
            "type": "offer",
            "offer_id": "o",
            "call": {
                "call_id": "c",
                "queue": "q",
                "tier": "regular",
                "customer": {"id": "x", "name": "Budi"},
                "skills": {},
                "attributes": {"lang": "id"},
                "waited_ms": 3,
            },
            "deadline_at": 9,
            "why": WHY,
        },
    ),
    (
        n.OfferEnded(offer_id="o", reason=OfferEnd.EXPIRED),
        {"type": "offer.ended", "offer_id": "o", "reason": "expired"},
    ),
    (
        n.Offer(
            offer_id="o",
            call=n.OfferedCall(
                call_id="c",
                queue="q",
                tier="regular",
                customer=n.Person(id="x", name="Budi"),
                skills={},
                attributes={},
                waited_ms=3,
                from_agent="a2",
                note="wants a loan",
            ),
            deadline_at=9,
            why=WHY,
        ),
        {
            "type": "offer",
            "offer_id": "o",
            "call": {
                "call_id": "c",
                "queue": "q",
                "tier": "regular",
                "customer": {"id": "x", "name": "Budi"},
                "skills": {},
                "attributes": {},
                "waited_ms": 3,
                "from_agent": "a2",
                "note": "wants a loan",
            },
            "deadline_at": 9,
            "why": WHY,
        },
    ),
    (
        n.AgentFigures(handled=0, aht_ms=None, no_answer=2),
        {"type": "agent.figures", "handled": 0, "aht_ms": None, "no_answer": 2},
    ),
    (
        n.Colleagues(agents=[n.Colleague(id="a2", name="Agus", queues=["q", "p"])]),
        {"type": "colleagues", "agents": [{"id": "a2", "name": "Agus", "queues": ["q", "p"]}]},
    ),
    (
        b.BoardSnapshot(
            rev=7,
            queues=[QUEUE],
            calls=[CALL],
            agents=[AGENT],
            assigned=[ASSIGNED],
            history={"q": [MINUTE]},
        ),
        {
            "type": "board.snapshot",
            "rev": 7,
            "queues": [QUEUE_FRAME],
            "calls": [CALL_FRAME],
            "agents": [AGENT_FRAME],
            "assigned": [ASSIGNED_FRAME],
            "history": {"q": [MINUTE_FRAME]},
        },
    ),
    (
        b.BoardDelta(
            from_rev=7,
            rev=9,
            queues=[NEW_QUEUE],
            calls=[],
            agents=[],
            assigned=[],
            gone=b.Gone(calls=["c"], agents=["a"]),
        ),
        {
            "type": "board.delta",
            "from_rev": 7,
            "rev": 9,
            "queues": [NEW_QUEUE_FRAME],
            "calls": [],
            "agents": [],
            "assigned": [],
            "gone": {"calls": ["c"], "agents": ["a"]},
        },
    ),
]
