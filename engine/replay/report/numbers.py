"""Differences as pages write them: with a minus that is one."""

MINUS = "−"


def signed(text: str) -> str:
    """The number of that text with a real minus."""
    return text.replace("-", MINUS) if text != "-" else text
