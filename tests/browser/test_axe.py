"""axe finds nothing grave on any page in any main state, by day in English and by night in Indonesian."""

from collections.abc import Callable

import pytest

from . import states
from .axe import violations
from .house import House

LOOKS = ({"scheme": "light", "language": "en"}, {"scheme": "dark", "language": "id"})


@pytest.mark.parametrize("look", LOOKS, ids=["light", "dark"])
@pytest.mark.parametrize(
    "of_page", [states.of_customer, states.of_agent, states.of_board, states.of_failing_video]
)
def test_no_state_keeps_anybody_out(
    house: House, of_page: Callable[..., states.States], look: dict[str, str]
) -> None:
    found = {name: violations(person.page) for name, person in of_page(house, **look)}
    assert len(found) >= 2
    assert not {name: what for name, what in found.items() if what}
