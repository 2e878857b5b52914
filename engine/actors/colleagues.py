"""Whom an agent may pass a call on to: the others who are ready now, as the store knows it."""

from engine.actors.notices import Colleague, Colleagues
from engine.actors.ports import Store
from engine.domain.lifecycle import AgentState
from engine.domain.model import Agent

#: Nobody chooses from more.
MOST = 100


async def colleagues(store: Store, sub: str) -> Colleagues:
    """Those of the longest idle who are not `sub`, by name. Raises Unavailable."""
    idle = await store.index("ready")
    refs = sorted(idle.keys() - {f"agent:{sub}"}, key=lambda ref: (idle[ref], ref))[:MOST]
    found = await store.read(refs) if refs else {}
    ready = [a for a in found.values() if isinstance(a, Agent) and a.state is AgentState.READY]
    return Colleagues(
        agents=[
            Colleague(id=agent.id, name=agent.name, queues=list(agent.queues))
            for agent in sorted(ready, key=lambda agent: (agent.name, agent.id))
        ]
    )
