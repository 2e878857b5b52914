"""What Ctrl-C leaves behind. Nothing here needs the engine, so that it holds while that is imported too."""

from typing import Any

#: What a shell expects of a command that SIGINT ended.
STATUS = 130


class Stopped(KeyboardInterrupt):
    """The user stopped a row of replays; `days` are those that had come to their end."""

    def __init__(self, days: list[Any]) -> None:
        super().__init__()
        self.days = days


def is_interrupt(error: BaseException) -> bool:
    """Whether that is Ctrl-C, alone or among what ended the tasks of a nursery."""
    if isinstance(error, BaseExceptionGroup):
        return error.subgroup(KeyboardInterrupt) is not None
    return isinstance(error, KeyboardInterrupt)
