"""Following a channel, without a channel: every way a message can fail to come in order."""

from typing import Any

import orjson
import pytest

from engine.domain.model import Record, Ref
from engine.domain.news import Changed, Resynced, Signalled
from engine.store.feed import Channel
from engine.store.records import decode

from .people import a_call, a_customer, hashed


def stored(record: Any, version: int = 1, op: str = "other:1") -> Record:
    return decode(record.ref, hashed(record, version, op))


def message(seq: int, rev: int, op: str, *records: Any, gone: tuple[Ref, ...] = ()) -> str:
    hashes: dict[Ref, Any] = {r.ref: hashed(r, r.version or 1, op) for r in records}
    hashes |= dict.fromkeys(gone)
    return f"{seq} {rev} {op} {orjson.dumps(hashes).decode()}"


@pytest.fixture
def told() -> list[Any]:
    return []


@pytest.fixture
def channel(told: list[Any]) -> Channel:
    """A channel whose last message was number 5, at rev 10."""
    channel = Channel("feed", told.append)
    assert channel.snapshot(5, Resynced(10, "e", {}))
    told.clear()
    return channel


def test_messages_in_order_are_news(channel: Channel, told: list[Any]) -> None:
    assert channel.message(message(6, 11, "other:1", a_call()))
    assert channel.message(message(7, 12, "other:2", gone=("call:c1",)))
    assert told == [Changed(11, {"call:c1": stored(a_call())}), Changed(12, {"call:c1": None})]


def test_a_repeated_message_is_none(channel: Channel, told: list[Any]) -> None:
    for _ in range(2):
        assert channel.message(message(6, 11, "other:1", a_call()))
    assert len(told) == 1


def test_a_number_left_out_begins_a_resync_that_keeps_what_comes(channel: Channel, told: list[Any]) -> None:
    assert not channel.message(message(7, 12, "other:2", a_call("c2")))
    assert channel.message(message(8, 13, "other:3", a_call("c3")))
    assert channel.message(message(9, 14, "other:4", a_call("c4")))
    assert told == []
    whole = Resynced(13, "e", {})
    assert channel.snapshot(8, whole)
    assert told == [whole, Changed(14, {"call:c4": stored(a_call("c4"), op="other:4")})]


def test_a_gap_among_what_was_kept_is_seen(channel: Channel, told: list[Any]) -> None:
    channel.begin()
    channel.message(message(9, 14, "other:4", a_call()))
    assert not channel.snapshot(7, Resynced(12, "e", {}))
    assert channel.resyncing


def test_a_last_message_that_never_came_shows_by_its_number(channel: Channel) -> None:
    assert not channel.behind(5)
    assert channel.behind(6)
    channel.message(message(6, 11, "other:1", a_call()))
    assert not channel.behind(6)
    channel.begin()
    assert not channel.behind(9)


def test_an_own_change_is_told_once_ahead_of_its_message(channel: Channel, told: list[Any]) -> None:
    mine = Changed(12, {"call:c1": stored(a_call(), op="me:1")})
    channel.told("me:1", mine)
    assert channel.message(message(6, 11, "other:1", a_call("c2")))
    assert channel.message("7 12 me:1 this is not even looked at")
    assert [n.rev for n in told] == [12, 11]


def test_an_own_change_whose_message_was_faster_is_told_once(channel: Channel, told: list[Any]) -> None:
    channel.message(message(6, 11, "me:1", a_call()))
    channel.told("me:1", Changed(11, {"call:c1": stored(a_call(), op="me:1")}))
    assert len(told) == 1


def test_an_older_message_does_not_undo_an_own_change(channel: Channel, told: list[Any]) -> None:
    """We deleted what another wrote before us, and heard of our own deed first."""
    channel.told("me:1", Changed(12, {"call:c1": None}))
    channel.message(message(6, 11, "other:1", a_call(), a_customer()))
    channel.message("7 12 me:1 {}")
    assert told[1:] == [Changed(11, {"customer:ani": stored(a_customer())})]
    channel.message(message(8, 13, "other:2", a_call()))
    assert told[-1].records["call:c1"] is not None


def test_a_resync_does_not_undo_an_own_change(channel: Channel, told: list[Any]) -> None:
    channel.begin()
    mine = Changed(14, {"call:c1": None})
    channel.told("me:1", mine)
    whole = Resynced(13, "e", {"call:c1": stored(a_call())})
    channel.snapshot(8, whole)
    assert told == [mine, whole, mine]


def test_an_own_change_that_the_resync_contains_is_forgotten(channel: Channel, told: list[Any]) -> None:
    channel.told("me:1", Changed(12, {"call:c1": None}))
    channel.begin()
    channel.snapshot(9, Resynced(12, "e", {}))
    told.clear()
    channel.message(message(10, 13, "other:1", a_call()))
    assert [n.rev for n in told] == [13]


def test_a_new_era_counts_anew(channel: Channel, told: list[Any]) -> None:
    channel.told("me:9", Changed(99, {"call:c1": None}))
    channel.begin()
    channel.forget()
    channel.snapshot(0, Resynced(0, "f", {}))
    assert channel.message(message(1, 1, "other:1", a_call()))
    assert told[-1].rev == 1


def test_a_signal_has_no_number(channel: Channel, told: list[Any]) -> None:
    channel.message('signal customer:ani {"data":"a b c"}')
    assert told == [Signalled("customer:ani", {"data": "a b c"})]
    assert not channel.behind(5)


def test_a_corrupt_record_is_left_out_and_the_others_told(channel: Channel, told: list[Any]) -> None:
    hashes = {"call:c1": {"id": "c1"}, "customer:ani": hashed(a_customer(), 1, "other:1")}
    channel.message(f"6 11 other:1 {orjson.dumps(hashes).decode()}")
    assert told == [Changed(11, {"customer:ani": stored(a_customer())})]


def test_an_own_change_that_a_failover_lost_hides_nothing(channel: Channel, told: list[Any]) -> None:
    """It was answered before the snapshot was asked for, and is not in it."""
    channel.told("me:1", Changed(12, {"call:c1": stored(a_call(queue="lost"), 2, "me:1")}))
    channel.begin()
    told.clear()
    whole = Resynced(10, "e", {"call:c1": stored(a_call())})
    assert channel.snapshot(5, whole)
    assert told == [whole]
    assert channel.message(message(6, 11, "other:1", a_call(version=2)))
    assert told[1:] == [Changed(11, {"call:c1": stored(a_call(), 2, "other:1")})]


def test_a_message_in_place_of_an_own_change_shows_that_it_was_lost(
    channel: Channel, told: list[Any]
) -> None:
    """We were answered after the snapshot of a store that had lost it already."""
    channel.told("me:1", Changed(12, {"call:c1": None}))
    assert channel.message(message(6, 11, "other:1", a_call()))
    assert not channel.message(message(7, 12, "other:2", a_customer()))
    assert channel.resyncing
    told.clear()
    whole = Resynced(12, "e", {"call:c1": stored(a_call())})
    assert channel.snapshot(7, whole)
    assert told == [whole]


def test_a_number_that_went_back_begins_a_resync(channel: Channel, told: list[Any]) -> None:
    assert not channel.message(message(5, 11, "other:1", a_call()))
    assert channel.resyncing
    assert told == []
