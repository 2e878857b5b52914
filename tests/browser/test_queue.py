"""In line: the place moves as others come and go, and a service that takes nobody says so."""

from .agent_desk import Agent
from .customer_page import Customer
from .house import House
from .soon import expect


def test_the_place_moves_as_others_leave(house: House) -> None:
    first, second, third = (house.enter(Customer, name) for name in ("andi", "budi", "citra"))
    for place, person in enumerate((first, second, third), 1):
        person.asks("General service")
        person.sees_place(place)
    first.leaves_the_queue()
    first.sees_the_end("abandoned")
    second.sees_place(1)
    third.sees_place(2)
    expect(third.page).to_have_title(third.title("title.waiting", position=2))
    sari = house.enter(Agent, "sari", "Sari", queues=["general"])
    sari.goes_ready()
    sari.accepts()
    second.is_in_call_with("Sari")
    third.sees_place(1)


def test_who_counts_as_having_come_earlier_goes_before(house: House) -> None:
    first = house.enter(Customer, "andi")
    first.asks("General service")
    first.sees_place(1)
    second = house.enter(Customer, "budi", tier="priority")
    second.asks("General service")
    second.sees_place(1)
    first.sees_place(2)


def test_a_full_service_takes_nobody_and_says_so(house: House) -> None:
    first, second = house.enter(Customer, "andi"), house.enter(Customer, "budi")
    first.asks("Tiny service")
    first.sees_place(1)
    second.asks("Tiny service")
    second.hears("refused.queue_full")
    second.press("prepare.other")
    second.sees("choose.lead")
    first.leaves_the_queue()
    second.asks("Tiny service")
    for _ in range(5):  # how many wait is told to every node once a second
        if second.is_in_line():
            break
        second.press("prepare.other")
        second.asks("Tiny service")
    second.sees_place(1)


def test_a_closed_service_is_shown_as_closed(house: House) -> None:
    budi = house.enter(Customer, "budi")
    shut = budi.service("Shut service")
    expect(shut).to_contain_text(str(budi.text("choose.closed")))
    expect(shut).to_be_disabled()
    shut.click(force=True)
    budi.sees("choose.lead")


def test_nobody_is_asked_for_without_consent(house: House) -> None:
    budi = house.enter(Customer, "budi")
    budi.chooses("General service")
    budi.press("prepare.ask_bare")
    budi.hears("consent.missing")
    budi.agrees()
    budi.press("prepare.ask_bare")
    budi.sees_place(1)


def test_who_waits_for_too_long_is_told_so(house: House) -> None:
    budi = house.enter(Customer, "budi")
    budi.asks("Brief service")
    budi.sees_the_end("expired")
    budi.sees("ended.expired.text")


def test_who_changes_his_mind_keeps_his_place(house: House) -> None:
    budi = house.enter(Customer, "budi")
    budi.asks("General service")
    budi.press("waiting.leave")
    budi.press("leave.stay")
    budi.sees_place(1)
