"""Refusals: the closed set of codes with which the engine answers a client's mistake or bad luck."""

from enum import StrEnum


class Code(StrEnum):
    """Every error code of the wire format. Clients show the code, never the message."""

    BAD_FRAME = "bad_frame"
    UNKNOWN_TYPE = "unknown_type"
    BAD_FIELD = "bad_field"
    NOT_ALLOWED = "not_allowed"
    NO_SUCH_QUEUE = "no_such_queue"
    NO_SUCH_CALL = "no_such_call"
    NO_SUCH_AGENT = "no_such_agent"
    WRONG_STATE = "wrong_state"
    OFFER_GONE = "offer_gone"
    QUEUE_CLOSED = "queue_closed"
    QUEUE_FULL = "queue_full"
    ALREADY_WAITING = "already_waiting"
    TOO_FAST = "too_fast"
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
