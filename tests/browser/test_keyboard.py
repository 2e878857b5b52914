"""Without a mouse: the customer's whole way, and what an agent does all day."""

from .agent_desk import Agent
from .customer_page import Customer
from .house import House
from .soon import expect
from .wallboard import Supervisor


def test_a_customers_whole_way(house: House) -> None:
    sari = house.enter(Agent, "sari", "Sari", queues=["general"])
    sari.goes_ready()
    budi = house.enter(Customer, "budi", "Budi")
    for target in (
        budi.service("General service"),
        budi.button("prepare.devices"),
    ):
        budi.tabs_to(target)
        budi.keys("Enter")
    budi.tabs_to(budi.page.get_by_role("checkbox", name=budi.text("consent.agree")))
    budi.keys("Space")
    budi.tabs_to(budi.button("prepare.ask"))
    budi.keys("Enter")
    sari.accepts()
    budi.is_in_call_with("Sari")
    budi.tabs_to(budi.button("devices.audio.turn_off"))
    budi.keys("Space")
    budi.tabs_to(budi.button("call.hang_up"))
    budi.keys("Enter")
    budi.sees_the_end("completed")
    budi.tabs_to(budi.page.get_by_role("radio", name=budi.text("rating.1")))
    budi.keys("ArrowRight", "ArrowRight", "ArrowRight", "Space")
    budi.tabs_to(budi.button("rating.send"))
    budi.keys("Enter")
    budi.sees("rating.thanks")


def test_an_agents_day_by_single_keys(house: House) -> None:
    sari = house.enter(Agent, "sari", "Sari", queues=["general"])
    budi = house.enter(Customer, "budi", "Budi")
    sari.is_in("not_ready", "login")
    sari.keys("r")
    sari.is_in("ready")
    budi.asks("General service")
    sari.is_offered("Budi")
    sari.answers("d")
    sari.is_in("not_ready", "declined")
    sari.is_offered("Budi")
    sari.answers("a")
    sari.is_in_call_with("Budi")
    sari.keys("m")
    expect(sari.button("call.unmute")).to_be_visible()
    sari.keys("Shift+H")
    sari.is_in_wrap_up()
    sari.tabs_to(sari.page.get_by_role("radio", name="Solved"))
    sari.keys("Space")
    sari.tabs_to(sari.page.get_by_role("textbox", name=sari.text("wrap_up.notes")))
    sari.page.keyboard.type("By keys alone: r, a, d and m are letters here.")
    sari.keys("Control+Enter")
    sari.is_in("ready")


def test_a_key_that_is_pressed_as_the_offer_comes_does_not_take_it(house: House) -> None:
    sari = house.enter(Agent, "sari", "Sari", queues=["general"])
    sari.goes_ready()
    sari.is_in("ready")
    budi = house.enter(Customer, "budi", "Budi")
    budi.asks("General service")
    sari.offer.wait_for()
    sari.keys("d", "a", "Escape", "Enter")
    sari.is_offered("Budi")
    sari.is_in("offered")


def test_an_agent_finds_everything_by_tab(house: House) -> None:
    sari = house.enter(Agent, "sari", "Sari", queues=["general"])
    sari.tabs_to(sari.button("menu.now"))
    sari.keys("Enter", "ArrowDown", "Enter")
    sari.is_in("not_ready", "Break")
    sari.tabs_to(sari.button("idle.go_ready"))
    sari.keys("Enter")
    sari.is_in("ready")
    budi = house.enter(Customer, "budi", "Budi")
    budi.asks("General service")
    sari.is_offered("Budi")
    sari.tabs_to(sari.button("offer.accept"))
    sari.answers("Enter")
    sari.is_in_call_with("Budi")


def test_a_supervisor_reorders_by_the_keyboard(house: House) -> None:
    for name in ("andi", "budi"):
        house.enter(Customer, name).asks("General service")
    board = house.enter(Supervisor, "rina")
    board.sees_line("General service", "General service")
    board.tabs_to(board.page.get_by_role("grid", name=board.text("calls.title")))
    board.keys("ArrowDown", "ArrowDown", "Enter")
    board.tabs_to(board.button("prioritise.open"))
    board.keys("Enter")
    command = board.page.get_by_role("dialog").last
    board.tabs_to(command.get_by_role("spinbutton"))
    board.keys("Control+A")
    board.page.keyboard.type("900")
    board.tabs_to(command.get_by_role("combobox", name=board.text("prioritise.reason")))
    board.page.keyboard.type("comp")
    board.keys("Enter") if command.is_hidden() else None
    board.tabs_to(command.get_by_role("button", name=board.text("prioritise.go"), exact=True))
    board.keys("Enter")
    board.hears("prioritise.done")
    board.sees_line("supervisor", "General service")
