"""The days of several seeds, as `giliran compare --seeds` replays them, and how far that is."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import Progress

from engine import options
from engine.options import Usage
from engine.replay_output import say

if TYPE_CHECKING:
    from engine.replay.replications import Spread
    from engine.replay.sample import Day
    from engine.replay.scenario import Scenario

MOST = 1_000


def count(text: str | None, *, by_rules: bool) -> int:
    """Of --seeds; one day is what is replayed without."""
    if text is None:
        return 1
    if not by_rules:
        raise Usage(f"--seeds {text}: expected with --rules, in virtual time")
    found = options.whole("--seeds", text)
    if not 2 <= found <= MOST:
        options.wrong("--seeds", text, f"2 to {MOST}")
    return found


def spread(
    runs: "Callable[[int], Sequence[Scenario]]", first: "Sequence[Day]", seed: int, days: int
) -> "Spread | None":
    """What the runs come to on so many days from that seed on, of which `first` is the first.

    None, and a note, if every day is the same.
    """
    from engine.replay import replications

    console, seeds = Console(stderr=True), range(seed, seed + days)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(f"seeds {seeds[1]} to {seeds[-1]}", total=(days - 1) * len(first))
        found = replications.spread(runs, seeds, first, lambda over: bar.update(task, completed=over))
    if found.fixed:
        say("note: nothing of this day is left to chance: it is the same by every seed")
        return None
    return found
