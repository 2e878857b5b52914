"""What an agent did with each of his offers on a day that was recorded, so that a replay can do it again.

Replies are used in the order of his offers, whichever calls they are of: under the same rules the calls are
the same, under others what is his own stays his own, and what belongs to a call stands in the call's row.
"""

from collections.abc import Iterator
from enum import StrEnum

from attrs import frozen

from engine.domain.rules import Policy
from engine.tables import Mistake, nearest, shown


class Answer(StrEnum):
    """What he did with the offer itself."""

    ACCEPTED = "accepted"
    DECLINED = "declined"
    NO_ANSWER = "no_answer"  # let it ring


@frozen(kw_only=True)
class Reply:
    """`after_ms`: from the offer to his answer. Every other duration is None if that did not happen.

    `back_ms`: from not having answered until he was ready again. `pass_on_ms`: from the connection until he
    passed the call on, to `queue` or `agent`. `hang_up_ms`: from the connection until he hung up, where the
    call's own row cannot say so. `wrap_up_ms`: until he ended his wrap-up before its time.
    """

    how: Answer = Answer.ACCEPTED
    after_ms: int = 0
    back_ms: int | None = None
    pass_on_ms: int | None = None
    queue: str = ""
    agent: str = ""
    hang_up_ms: int | None = None
    wrap_up_ms: int | None = None

    def mistakes(self, at: str, policy: Policy) -> Iterator[Mistake]:
        if (self.pass_on_ms is None) != (not self.queue and not self.agent) or (self.queue and self.agent):
            yield Mistake(f"{at}.pass_on", "", "expected with a queue or an agent, and only with one of them")
        if self.queue and self.queue not in policy.queues:
            known = nearest(self.queue, list(policy.queues))
            yield Mistake(f"{at}.queue", shown(self.queue), f"expected one that is listed{known}")
