"""Days for reports, and a reader of the pages that are made of them."""

from html.parser import HTMLParser

from engine.domain.rules import Rule
from engine.replay.compare import changed
from engine.replay.comparison import Comparison
from engine.replay.result import Result
from engine.replay.rows import AgentRow, CallRow
from engine.replay.sample import Day
from engine.replay.virtual import replay
from tests.replay.facts_by_hand import scenario

VIPS_FIRST = Rule(when={"tier": ("vip",)}, head_start_ms=90_000)


def a_day(*rules: Rule, calls: int = 60, agents: int = 3) -> Result:
    rows = tuple(
        CallRow(
            id=f"c{n:03}",
            arrive_s=7 * n,
            queue="q",
            tier=("regular", "vip")[n % 3 == 0],
            handle_s=25 + n % 5,
            patience_s=240,
        )
        for n in range(calls)
    )
    crew = tuple(AgentRow(id=f"a{n}", login_s=0, queues=("q",)) for n in range(agents))
    return replay(scenario(rows, agents=crew, rules=rules))


def side_by_side(*days: Result, by_rules: bool = True) -> Comparison:
    """The runs are called r1, r2, …; nothing is told of their rules."""
    first, *others = days
    return Comparison(
        titles=tuple(f"r{n}" for n in range(1, len(days) + 1)),
        days=tuple(map(Day, days)),
        told=tuple(() for _ in days),
        changes=tuple(tuple(changed(first, day)) for day in others) if by_rules else None,
    )


class Seen(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]
