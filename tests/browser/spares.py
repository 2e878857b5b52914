"""A node is begun while the test before it runs, so that no test waits for one to start."""

from collections.abc import Callable
from pathlib import Path

from attrs import define

from .node import Node
from .settings import settings


@define(eq=False)
class Spares:
    """Nodes of the usual settings, each in a directory of its own, one of them ahead."""

    directory: Callable[[], Path]
    _ahead: Node | None = None

    def take(self) -> Node:
        taken = self._ahead or self._begun()
        self._ahead = self._begun()
        return taken

    def close(self) -> None:
        if self._ahead is not None:
            self._ahead.stop()

    def _begun(self) -> Node:
        return Node(self.directory(), settings()).begin()
