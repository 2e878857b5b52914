"""`match` against the plain oracle: the same offers in the same order, now and whenever time changes them."""

import random
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.domain.board import Board
from engine.domain.matching import Matching, match
from engine.domain.model import Agent, Call, Ref

from . import oracle
from .worlds import NOW, World, world, worlds

EXAMPLES = settings(max_examples=400, deadline=None)


def board_of(world: World, now: int, records: Sequence[Call | Agent] | None = None) -> Board:
    board = Board(world.policy)
    for record in world.records if records is None else records:
        board.put(record.ref, record, now)
    return board


def offers(matching: Matching) -> oracle.Offers:
    return [(p.call.id, p.agent.id) for p in matching.proposals]


@EXAMPLES
@given(worlds)
def test_the_same_offers_in_the_same_order(world: World) -> None:
    assert offers(match(board_of(world, NOW), NOW)) == oracle.propose(
        world.calls, world.agents, world.policy, NOW
    )


@EXAMPLES
@given(worlds, st.integers(0, 2**32))
def test_the_order_of_input_does_not_matter(world: World, seed: int) -> None:
    shuffled = random.Random(seed).sample(world.records, len(world.records))
    assert match(board_of(world, NOW, shuffled), NOW) == match(board_of(world, NOW), NOW)


@EXAMPLES
@given(worlds)
def test_nobody_is_offered_twice_and_no_able_pair_is_left(world: World) -> None:
    made = offers(match(board_of(world, NOW), NOW))
    assert len({c for c, _ in made}) == len({a for _, a in made}) == len(made)
    held = {f"call:{c}" for c, _ in made} | {f"agent:{a}" for _, a in made}
    assert oracle.propose(world.calls, world.agents, world.policy, NOW, held) == []


@EXAMPLES
@given(worlds, st.data())
def test_what_is_held_is_not_offered_until_released(world: World, data: st.DataObject) -> None:
    refs = [r.ref for r in world.records]
    held: list[Ref] = data.draw(st.lists(st.sampled_from(refs), unique=True)) if refs else []
    board = board_of(world, NOW)
    board.hold(held)
    first = match(board, NOW)
    assert offers(first) == oracle.propose(world.calls, world.agents, world.policy, NOW, held)
    board.release([r for p in first.proposals for r in (p.call.ref, p.agent.ref)], NOW)
    board.release(held, NOW)
    assert offers(match(board, NOW)) == oracle.propose(world.calls, world.agents, world.policy, NOW)


@EXAMPLES
@given(worlds)
def test_who_rests_is_offered_again_when_the_rest_ends(world: World) -> None:
    board = board_of(world, NOW)
    resting = [r.ref for r in world.records]
    board.hold(resting, NOW + 250)
    first = match(board, NOW)
    assert offers(first) == []
    assert not resting or first.wake_at is not None
    assert first.wake_at is None or first.wake_at <= NOW + 250
    assert offers(match(board, NOW + 250)) == oracle.propose(
        world.calls, world.agents, world.policy, NOW + 250
    )


@EXAMPLES
@given(worlds)
def test_it_wakes_no_later_than_time_alone_makes_an_offer_possible(world: World) -> None:
    board = board_of(world, NOW)
    found = match(board, NOW)
    held = [r for p in found.proposals for r in (p.call.ref, p.agent.ref)]
    for at in range(NOW, NOW + 8_000, 250):
        expected = oracle.propose(world.calls, world.agents, world.policy, at, held)
        if expected:
            assert found.wake_at is not None
            assert found.wake_at <= at
            break
    wakes = 0
    while found.wake_at is not None and wakes < 50:
        wakes, at = wakes + 1, found.wake_at
        found = match(board, at)
        assert offers(found) == oracle.propose(world.calls, world.agents, world.policy, at, held)
        held += [r for p in found.proposals for r in (p.call.ref, p.agent.ref)]
        assert found.wake_at is None or found.wake_at > at


@EXAMPLES
@given(worlds, st.data())
def test_one_decision_at_a_time_leads_to_the_same_as_one_pass(world: World, data: st.DataObject) -> None:
    """With every record known, releasing a made offer and matching again makes no other offer."""
    board = board_of(world, NOW)
    made = match(board, NOW).proposals
    if not made:
        return
    given_back = data.draw(st.sampled_from(made))
    board.release((given_back.call.ref, given_back.agent.ref), NOW)
    [again] = match(board, NOW).proposals
    assert (again.call, again.agent) == (given_back.call, given_back.agent)


@EXAMPLES
@given(worlds)
def test_the_first_in_line_never_waits_for_a_later_one(world: World) -> None:
    """Of two calls the same agent may take, the one with the smaller score gets him."""
    made = dict(offers(match(board_of(world, NOW), NOW)))
    by_id = {a.id: a for a in world.agents}
    taken = {c.id: c for c in world.calls if c.id in made}
    for call in world.calls:
        if call.id in made or not oracle.offerable(call, NOW):
            continue
        for other in taken.values():
            if (call.score, call.id) < (other.score, other.id):
                agent = by_id[made[other.id]]
                assert not oracle.may_take(agent, call, world.agents, world.policy, NOW)


def test_the_worlds_are_rich() -> None:
    """Were they too poor, every property above would hold of nothing."""
    found = [world(seed, calls=9, agents=7) for seed in range(300)]
    made = [oracle.propose(w.calls, w.agents, w.policy, NOW) for w in found]
    assert sum(len(offers) >= 3 for offers in made) > 100
    later = [oracle.propose(w.calls, w.agents, w.policy, NOW + 1_500) for w in found]
    assert sum(a != b for a, b in zip(made, later, strict=True)) > 50
