"""The demo's bank: two queues, seven agents, and callers without end, a few more than they can serve.

Everything is drawn from the seed: callers come as a Poisson process; how long they talk, and
how long they have patience beyond a least one, is exponential.

Whoever watches may take part: as a customer, with a queue of his own that no simulated agent serves, and at
two desks. The first is quiet, so that what rings there is his own call; at the other simulated callers ring
too, after his own.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from itertools import count
from random import Random

from attrs import evolve, field, frozen

from engine.domain.rules import Policy, Queue, Select, Step
from engine.policy_file import SAMPLE
from engine.replay.rows import CallRow

#: Seven agents are busy some 35 s with each call: one call every 5 s. A few more come, and some give up.
CALLS_EVERY_S = 4.6
#: More than there are agents come at once in the beginning, so that there is a queue to see.
FIRST_CALLS, FIRST_EVERY_S = 11, 0.6
TALK_S = 28.0
#: Nobody gives up before the first; beyond it, this long on average.
LEAST_PATIENCE_S, MORE_PATIENCE_S = 12.0, 45.0
#: Of ten callers two to three have priority, and two need somebody who knows loans.
PRIORITY, PREMIUM, LOAN = 0.25, 0.6, 0.2


@frozen
class AgentSketch:
    id: str
    queues: tuple[str, ...]
    skills: Mapping[str, int] = field(factory=dict)

    @property
    def name(self) -> str:
        return self.id.capitalize()


AGENTS = (
    AgentSketch("sari", ("general", "premium"), {"loan": 2}),
    AgentSketch("budi", ("general",)),
    AgentSketch("dewi", ("general",), {"loan": 1}),
    AgentSketch("agus", ("general",)),
    AgentSketch("rina", ("general", "premium")),
    AgentSketch("joko", ("premium",), {"loan": 3}),
    AgentSketch("wati", ("general",)),
)
#: The visitor's own queue, its head start over everybody else, and time to get from one tab to another.
YOURS, YOURS_FIRST_MS, YOURS_RING_MS, YOURS_WRAP_UP_MS = "yours", 600_000, 20_000, 20_000
DESKS = (AgentSketch("lestari", (YOURS,)), AgentSketch("pratama", (YOURS, "general")))
#: Who the visitor is as a customer: his id, which is also his name.
CUSTOMER = "kirana"
_NAMES = ("Ayu", "Bayu", "Citra", "Dimas", "Eka", "Fajar", "Gita", "Hadi", "Intan", "Lukman", "Maya", "Putri")


def policy() -> Policy:
    """The sample's rules at a pace that can be watched."""
    mine = SAMPLE.policy
    pace = partial(evolve, ring_ms=8_000, wrap_up_ms=5_000)
    relaxed = (Step(after_ms=30_000, drop_skills=("*",)),)
    yours = Queue(
        name=YOURS,
        label={"id": "Layanan Anda sendiri", "en": "Your own desk"},
        ring_ms=YOURS_RING_MS,
        wrap_up_ms=YOURS_WRAP_UP_MS,
        head_start_ms=YOURS_FIRST_MS,
    )
    queues: dict[str, Queue] = {
        YOURS: yours,
        "general": pace(mine.queues["general"], steps=relaxed),
        "premium": pace(mine.queues["premium"], select=Select.LEAST_FLEXIBLE),
    }
    return evolve(mine, queues=queues)


@frozen
class Caller:
    """One who comes `after_s` after the one before him."""

    after_s: float
    name: str
    row: CallRow


def callers(seed: int) -> Iterator[Caller]:
    """Everybody who will ever call."""
    random = Random(seed)
    for n in count(1):
        mean_s = FIRST_EVERY_S if n <= FIRST_CALLS else CALLS_EVERY_S
        priority = random.random() < PRIORITY
        premium = priority and random.random() < PREMIUM
        row = CallRow(
            id=f"caller-{n}",
            arrive_s=0.0,
            queue="premium" if premium else "general",
            tier="priority" if priority else "regular",
            skills={"loan": 1} if random.random() < LOAN else {},
            handle_s=random.expovariate(1 / TALK_S),
            patience_s=LEAST_PATIENCE_S + random.expovariate(1 / MORE_PATIENCE_S),
        )
        yield Caller(random.expovariate(1 / mean_s), random.choice(_NAMES), row)
