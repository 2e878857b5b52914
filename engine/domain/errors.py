"""Refusals: the closed set of codes with which the engine answers a client's mistake or bad luck."""

from enum import StrEnum


class Code(StrEnum):
    """Every error code of the wire format. Clients show the code, never the message."""

    #: not one JSON object that means one thing only
    BAD_FRAME = "bad_frame"
    #: no frame has that `type`
    UNKNOWN_TYPE = "unknown_type"
    #: a field holds what it may not, is missing or is none of the frame's; `field` is its path
    BAD_FIELD = "bad_field"
    #: not for this role, tier or token
    NOT_ALLOWED = "not_allowed"
    #: there is no such queue
    NO_SUCH_QUEUE = "no_such_queue"
    #: there is no such call, or it is not yours
    NO_SUCH_CALL = "no_such_call"
    #: there is no such agent, or he is not logged in
    NO_SUCH_AGENT = "no_such_agent"
    #: not now; `state` says what is
    WRONG_STATE = "wrong_state"
    #: that offer is not pending for you: over, another's, or never made
    OFFER_GONE = "offer_gone"
    #: the queue takes no new requests now
    QUEUE_CLOSED = "queue_closed"
    #: as many wait in the queue as may
    QUEUE_FULL = "queue_full"
    #: a call of yours is live: `call_id`
    ALREADY_WAITING = "already_waiting"
    #: too many messages or requests; try again after `retry_ms`
    TOO_FAST = "too_fast"
    #: the store is away; whether it was done is not known, and asking the same again is safe
    UNAVAILABLE = "unavailable"


class Refused(Exception):
    """A client's request cannot be done. `field` names the frame's field; no value is ever echoed."""

    def __init__(
        self,
        code: Code,
        message: str,
        *,
        field: str | None = None,
        call_id: str | None = None,
        state: str | None = None,
        retry_ms: int | None = None,
    ) -> None:
        super().__init__(f"{code.value}: {message}")
        self.code = code
        self.message = message
        self.field = field
        self.call_id = call_id
        self.state = state
        self.retry_ms = retry_ms
