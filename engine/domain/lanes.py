"""What a board is made of: lanes of calls that need the same, profiles of agents who can the same."""

from attrs import define, field, frozen

from engine.domain.model import Agent, Skills

Entry = tuple[int, str]  #: (score, call id): sorts by priority
Idle = tuple[int, str]  #: (idle since, agent id): longest idle first
Occupied = tuple[float, int, str]  #: (occupancy, idle since, agent id): least occupied first
SkillKey = tuple[tuple[str, int], ...]
ProfileKey = tuple[tuple[str, ...], SkillKey]


def skill_key(skills: Skills) -> SkillKey:
    return tuple(sorted(skills.items()))


@frozen
class LaneKey:
    """What a call needs now. Calls with equal keys differ in nothing but priority."""

    queue: str
    step: int
    skills: SkillKey
    avoid: tuple[str, ...]
    preferred: str


@define(eq=False)
class Profile:
    """Agents of the same queues and skills. `members` are logged in; the idle may be offered a call."""

    key: ProfileKey
    skills: Skills
    members: set[str] = field(factory=set)
    idle: list[Idle] = field(factory=list)
    occupied: list[Occupied] = field(factory=list)  # the same agents in another order


@define(eq=False)
class Lane:
    """Calls that need the same, in order of priority, and the profiles that can give it."""

    key: LaneKey
    serving: frozenset[str]
    needed: Skills
    calls: list[Entry] = field(factory=list)
    profiles: tuple[Profile, ...] = ()
    profiles_of: int = -1  # the board's `_profiles_rev` at which `profiles` was worked out


def occupancy(agent: Agent) -> float:
    """Share of his logged-in time spent on calls and wrap-up, as it was when he went ready."""
    return agent.busy_ms / max(1, agent.since_at - agent.login_at)
