"""When changes were seen. A frame that says `rev` shows every change up to it: the first to do so counts.

Instants are ms of this machine's clock.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence

from attrs import frozen


class Unseen(Exception):
    """Changes that no frame ever showed."""


@frozen
class Made:
    """A change, and the instant just before it was handed over to the store."""

    rev: int
    at_ms: float


@frozen
class Seen:
    """What was there up to `rev` could be seen from then on."""

    rev: int
    at_ms: float


def lags_ms(made: Iterable[Made], seen: Sequence[Seen]) -> list[float]:
    """How long each change took to be seen; `seen` is in order. Raises Unseen."""
    revs = [each.rev for each in seen]
    lags, unseen = [], 0
    for change in made:
        first = bisect_left(revs, change.rev)
        if first < len(revs):
            lags.append(seen[first].at_ms - change.at_ms)
        else:
            unseen += 1
    if unseen:
        raise Unseen(f"{unseen} of {unseen + len(lags)} changes were never seen")
    return lags


def merged(made: Iterable[Made], seen: Sequence[Seen]) -> float:
    """How many changes were shown together, on average over the frames that showed any."""
    revs = [each.rev for each in seen]
    frames = [bisect_left(revs, change.rev) for change in made]
    return len(frames) / len(set(frames))


def within(seen: Iterable[Seen], from_ms: float, to_ms: float) -> list[Seen]:
    """What was seen from then until then."""
    return [each for each in seen if from_ms <= each.at_ms < to_ms]
