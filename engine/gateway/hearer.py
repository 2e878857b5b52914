"""Who listens on a link: what a connection needs to know of what is said over it."""

from typing import Protocol


class Hearer(Protocol):
    """Who listens on this link. Nothing here blocks."""

    @property
    def due_at(self) -> float:
        """When `tick` has something to do, by trio's clock."""
        ...

    def hear(self, message: str | bytes) -> None: ...

    def tick(self) -> None: ...

    def lost(self) -> None:
        """The link is gone. May be called more than once."""
        ...
