"""commit.lua where the contract does not reach: its arguments, its receipts, its numbers, its refusals."""

from typing import Any

import pytest
import redis

from engine.domain.change import Change, Guard
from engine.domain.lifecycle import CallState
from engine.domain.model import BAND
from engine.store.operation import ACKNOWLEDGED, Operation, operation
from engine.store.scripts import script

from .people import NOW, a_call, a_customer, put
from .rig import KINDS, Rig

pytestmark = pytest.mark.parametrize("rig", KINDS[1:], indirect=True)


@pytest.fixture
async def store(rig: Rig) -> Any:
    return await rig.open()


def op(store: Any, change: Change, n: int = 1, **fields: Any) -> Operation:
    given = {"boot": "raw", "node": store.node, "era": store.era, **fields}
    return operation(change, n=n, **given)


def run(rig: Rig, sent: Operation) -> Any:
    return script("commit").run(rig.client, rig.keys.prefix, *sent.args)


def everything(rig: Rig) -> dict[str, Any]:
    """The pool as it lies in Redis."""
    keys = sorted(rig.client.scan_iter(rig.keys.of("*").replace("{", "\\{"), count=1000))
    return {key: rig.client.dump(key) for key in keys if not key.endswith(":nodes")}


async def test_arguments_that_do_not_add_up_change_nothing(rig: Rig, store: Any) -> None:
    sound = op(store, put(a_call(), a_customer()).guarded(Guard("call:c9", "state", None))).args
    before = everything(rig)
    broken = [sound[:cut] for cut in range(8, len(sound))] + [[*sound, "more"]]
    for at, value in ((3, "one"), (3, "1.5"), (8, "x"), (8, "99"), (8, "-1"), (12, "1e3")):
        broken.append([*sound[:at], value, *sound[at + 1 :]])
    for args in broken:
        with pytest.raises(redis.ResponseError):
            script("commit").run(rig.client, rig.keys.prefix, *args)
    assert everything(rig) == before
    assert script("commit").run(rig.client, rig.keys.prefix, *sound) == ["ok", "1"]


@pytest.mark.parametrize("score", ["nan", "inf", "1.5", "", "1 2"])
async def test_a_score_that_is_no_integer_changes_nothing(rig: Rig, store: Any, score: str) -> None:
    sent = op(store, put(a_call()))
    sent.args[sent.args.index(str(NOW + 60_000))] = score
    before = everything(rig)
    with pytest.raises(redis.ResponseError):
        run(rig, sent)
    assert everything(rig) == before


async def test_a_record_written_twice_is_refused(rig: Rig, store: Any) -> None:
    sent = op(store, put(a_call(), a_customer()))
    sent.args[sent.args.index("customer:ani")] = "call:c1"
    before = everything(rig)
    with pytest.raises(redis.ResponseError):
        run(rig, sent)
    assert everything(rig) == before


@pytest.mark.parametrize("name", ["call:c1", "waiting:general", "deadlines"])
async def test_a_key_of_the_wrong_type_changes_nothing(rig: Rig, store: Any, name: str) -> None:
    rig.client.set(rig.keys.of(name), "poison")
    before = everything(rig)
    with pytest.raises(redis.ResponseError):
        run(rig, op(store, put(a_customer(), a_call())))
    assert everything(rig) == before


async def test_another_era_is_refused_before_anything_else(rig: Rig, store: Any) -> None:
    assert run(rig, op(store, put(a_call()), era="other", node="nobody-1")) == ["era"]
    assert await store.read(["call:c1"]) == {}


async def test_an_unknown_node_is_reaped(rig: Rig, store: Any) -> None:
    assert run(rig, op(store, put(a_call()), node="nobody-1")) == ["reaped"]


async def test_a_receipt_is_given_again_even_to_the_reaped(rig: Rig, store: Any) -> None:
    sent = op(store, put(a_call()))
    assert run(rig, sent) == ["ok", "1"]
    rig.client.hset(rig.keys.of("nodes"), store.node, "-1")
    assert run(rig, sent) == ["again", "1"]


async def test_acknowledged_receipts_are_dropped_whatever_becomes_of_the_change(rig: Rig, store: Any) -> None:
    for n in (1, 2, 3):
        run(rig, op(store, Change(), n))
    conflicting = op(store, Change(guards=(Guard("call:c1", "state", "ended"),)), 4)
    conflicting.args[ACKNOWLEDGED] = "1 3"
    assert run(rig, conflicting)[0] == "conflict"
    assert rig.client.hgetall(rig.keys.of("ops:raw")) == {"2": "2"}


async def test_a_running_store_keeps_few_receipts(rig: Rig, store: Any) -> None:
    for _ in range(20):
        await store.commit(Change())
    kept = rig.keys.of("ops:" + store.node.rpartition("-")[2])
    assert rig.client.hlen(kept) == 1


async def test_large_numbers_keep_every_digit(rig: Rig, store: Any) -> None:
    rig.client.set(rig.keys.of("rev"), "123456789012344")
    rig.client.set(rig.keys.of("seq:feed"), "987654321098764")
    due = 1_999_999_999_999
    receipt = await store.commit(put(a_call(due_at=due, band=9)))
    assert receipt.rev == 123_456_789_012_345
    assert await store.index("waiting:general") == {"call:c1": due - 9 * BAND}
    assert rig.client.get(rig.keys.of("seq:feed")) == "987654321098765"


async def test_the_hash_lies_there_as_the_schema_says(rig: Rig, store: Any) -> None:
    await store.commit(put(a_call()))
    held = rig.client.hgetall(rig.keys.of("call:c1"))
    assert held["state"] == CallState.WAITING.value
    assert held["in"] == "waiting:general deadlines"
    assert rig.client.smembers(rig.keys.of("records")) == {"call:c1"}
    assert all(key.startswith(f"giliran:{{{rig.pool}}}:") for key in everything(rig))


async def test_ids_that_look_like_patterns_or_arguments_are_only_ids(rig: Rig, store: Any) -> None:
    names = ["*", "a b", "0", "-1", "{x}", "'", "\r\n", "é", "\0"]
    await store.commit(put(*(a_customer(name, name=name, node=store.node) for name in names)))
    refs = [f"customer:{name}" for name in names]
    assert set(await store.read(refs)) == set(refs)
    assert set(await store.index("customers")) == set(refs)
