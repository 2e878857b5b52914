"""Nodes and stores go away in the middle of everything; nobody is left before a page that does not say so."""

import pytest

from .agent_desk import Agent
from .customer_page import Customer
from .house import House
from .meeting import in_call
from .person import Person
from .wallboard import Supervisor


def test_a_killed_nodes_people_go_on_at_another(house: House) -> None:
    one, _two = house.pair(house.store())
    budi, sari = in_call(house, node=one)
    citra = house.enter(Customer, "citra", node=one)
    citra.asks("General service")
    citra.sees_place(1)
    board = house.enter(Supervisor, "rina", node=one)
    board.sees_agent("Sari", "on_call")
    for person in (budi, sari, citra, board):
        person.expects_lost_links()
    one.kill()
    citra.sees_place(1)
    budi.is_in_call_with("Sari")
    sari.is_in_call_with("Budi")
    budi.hangs_up()
    sari.is_in_wrap_up()
    sari.finishes()
    sari.is_offered("citra")
    board.sees_agent("Sari", "offered")


def test_a_lost_link_is_told_with_what_comes_next(house: House) -> None:
    one = house.one
    budi = house.enter(Customer, "budi")
    budi.asks("General service")
    budi.sees_place(1)
    sari = house.enter(Agent, "sari", "Sari", queues=["general"])
    sari.is_in("not_ready", "login")
    for person in (budi, sari):
        person.expects_lost_links()
    one.kill()
    budi.hears("link.lost")
    budi.sees("lost.waiting")
    sari.hears("link.lost")
    one.start()
    budi.sees_place(1)
    sari.hears("link.back")
    budi.sees_no("lost.waiting")
    sari.goes_ready()
    sari.accepts()
    budi.is_in_call_with("Sari")


@pytest.mark.parametrize(
    ("kind", "known_by"),
    [(Customer, "choose.lead"), (Agent, "idle.not_ready.login.text"), (Supervisor, "calls.none")],
)
def test_a_page_that_does_not_learn_where_to_go_asks_again(
    house: House, kind: type[Person], known_by: str
) -> None:
    person = house.enter(kind, "budi", script=_NOWHERE, queues=["general"])
    person.hears("link.connecting")
    person.sees(known_by)


#: What tells where the WebSocket is cannot be reached at first.
_NOWHERE = """
let tries = 0;
const { fetch } = globalThis;
globalThis.fetch = (url, ...how) => {
    const fails = String(url).includes("client.json") && ++tries < 2;
    return fails ? Promise.reject(new TypeError("no route")) : fetch(url, ...how);
};
"""


def test_a_store_that_is_away_is_told_and_what_is_asked_meanwhile_refused(house: House) -> None:
    store = house.store()
    house.pair(store)
    budi, sari = in_call(house)
    citra = house.enter(Customer, "citra")
    citra.asks("General service")
    citra.sees_place(1)
    board = house.enter(Supervisor, "rina")
    board.sees_line(str(board.text("call.state.waiting")))
    store.kill()
    for person in (budi, sari, citra):
        person.hears("link.unavailable")
    board.hears("link.unavailable")
    budi.sees_moving("Sari")  # what they send each other does not go through the store
    store.__enter__()
    for person in (budi, sari, citra, board):
        person.sees_no("link.unavailable")
    citra.sees_place(1)
    budi.hangs_up()
    sari.is_in_wrap_up()


def test_a_drained_nodes_people_are_moved_before_it_goes(house: House) -> None:
    one, _two = house.pair(house.store())
    budi = house.enter(Customer, "budi", node=one)
    budi.asks("General service")
    budi.sees_place(1)
    budi.expects_lost_links()
    one.stop()
    budi.sees_place(1)
    sari = house.enter(Agent, "sari", "Sari", node=house.nodes[1], queues=["general"])
    sari.goes_ready()
    sari.accepts()
    budi.is_in_call_with("Sari")


def test_an_agent_who_does_not_come_back_is_replaced(house: House) -> None:
    house.node(timings='call_grace = "2s"')
    budi, sari = in_call(house)
    sari.page.close()
    budi.sees("peer.lost", agent="Sari")
    budi.sees("requeued.agent_lost")
    budi.sees_place(1)
    dewi = house.enter(Agent, "dewi", "Dewi", queues=["general"])
    dewi.goes_ready()
    dewi.accepts()
    budi.is_in_call_with("Dewi")


def test_a_customer_who_does_not_come_back_ends_the_call(house: House) -> None:
    house.node(timings='call_grace = "2s"')
    budi, sari = in_call(house)
    budi.page.close()
    sari.sees("call.away", name="Budi")
    sari.is_in_wrap_up()
    sari.sees("wrap_up.how.customer_lost", name="Budi")
