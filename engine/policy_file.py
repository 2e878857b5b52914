"""The bank's rules as TOML tables: the part that `giliran.toml` and a scenario have in common.

The keys are the fields of `engine.domain.rules`. A word of a list (`tiers`, `skills`, `reasons`,
`dispositions`) is a name, or a name with its labels, `{ name = "break", label = { id = "Istirahat", en =
"Break" } }`. An empty list accepts any well-formed name. Structure makes records of tables; `mistakes` then
looks at what only the whole can tell: doubled names, names that nothing defines.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from attrs import field, frozen
from cattrs import Converter

from engine.domain.limits import ID
from engine.domain.moves.supervisor import TERM
from engine.domain.rules import MAX_BAND, Policy, Queue, Rule, Timings
from engine.tables import A_NAME, Expected, Mistake, converter, nearest, shown

Labels = Mapping[str, Mapping[str, Mapping[str, str]]]  #: list -> name -> language -> text

_MATCHES = Mapping[str, tuple[str, ...]]


@frozen
class Named:
    """A name the bank gave, with what people read in its stead, by language (id, en)."""

    name: str
    label: Mapping[str, str] = field(factory=dict)


@frozen(kw_only=True)
class PolicyTables:
    """Everything the bank decides, as written."""

    tiers: tuple[Named, ...] = ()
    skills: tuple[Named, ...] = ()
    reasons: tuple[Named, ...] = ()
    dispositions: tuple[Named, ...] = ()
    queues: tuple[Queue, ...] = ()
    rules: tuple[Rule, ...] = ()
    timings: Timings = field(factory=Timings)

    @property
    def policy(self) -> Policy:
        return Policy(
            queues={q.name: q for q in self.queues},
            rules=self.rules,
            tiers=_names(self.tiers),
            skills=_names(self.skills),
            reasons=_names(self.reasons),
            dispositions=_names(self.dispositions),
            timings=self.timings,
        )

    @property
    def labels(self) -> Labels:
        return {
            kind: {word.name: word.label for word in words if word.label} for kind, words in self._lists()
        }

    def _lists(self) -> tuple[tuple[str, tuple[Named, ...]], ...]:
        return (
            ("tiers", self.tiers),
            ("skills", self.skills),
            ("reasons", self.reasons),
            ("dispositions", self.dispositions),
        )

    def mistakes(self) -> Iterator[Mistake]:
        """What is wrong between the tables, each of which is right by itself."""
        for kind, words in self._lists():
            yield from _bad_names(kind, _names(words))
        yield from _bad_names("queues", tuple(q.name for q in self.queues))
        if not self.queues:
            yield Mistake("queues", "", "expected at least one [[queues]] table")
        for n, queue in enumerate(self.queues):
            yield from self._queue_mistakes(f"queues[{n}]", queue)
        for n, rule in enumerate(self.rules):
            yield from self._rule_mistakes(f"rules[{n}]", rule)

    def _queue_mistakes(self, at: str, queue: Queue) -> Iterator[Mistake]:
        for key, ms in (("ring", queue.ring_ms), ("service_level", queue.service_level_ms)):
            if ms <= 0:
                yield Mistake(f"{at}.{key}", '"0s"', "expected more than 0s")
        if not 1 <= queue.service_target <= 100:
            yield Mistake(f"{at}.service_target", shown(queue.service_target), "expected 1 to 100 (per cent)")
        if queue.max_waiting is not None and queue.max_waiting < 1:
            yield Mistake(f"{at}.max_waiting", shown(queue.max_waiting), "expected 1 or more")
        yield from _unknown(f"{at}.tiers", queue.tiers, _names(self.tiers))
        for n, step in enumerate(queue.steps):
            where = f"{at}.steps[{n}]"
            yield from _unknown(f"{where}.drop_skills", step.drop_skills, (*_names(self.skills), "*"), 1)
            yield from _unknown(f"{where}.queues", step.queues, tuple(q.name for q in self.queues))
            if step.max_level is not None and step.max_level < 1:
                yield Mistake(f"{where}.max_level", shown(step.max_level), "expected 1 or more")

    def _rule_mistakes(self, at: str, rule: Rule) -> Iterator[Mistake]:
        if not 0 <= rule.band <= MAX_BAND:
            yield Mistake(f"{at}.band", shown(rule.band), f"expected 0 to {MAX_BAND}")
        if not rule.head_start_ms and not rule.band:
            yield Mistake(at, "", "expected a head_start or a band: this rule changes nothing")
        if rule.label == TERM:
            yield Mistake(
                f"{at}.name", shown(rule.label), "expected another name: supervisors' own is so called"
            )
        known = {"queue": tuple(q.name for q in self.queues), "tier": _names(self.tiers)}
        for key, values in rule.when.items():
            if not ID.fullmatch(key):
                yield Mistake(f"{at}.when", shown(key), f"expected queue, tier or an attribute: {A_NAME}")
            if not values:
                yield Mistake(f"{at}.when.{key}", "[]", "expected at least one value")
            if key in known:
                yield from _unknown(f"{at}.when.{key}", values, known[key])


def policy_converter() -> Converter:
    """The strict converter, which also knows the short ways of writing words and matches."""
    conv = converter()
    whole = conv.get_structure_hook(Named)

    def word_in(value: object, cl: Any) -> Any:
        if not isinstance(value, str | dict):
            raise Expected("expected a name, or a table of name and label")
        return Named(value) if isinstance(value, str) else whole(value, cl)

    def word_out(word: Named) -> object:
        return {"name": word.name, "label": dict(word.label)} if word.label else word.name

    def matches_in(value: object, _cl: Any) -> Any:
        if not isinstance(value, dict):
            raise Expected('expected a table such as { tier = "priority" }')
        lists = {key: [v] if isinstance(v, str) else v for key, v in value.items()}
        return conv.structure(lists, dict[str, tuple[str, ...]])

    def rule_out(rule: Rule) -> dict[str, Any]:
        return {**plain_rule(rule), "when": {k: v[0] if len(v) == 1 else v for k, v in rule.when.items()}}

    conv.register_structure_hook(Named, word_in)
    conv.register_unstructure_hook(Named, word_out)
    conv.register_structure_hook_func(lambda cl: cl == _MATCHES, matches_in)
    plain_rule = conv.get_unstructure_hook(Rule)
    conv.register_unstructure_hook(Rule, rule_out)
    return conv


def _names(words: tuple[Named, ...]) -> tuple[str, ...]:
    return tuple(word.name for word in words)


def _bad_names(key: str, names: tuple[str, ...]) -> Iterator[Mistake]:
    for name, count in Counter(names).items():
        if not ID.fullmatch(name):
            yield Mistake(key, shown(name), f"expected a name of {A_NAME}")
        if count > 1:
            yield Mistake(key, shown(name), f"expected once, found {count} times")


def _unknown(key: str, names: tuple[str, ...], known: tuple[str, ...], spare: int = 0) -> Iterator[Mistake]:
    """Names outside a closed list. A list with nothing beyond `spare` entries is open: any name will do."""
    for name in names:
        if len(known) > spare and name not in known:
            yield Mistake(key, shown(name), f"expected one that is listed{nearest(name, list(known))}")
        elif not ID.fullmatch(name) and name not in known:
            yield Mistake(key, shown(name), f"expected a name of {A_NAME}")


#: What a node serves that has no configuration: two queues and one rule, enough to see the engine at work.
SAMPLE = PolicyTables(
    tiers=(
        Named("regular", {"id": "Reguler", "en": "Regular"}),
        Named("priority", {"id": "Prioritas", "en": "Priority"}),
    ),
    reasons=(
        Named("break", {"id": "Istirahat", "en": "Break"}),
        Named("training", {"id": "Pelatihan", "en": "Training"}),
    ),
    dispositions=(
        Named("resolved", {"id": "Selesai", "en": "Resolved"}),
        Named("follow_up", {"id": "Perlu tindak lanjut", "en": "Needs follow-up"}),
    ),
    queues=(
        Queue(name="general", label={"id": "Layanan umum", "en": "General service"}),
        Queue(
            name="premium",
            label={"id": "Layanan prioritas", "en": "Priority service"},
            tiers=("priority",),
            head_start_ms=60_000,
        ),
    ),
    rules=(Rule(when={"tier": ("priority",)}, head_start_ms=90_000),),
)
