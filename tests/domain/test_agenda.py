"""The agenda: one instant for each ref, the earliest first, of one instant the first put down."""

from hypothesis import given
from hypothesis import strategies as st

from engine.domain.agenda import Agenda

DOINGS = st.lists(st.tuples(st.sampled_from("abcd"), st.none() | st.integers(0, 9)))


@given(DOINGS)
def test_it_holds_the_last_instant_of_each_and_no_other(doings: list[tuple[str, int | None]]) -> None:
    agenda, held = Agenda(), dict[str, int]()
    for ref, at in doings:
        agenda.put(ref, at)
        held.pop(ref, None)
        if at is not None:
            held[ref] = at
        first = agenda.first()
        assert (first and first[0]) == min(held.values(), default=None)
    taken = []
    while (due := agenda.pop_due(9)) is not None:
        taken.append((held.pop(due), due))
    assert held == {}
    assert [at for at, _ in taken] == sorted(at for at, _ in taken)


def test_of_one_instant_first_come_is_first() -> None:
    agenda = Agenda()
    for ref in ("b", "c", "a"):
        agenda.put(ref, 5)
    agenda.put("b", 5)
    assert [agenda.pop_due(5) for _ in range(4)] == ["b", "c", "a", None]


def test_nothing_comes_before_its_time() -> None:
    agenda = Agenda()
    agenda.put("a", 5)
    assert agenda.pop_due(4) is None
    assert agenda.first() == (5, "a")
    agenda.put("a", None)
    assert (agenda.first(), agenda.pop_due(9)) == (None, None)
