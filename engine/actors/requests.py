"""What a client may ask of its session: imperative, one class per frame, each field written once.

The codec, the tests' tables and the documentation are made from these classes. Absent optional fields are
None.
"""

from typing import Any, ClassVar

from attrs import field, frozen

from engine.domain.lifecycle import AgentState


@frozen
class Consent:
    """The version of the consent text the customer agreed to."""

    version: str


@frozen(kw_only=True)
class CallRequest:
    type: ClassVar[str] = "call.request"
    request_id: str
    queue: str
    #: needed skills: names (level 1), or {name: level}
    skills: dict[str, int] | list[str] | None = None
    attributes: dict[str, str] | None = None
    consent: Consent | None = None


@frozen(kw_only=True)
class CallCancel:
    type: ClassVar[str] = "call.cancel"


@frozen(kw_only=True)
class CallHangup:
    type: ClassVar[str] = "call.hangup"


@frozen(kw_only=True)
class CallRate:
    type: ClassVar[str] = "call.rate"
    call_id: str
    score: int  # 1 to 5
    comment: str | None = None


@frozen(kw_only=True)
class Signal:
    """Relayed as it is to the other side of a connected call (up to 64 KB)."""

    type: ClassVar[str] = "signal"
    data: Any


@frozen(kw_only=True)
class StateSet:
    type: ClassVar[str] = "state.set"
    state: AgentState = field()  # ready, not_ready or offline
    reason: str | None = None


@frozen(kw_only=True)
class OfferAccept:
    type: ClassVar[str] = "offer.accept"
    offer_id: str


@frozen(kw_only=True)
class OfferDecline:
    type: ClassVar[str] = "offer.decline"
    offer_id: str
    reason: str | None = None


@frozen(kw_only=True)
class WrapupFinish:
    type: ClassVar[str] = "wrapup.finish"
    disposition: str | None = None
    notes: str | None = None


CustomerRequest = CallRequest | CallCancel | CallHangup | CallRate | Signal
AgentRequest = StateSet | OfferAccept | OfferDecline | CallHangup | WrapupFinish | Signal
Request = CustomerRequest | AgentRequest
