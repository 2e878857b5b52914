"""The bank's rules as this node knows them. They may be read again while it runs; whoever asked is told."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from attrs import define, field

from engine.domain.errors import Code, Refused
from engine.domain.rules import Policy

#: The address of the word that rules are to be read again, beside the refs of persons.
RULES = "rules"


def _nothing_to_read() -> Policy:
    raise Refused(Code.WRONG_STATE, "this node has no configuration to read again", state="no_file")


@define(eq=False)
class Rulebook:
    """`load` reads the rules where they are written; raises Refused, naming the key at fault."""

    policy: Policy
    load: Callable[[], Policy] = _nothing_to_read
    _readers: list[Callable[[], None]] = field(factory=list)

    def reload(self) -> Policy:
        """Go by what is written now. Raises Refused, and then nothing has changed."""
        self.policy = self.load()
        for tell in tuple(self._readers):
            tell()
        return self.policy

    def listen(self, tell: Callable[[], None]) -> None:
        """Call `tell` whenever the rules have changed."""
        self._readers.append(tell)

    @contextmanager
    def told(self, tell: Callable[[], None]) -> Iterator[None]:
        """The same while the block lasts."""
        self.listen(tell)
        try:
            yield
        finally:
            self._readers.remove(tell)


def rulebook(rules: Policy | Rulebook) -> Rulebook:
    return rules if isinstance(rules, Rulebook) else Rulebook(rules)
