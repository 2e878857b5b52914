"""One contract, three stores: in memory, on the embedded Valkey, on the system's Redis."""

from typing import Any

import pytest
import trio
from attrs import evolve

from engine.domain.change import Change, Conflict, Guard, Reaped, Write
from engine.domain.facts import CallArchived, CallConnected
from engine.domain.lifecycle import AgentState, CallState
from engine.domain.model import BAND, QueueGate
from engine.domain.news import Changed, Resynced, Service, Signalled
from engine.store.records import Corrupt

from .people import NOW, a_call, a_customer, an_agent, change, drop, put
from .rig import KINDS, Ear, Rig

pytestmark = pytest.mark.parametrize("rig", KINDS, indirect=True)


async def create(store: Any, *records: Any) -> list[Any]:
    receipt = await store.commit(put(*records))
    return [receipt.records[record.ref] for record in records]


async def lead(store: Any, nonce: str = "me") -> str:
    """The token of `store`, which now leads."""
    lease = await store.lead(None, nonce)
    assert lease.mine
    return str(lease.leader.token)


class TestCommit:
    async def test_a_receipt_carries_the_records_as_stored(self, rig: Rig) -> None:
        store = await rig.open()
        receipt = await store.commit(put(a_call(), an_agent()))
        call, agent = receipt.records["call:c1"], receipt.records["agent:budi"]
        assert (call.version, agent.version) == (1, 1)
        assert call.stamp == agent.stamp != ""
        assert evolve(call, version=0, stamp="") == a_call()
        assert await store.read(["call:c1", "agent:budi", "call:none"]) == receipt.records

    async def test_each_change_has_the_next_rev_and_a_stamp_of_its_own(self, rig: Rig) -> None:
        store = await rig.open()
        first = await store.commit(put(a_call()))
        second = await store.commit(change(first.records["call:c1"], band=1))
        assert second.rev == first.rev + 1
        assert second.records["call:c1"].version == 2
        assert second.records["call:c1"].stamp != first.records["call:c1"].stamp

    async def test_all_or_nothing(self, rig: Rig) -> None:
        store = await rig.open()
        (call,) = await create(store, a_call())
        with pytest.raises(Conflict) as caught:
            await store.commit(
                Change((Write(None, an_agent()), Write(None, a_call()), Write(None, a_customer())))
            )
        assert caught.value.records == {"call:c1": call}
        assert await store.read(["agent:budi", "customer:ani"]) == {}
        assert await store.index("agents") == {}
        assert len(await store.journal()) == 1

    async def test_a_conflict_carries_every_record_that_differed_and_no_other(self, rig: Rig) -> None:
        store, other = await rig.open("a"), await rig.open("b")
        call, agent = await create(store, a_call(), an_agent())
        now = (await other.commit(change(call, band=2))).records["call:c1"]
        gone = a_customer(version=3, stamp="x:3")
        with pytest.raises(Conflict) as caught:
            await store.commit(
                Change((Write(call, call), Write(agent, evolve(agent, name="B")), Write(gone, gone)))
            )
        assert caught.value.records == {"call:c1": now, "customer:ani": None}
        assert caught.value.guards == ()

    async def test_a_version_that_repeats_is_told_apart_by_its_stamp(self, rig: Rig) -> None:
        store = await rig.open()
        (call,) = await create(store, a_call())
        with pytest.raises(Conflict):
            await store.commit(change(evolve(call, stamp="other:1"), band=1))

    async def test_guards(self, rig: Rig) -> None:
        store = await rig.open()
        await create(store, a_customer(session="s1"))
        held = Guard("customer:ani", "session", "s1")
        absent, nobody = Guard("customer:ani", "node", None), Guard("customer:none", "session", None)
        await store.commit(put(a_call()).guarded(held, absent, nobody))
        lost, there = Guard("customer:ani", "session", "s2"), Guard("customer:ani", "session", None)
        with pytest.raises(Conflict) as caught:
            await store.commit(put(a_call("c2")).guarded(lost, held, there))
        assert caught.value.guards == (lost, there)
        assert caught.value.records == {}
        assert "call:c2" not in await store.read(["call:c2"])

    async def test_a_gate_is_compared_at_the_very_moment(self, rig: Rig) -> None:
        """By each of its two fields, whether it is there or not."""
        store, other = await rig.open("a"), await rig.open("b")
        not_paused = Guard("queue:general", "paused", None)
        opened = Guard("queue:general", "opened", "true")
        await store.commit(put(a_call()).guarded(not_paused))
        with pytest.raises(Conflict):
            await store.commit(put(a_call("c2")).guarded(opened))
        gate = QueueGate(id="general", since_at=NOW, by="boss", paused=True)
        (shut,) = await create(other, gate)
        assert await store.index("queues") == {"queue:general": NOW}
        with pytest.raises(Conflict) as caught:
            await store.commit(put(a_call("c2")).guarded(not_paused))
        assert (caught.value.guards, caught.value.records) == ((not_paused,), {})
        await other.commit(change(shut, paused=False, opened=True))
        await store.commit(put(a_call("c2")).guarded(not_paused, opened))

    async def test_an_op_sent_twice_is_done_once_and_gets_its_receipt_again(self, rig: Rig) -> None:
        store = await rig.open()
        (first, rev), (again, same) = rig.replay(store, put(a_call()))
        assert (first, again, rev) == ("ok", "again", same)
        assert len(await store.journal()) == 1

    async def test_a_change_of_nothing_but_facts(self, rig: Rig) -> None:
        store = await rig.open()
        receipt = await store.commit(Change(facts=(CallArchived(at=NOW, call="c1"),)))
        assert receipt.records == {}

    async def test_a_corrupt_record_is_named(self, rig: Rig) -> None:
        store = await rig.open()
        await create(store, a_call(), an_agent())
        rig.poke("call:c1", "due_at", "NaN")
        with pytest.raises(Corrupt) as caught:
            await store.read(["call:c1"])
        assert (caught.value.ref, caught.value.field) == ("call:c1", "due_at")
        assert "agent:budi" in await store.read(["agent:budi"])

    async def test_a_cancelled_caller_does_not_cancel_his_change(self, rig: Rig, ear: Ear) -> None:
        store = await rig.open()
        async with store.watch(ear):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(store.commit, put(a_call()))
                await trio.lowlevel.cancel_shielded_checkpoint()
                nursery.cancel_scope.cancel()
            heard = await ear.hear_of(Changed)
        assert set(heard.records) == {"call:c1"}


class TestIndexes:
    async def test_a_record_is_taken_out_where_it_stood_and_put_in_anew(self, rig: Rig) -> None:
        store = await rig.open()
        call, agent = await create(store, a_call(band=2), an_agent(idle_ms=500))
        assert await store.index("waiting:general") == {"call:c1": NOW - 90_000 - 2 * BAND}
        assert await store.index("deadlines") == {"call:c1": NOW + 60_000}
        assert await store.index("ready") == {"agent:budi": NOW - 500}
        await store.commit(
            Change(
                (
                    Write(call, evolve(call, state=CallState.OFFERED, give_up_at=None)),
                    Write(agent, evolve(agent, state=AgentState.OFFERED)),
                )
            )
        )
        assert await store.index("waiting:general") == {}
        assert await store.index("deadlines") == {}
        assert await store.index("ready") == {}
        assert await store.index("offered") == {"call:c1": NOW}
        assert await store.index("agents") == {"agent:budi": NOW}

    async def test_a_rank_is_how_many_wait_before(self, rig: Rig) -> None:
        store = await rig.open()
        await create(store, a_call("b"), a_call("a"), a_call("c", band=1), a_call("x", queue="other"))
        assert [await store.rank("general", id) for id in ("c", "a", "b", "x")] == [0, 1, 2, None]

    async def test_a_deleted_record_stands_nowhere(self, rig: Rig) -> None:
        store = await rig.open()
        (customer,) = await create(store, a_customer(node=store.node, forget_at=NOW))
        receipt = await store.commit(drop(customer))
        assert receipt.records == {"customer:ani": None}
        for name in ("customers", "deadlines", f"sessions:{store.node}"):
            assert await store.index(name) == {}
        assert await store.read(["customer:ani"]) == {}


class TestNews:
    async def test_a_watcher_is_told_everything_then_every_change(self, rig: Rig) -> None:
        store, other, ear = await rig.open("a"), await rig.open("b"), Ear()
        (call,) = await create(store, a_call())
        async with other.watch(ear):
            whole = ear.heard[-1]
            assert whole.records == {"call:c1": call}
            assert whole.era == store.era
            receipt = await store.commit(change(call, band=1))
            heard = await ear.hear(lambda n: isinstance(n, Changed))
            assert heard == Changed(receipt.rev, receipt.records)
        ear.forget()
        receipt = await store.commit(change(receipt.records["call:c1"], band=2))
        async with other.watch(second := Ear()):
            assert second.heard == [Resynced(receipt.rev, store.era, receipt.records)]
        assert ear.heard == []

    async def test_a_deletion_is_a_message_too(self, rig: Rig, ear: Ear) -> None:
        store, other = await rig.open("a"), await rig.open("b")
        (customer,) = await create(store, a_customer(node=other.node))
        other.listen(own := Ear())
        async with other.watch(ear):
            await store.commit(drop(customer))
            for listener in (ear, own):
                await listener.hear(lambda n: isinstance(n, Changed) and n.records == {"customer:ani": None})

    async def test_whoever_changes_is_told_before_his_receipt_and_once(self, rig: Rig, ear: Ear) -> None:
        store = await rig.open()
        store.listen(own := Ear())
        async with store.watch(ear):
            own.forget()
            receipt = await store.commit(put(a_customer(node=store.node)))
            assert own.heard == [Changed(receipt.rev, receipt.records)]
            assert ear.heard[-1:] == own.heard
            last = await store.commit(put(a_call()))
            await (await rig.open()).commit(put(a_call("c2")))
            await ear.hear(lambda n: isinstance(n, Changed) and "call:c2" in n.records)
            revs = [n.rev for n in ear.heard if isinstance(n, Changed)]
            assert revs == [receipt.rev, last.rev, last.rev + 1]
            assert len(own.heard) == 1

    async def test_a_node_hears_of_what_it_holds_and_of_what_it_held(self, rig: Rig) -> None:
        a, b, ear = await rig.open("a"), await rig.open("b"), Ear()
        a.listen(ear)
        (customer,) = await create(b, a_customer(node=a.node))
        await ear.hear(lambda n: isinstance(n, Changed) and n.records == {"customer:ani": customer})
        (nowhere,) = await create(b, a_customer("eko", node=b.node))
        receipt = await b.commit(change(customer, node=b.node))
        heard = await ear.hear(lambda n: isinstance(n, Changed) and n.rev == receipt.rev)
        assert heard.records == receipt.records
        assert not any(nowhere.ref in n.records for n in ear.heard if isinstance(n, Changed))

    async def test_signals(self, rig: Rig) -> None:
        a, b, ear, mine = await rig.open("a"), await rig.open("b"), Ear(), Ear()
        a.listen(ear)
        b.listen(mine)
        body = {"data": {"sdp": "v=0\r\n é", "n": [1, None]}}
        await b.signal(a.node, "customer:ani", body)
        assert await ear.hear_of(Signalled) == Signalled("customer:ani", body)
        await b.signal(b.node, "agent:budi", {})
        assert await mine.hear_of(Signalled) == Signalled("agent:budi", {})
        await b.signal("nobody-1", "agent:budi", {})


class TestJournal:
    async def test_one_entry_per_change_with_its_facts_in_order(self, rig: Rig) -> None:
        store = await rig.open()
        facts = (CallConnected(at=NOW, call="c1", agent="budi", waited_ms=5), CallArchived(at=NOW, call="c0"))
        first = await store.commit(Change(facts=facts))
        second = await store.commit(put(a_call()))
        one, two = await store.journal()
        assert (one.rev, one.facts) == (first.rev, facts)
        assert (two.rev, two.facts) == (second.rev, ())
        assert two.op == second.records["call:c1"].stamp
        assert await store.journal(after=one.id) == (two,)
        assert await store.journal(limit=1) == (one,)

    async def test_entries_from_an_instant_on(self, rig: Rig) -> None:
        store = await rig.open()
        before = store.clock.now() - 60_000
        await store.commit(put(a_call()))
        await trio.sleep(0.03)
        between = store.clock.now() - 10
        await trio.sleep(0.03)
        await store.commit(put(a_call("c2")))
        one, two = await store.journal()
        assert await store.journal(after=str(before)) == (one, two)
        assert await store.journal(after=str(between)) == (two,)
        assert await store.journal(after=str(store.clock.now() + 60_000)) == ()


class TestNodes:
    async def test_a_beat_rises_and_shows_every_node(self, rig: Rig) -> None:
        a, b = await rig.open("a"), await rig.open("b")
        before = await a.beat()
        after = await a.beat()
        assert after[a.node] == before[a.node] + 1
        assert after[b.node] == before[b.node]

    async def test_a_condemned_boot_is_reaped_then_buried(self, rig: Rig) -> None:
        a, b = await rig.open("a"), await rig.open("b")
        (customer,) = await create(b, a_customer(node=b.node))
        token = await lead(a)
        assert await a.condemn(b.node, token) == ("customer:ani",)
        with pytest.raises(Reaped):
            await b.beat()
        with pytest.raises(Reaped):
            await b.commit(put(a_call()))
        assert await a.read(["call:c1"]) == {}
        await a.bury(b.node, token)
        assert (await a.beat())[b.node] == -1
        await a.commit(change(customer, node=""))
        await a.bury(b.node, token)
        assert b.node not in await a.beat()
        with pytest.raises(Reaped):
            await b.beat()
        with pytest.raises(Reaped):
            await b.commit(put(a_call()))

    async def test_only_the_leader_condemns(self, rig: Rig) -> None:
        a, b = await rig.open("a"), await rig.open("b")
        await lead(a)
        for attempt in (b.condemn, b.bury):
            with pytest.raises(Conflict):
                await attempt(a.node, "1:other")
        assert (await a.beat())[a.node] > 0


class TestLead:
    async def test_nobody_leads_then_one_does_and_renews(self, rig: Rig) -> None:
        a, b = await rig.open("a"), await rig.open("b")
        first = await a.lead(None, "A")
        assert (first.mine, first.leader.epoch, first.leader.node, first.silence_ms) == (True, 1, a.node, 0)
        looked = await b.lead(None, "B")
        assert (looked.mine, looked.leader) == (False, first.leader)
        renewed = await a.lead(None, "A")
        assert renewed.leader == evolve(first.leader, beat=first.leader.beat + 1)

    async def test_takeover_needs_exactly_what_is_stored(self, rig: Rig) -> None:
        a, b = await rig.open("a"), await rig.open("b")
        seen = (await a.lead(None, "A")).leader
        current = (await a.lead(None, "A")).leader
        assert not (await b.lead(seen, "B")).mine
        taken = await b.lead(current, "B")
        assert taken.mine
        assert (taken.leader.epoch, taken.leader.node) == (current.epoch + 1, b.node)
        assert taken.silence_ms >= 0
        assert not (await a.lead(None, "A")).mine

    async def test_the_stale_leader_is_fenced(self, rig: Rig) -> None:
        a, b = await rig.open("a"), await rig.open("b")
        old = (await a.lead(None, "A")).leader
        new = (await b.lead(old, "B")).leader
        await b.commit(put(a_call()).guarded(Guard("leader", "token", new.token)))
        with pytest.raises(Conflict) as caught:
            await a.commit(put(a_call("c2")).guarded(Guard("leader", "token", old.token)))
        assert caught.value.guards == (Guard("leader", "token", old.token),)

    async def test_who_resigns_is_followed_at_once_in_a_higher_epoch(self, rig: Rig) -> None:
        a, b = await rig.open("a"), await rig.open("b")
        old = (await a.lead(None, "A")).leader
        await b.resign(evolve(old, nonce="B"))
        assert not (await b.lead(None, "B")).mine
        await a.resign(old)
        with pytest.raises(Conflict):
            await a.commit(put(a_call()).guarded(Guard("leader", "token", old.token)))
        next_one = await b.lead(None, "B")
        assert next_one.mine
        assert next_one.leader.epoch == old.epoch + 1


class TestEras:
    async def test_an_emptied_store_is_a_new_era(self, rig: Rig, ear: Ear) -> None:
        store = await rig.open()
        old_era = store.era
        store.listen(own := Ear())
        await create(store, a_customer(node=store.node))
        async with store.watch(ear):
            own.forget()
            ear.forget()
            rig.empty()
            await own.hear(lambda n: n == Service(True))
            assert own.heard[0] == Service(False)
            assert store.era != old_era
            for listener in (own, ear):
                whole = await listener.hear_of(Resynced)
                assert (whole.era, whole.records) == (store.era, {})
            assert store.available
            await store.beat()
            assert (await store.commit(put(a_call()))).rev == 1
