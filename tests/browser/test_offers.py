"""Who does not take a call is not waited for: it rings at the next desk, and the customer keeps his place."""

from .agent_desk import Agent
from .customer_page import Customer
from .house import House
from .meeting import ringing


def test_declined_it_rings_at_the_next_desk(house: House) -> None:
    budi, sari = ringing(house)
    dewi = house.enter(Agent, "dewi", "Dewi", queues=["general"])
    dewi.goes_ready()
    dewi.is_in("ready")
    sari.declines()
    sari.is_in("not_ready", "declined")
    dewi.is_offered("Budi")
    dewi.accepts()
    budi.is_in_call_with("Dewi")
    sari.is_in("ready")


def test_declined_with_nobody_else_the_customer_waits_and_is_told(house: House) -> None:
    budi, sari = ringing(house)
    sari.declines()
    budi.sees("requeued.no_agent")
    budi.sees_place(1)
    sari.is_offered("Budi")  # nobody else is logged in, so after a rest he is asked again
    budi.sees_that_an_agent_is_alerted()


def test_not_answered_it_rings_at_the_next_desk(house: House) -> None:
    budi, sari = ringing(house, "Quick service")
    dewi = house.enter(Agent, "dewi", "Dewi", queues=["quick"])
    dewi.goes_ready()
    sari.is_in("not_ready", "no_answer")
    sari.sees("idle.not_ready.no_answer.title")
    sari.has_figure("no_answer", "1")
    dewi.is_offered("Budi")
    dewi.accepts()
    budi.is_in_call_with("Dewi")
    sari.goes_ready()
    sari.is_in("ready")


def test_the_customer_leaves_while_it_rings(house: House) -> None:
    budi, sari = ringing(house)
    budi.leaves_the_queue()
    budi.sees_the_end("abandoned")
    sari.is_offered_nothing()
    sari.is_in("ready")
    sari.sees("news.offer.rescinded", name="Budi")


def test_the_customers_page_is_closed_while_it_rings(house: House) -> None:
    budi, sari = ringing(house)
    budi.page.close()
    sari.is_offered_nothing()
    sari.is_in("ready")


def test_an_offer_says_who_calls_and_why_it_came_here(house: House) -> None:
    sari = house.enter(Agent, "sari", "Sari", queues=["general"])
    budi = house.enter(Customer, "budi", "Budi Santoso", tier="priority")
    budi.asks("General service")
    sari.goes_ready()
    sari.is_offered("Budi Santoso")
    for text in ("Priority", "General service", str(sari.text("why.title"))):
        sari.is_offered(text)
    sari.is_offered("1 min 30 sec")  # ahead of its arrival, by its tier
