"""What is wrong with a file, as people read it.

A `Mistake` names the key, its value and what was expected. All are told at once, but what is wrong with many
rows in the same way is told by the first of them, and of very many only how many more there are.
"""

import difflib
import re
from itertools import chain

from attrs import evolve, frozen

#: Lines that tell what is wrong with a source, and how many rows with the same mistake are told one by one.
MOST_LINES, FEW = 20, 3
_ROW, _DIGITS = re.compile(r"\[\d+\]|^line \d+"), re.compile(r"\d+")


@frozen
class Mistake:
    """One thing to put right. `shown` is the offending value as text, empty if there is none to show.

    `more`: how many other rows have it too.
    """

    key: str
    shown: str
    expected: str
    more: int = 0

    def __str__(self) -> str:
        others = f" and {self.more} more" if self.more else ""
        return f"{self.key}{' = ' if self.shown else ''}{self.shown}{others}: {self.expected}"


class ConfigError(Exception):
    """Everything that is wrong with one source of settings, in its order."""

    def __init__(self, source: str, mistakes: list[Mistake]) -> None:
        super().__init__(source, mistakes)
        self.source = source
        self.mistakes = mistakes

    def __str__(self) -> str:
        told = _gathered(self.mistakes)
        lines = [f"{self.source}: {mistake}" for mistake in told[:MOST_LINES]]
        if left := sum(1 + mistake.more for mistake in told[MOST_LINES:]):
            lines.append(f"{self.source}: {left} more mistake{'s' if left > 1 else ''}, not shown")
        return "\n".join(lines)


def _gathered(mistakes: list[Mistake]) -> list[Mistake]:
    """What more than a few rows have in common, told by the first of them."""
    alike: dict[tuple[str, str], list[Mistake]] = {}
    for mistake in mistakes:
        kind = _ROW.sub("", mistake.key), _DIGITS.sub("", mistake.expected)
        alike.setdefault(kind, []).append(mistake)
    groups = ([evolve(a[0], more=len(a) - 1)] if len(a) > FEW else a for a in alike.values())
    return list(chain.from_iterable(groups))


def shown(value: object) -> str:
    """A value as a mistake shows it: short, on one line."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def nearest(word: str, known: list[str]) -> str:
    """`; did you mean "x"?` if a known word is close, else which are known."""
    close = difflib.get_close_matches(word, known, 1)
    return f'; did you mean "{close[0]}"?' if close else f"; known are {', '.join(known)}"
