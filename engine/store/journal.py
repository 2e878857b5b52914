"""The journal: what happened, in the past tense, one entry per change and in the order of `rev`."""

from attrs import frozen

from engine.domain.facts import Fact


@frozen
class Entry:
    """One change's facts. `id` is the journal's own and sorts by time; `op` is who made the change."""

    id: str
    rev: int
    op: str
    facts: tuple[Fact, ...]
