"""No test waits for its node to start or to end: that happens while the tests beside it run."""

from collections.abc import Callable
from pathlib import Path

from attrs import define, field

from .node import Node
from .settings import settings

#: How many may be ending at once.
ENDING = 2


@define(eq=False)
class Spares:
    """Nodes of the usual settings, each in a directory of its own, one of them ahead."""

    directory: Callable[[], Path]
    _ahead: Node | None = None
    _ending: list[Node] = field(factory=list)

    def take(self) -> Node:
        taken = self._ahead or self._begun()
        self._ahead = self._begun()
        return taken

    def give_back(self, node: Node) -> None:
        node.ask_to_end()
        self._ending.append(node)
        while len(self._ending) > ENDING:
            self._ending.pop(0).stop()

    def close(self) -> None:
        for node in (*self._ending, self._ahead):
            if node is not None:
                node.stop()

    def _begun(self) -> Node:
        return Node(self.directory(), settings()).begin()
