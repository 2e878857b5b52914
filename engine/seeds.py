"""The days of several seeds, as `giliran compare --seeds` replays them, and how far that is."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from engine import options
from engine.options import Usage
from engine.progress import counting
from engine.replay_output import say

if TYPE_CHECKING:
    from engine.replay.replications import Spread
    from engine.replay.sample import Day
    from engine.replay.scenario import Scenario

MOST = 1_000


def count(text: str | None, read: "Scenario", *, by_rules: bool) -> int:
    """Of --seeds; one day is what is replayed without, or, with a note, where there is no other."""
    if text is None:
        return 1
    if not by_rules:
        raise Usage(f"--seeds {text}: expected with --rules, in virtual time")
    found = options.whole("--seeds", text)
    if not 2 <= found <= MOST:
        options.wrong("--seeds", text, f"2 to {MOST}")
    from engine.replay.replications import chancy

    if chancy(read):
        return found
    say("note: nothing of this day is left to chance: it is the same by every seed, and replayed once")
    return 1


def spread(
    runs: "Callable[[int], Sequence[Scenario]]", first: "Sequence[Day]", seed: int, days: int
) -> "Spread":
    """What the runs come to on so many days from that seed on, of which `first` is the first."""
    from engine.replay import replications

    seeds = range(seed, seed + days)
    with counting(f"seeds {seeds[1]} to {seeds[-1]}", (days - 1) * len(first)) as progress:
        return replications.spread(runs, seeds, first, progress)
