"""Fresh ids. A call id sorts, as text, by creation; session and offer ids cannot be guessed."""

import base64
from random import Random

from attrs import define

#: Crockford's base 32: ascending in ASCII, without I, L, O, U.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_FROM_HEX = str.maketrans("0123456789ABCDEFGHIJKLMNOPQRSTUV", ALPHABET)
TIME_DIGITS = 9  # milliseconds until the year 3084
COUNT_DIGITS = 2
RANDOM_DIGITS = 5
CALL_DIGITS = TIME_DIGITS + COUNT_DIGITS + RANDOM_DIGITS
FRESH_BITS = 120


def base32(number: int, digits: int) -> str:
    """A multiple of eight digits."""
    return base64.b32hexencode(number.to_bytes(5 * digits // 8, "big")).decode().translate(_FROM_HEX)


def created_at(call: str) -> int | None:
    """When the call of that id asked, about, in pool time; None if the id is not one of ours."""
    time = call[:TIME_DIGITS]
    if len(call) != CALL_DIGITS or not set(call) <= set(ALPHABET):
        return None
    return sum(ALPHABET.index(digit) << (5 * place) for place, digit in enumerate(reversed(time)))


@define
class RandomIds:
    """Ids from a source of randomness: `SystemRandom` in service, a seeded one in a replay."""

    random: Random
    _last_ms: int = 0
    _count: int = 0

    def call(self, now: int) -> str:
        """9 digits of time, 2 counting within this node's millisecond, 5 random."""
        self._count = self._count + 1 if now <= self._last_ms else 0
        if self._count >= 1 << (5 * COUNT_DIGITS):
            self._count, self._last_ms = 0, self._last_ms + 1
        self._last_ms = max(now, self._last_ms)
        number = self._last_ms << 5 * COUNT_DIGITS | self._count
        number = number << 5 * RANDOM_DIGITS | self.random.getrandbits(5 * RANDOM_DIGITS)
        return base32(number, CALL_DIGITS)

    def fresh(self) -> str:
        return base32(self.random.getrandbits(FRESH_BITS), FRESH_BITS // 5)
