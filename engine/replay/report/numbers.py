"""Differences as pages write them: with a minus that is one, and of several days with their interval."""

from engine.replay.measures import Unit
from engine.replay.replications import Difference

MINUS = "−"


def signed(text: str) -> str:
    """The number of that text with a real minus."""
    return text.replace("-", MINUS) if text != "-" else text


def interval(unit: Unit, found: Difference) -> str:
    """The mean difference of several days, and half the width of its 95 % interval."""
    scale, of = (100, "points") if unit is Unit.SHARE else (1, "s")
    return signed(f"{found.mean * scale:+,.1f} ± {found.half_width * scale:,.1f} {of}")
