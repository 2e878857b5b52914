"""What a pool leaves behind in Redis once everybody has gone: only what does not grow."""

import pytest

from engine.domain.change import Change
from engine.domain.facts import CallArchived
from engine.domain.lifecycle import AgentState, CallState

from .people import NOW, a_call, a_customer, an_agent, change, drop, put
from .rig import KINDS, Rig


@pytest.mark.parametrize("rig", KINDS[1:], indirect=True)
async def test_calls_and_boots_that_are_gone_leave_nothing_that_grows(rig: Rig) -> None:
    """A dead boot is named by ended calls for as long as these are kept, long after it was buried."""
    home = await rig.open("home")
    token = (await home.lead(None, "me")).leader.token
    boots = []
    for i in range(3):
        away = await rig.open(f"away-{i}")
        boots.append(away.node)
        held = (
            await away.commit(
                put(
                    a_call(node=away.node),
                    an_agent(node=away.node),
                    a_customer(node=away.node, call="c1"),
                )
            )
        ).records
        call, agent, customer = held["call:c1"], held["agent:budi"], held["customer:ani"]
        ended = await away.commit(change(call, state=CallState.ENDED, archive_at=NOW, agent_node=home.node))
        assert await home.condemn(away.node, token) == (agent.ref, customer.ref)
        await home.commit(drop(customer))
        off = (await home.commit(change(agent, state=AgentState.OFFLINE, node=""))).records[agent.ref]
        await home.bury(away.node, token)
        last = ended.records[call.ref]
        await home.commit(Change(drop(last, off).writes, facts=(CallArchived(at=NOW, call=last.id),)))
    left = set(rig.client.scan_iter(rig.keys.of("*").replace("{", "\\{"), count=1000))
    dying = {rig.keys.of(f"ops:{node.rpartition('-')[2]}") for node in boots}
    assert left - dying == {
        rig.keys.of(name)
        for name in (
            "era",
            "journal",
            "leader",
            "nodes",
            f"ops:{home.node.rpartition('-')[2]}",
            "rev",
            "seq:feed",
            f"seq:node:{home.node}",
        )
    }
    assert rig.client.hkeys(rig.keys.of("nodes")) == [home.node]
    assert dying <= left
    assert all(0 < rig.client.ttl(key) <= 86_400 for key in dying)
