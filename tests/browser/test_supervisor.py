"""The wallboard shows what happens as it happens, and what a supervisor commands happens to the people."""

import re

from engine.domain.limits import SOCKETS_PER_IDENTITY

from .agent_desk import Agent
from .customer_page import Customer
from .house import House
from .meeting import in_call, ringing
from .soon import expect
from .wallboard import Supervisor


def test_a_call_goes_across_the_board(house: House) -> None:
    board = house.enter(Supervisor, "rina")
    board.sees("calls.none")
    board.sees("agents.none")
    budi, sari = ringing(house)
    board.sees_line(f"offered to {sari.name}")
    board.sees_agent("Sari", "offered")
    sari.accepts()
    board.sees_agent("Sari", "on_call")
    board.sees_line()
    board.sees("calls.none")
    assigned = board.page.get_by_role("list", name=board.text("assigned.title")).get_by_role("button")
    expect(assigned).to_contain_text(["Sari"])
    assigned.click()
    board.sees("why.select.longest_idle")
    board.press("close")
    budi.hangs_up()
    sari.is_in_wrap_up()
    board.sees_agent("Sari", "wrap_up")
    sari.finishes()
    board.sees_agent("Sari", "ready")


def test_an_agent_who_does_not_answer_is_an_alarm_that_leads_to_him(house: House) -> None:
    board = house.enter(Supervisor, "rina")
    board.sees("alarm.none")
    _, sari = ringing(house, "Quick service")
    sari.is_in("not_ready", "no_answer")
    alarm = board.button("alarm.no_answer", count=1, name="Sari")
    expect(alarm).to_be_visible()
    board.hears("alarm.no_answer", count=1, name="Sari")
    alarm.click()
    board.keys("Enter")
    expect(board.page.get_by_role("dialog", name="Sari")).to_contain_text(str(board.text("reason.no_answer")))


def test_a_prioritised_call_moves_for_the_customer_too(house: House) -> None:
    first, second = house.enter(Customer, "andi"), house.enter(Customer, "budi")
    first.asks("General service")
    first.sees_place(1)
    second.asks("Loans")
    second.sees_place(1)
    third = house.enter(Customer, "citra")
    third.asks("General service")
    third.sees_place(2)
    board = house.enter(Supervisor, "rina")
    board.sees_line("General service", "Loans", "General service")
    command = board.begins(board.rows("calls").nth(2), "prioritise")
    command.get_by_role("spinbutton").fill("600")
    command.get_by_role("combobox", name=board.text("prioritise.reason")).select_option(
        label=board.text("prioritise.reason.vulnerable")
    )
    expect(command).to_contain_text("from place 2 to place 1 of 2")
    board.confirms(command, "prioritise")
    third.sees_place(1)
    first.sees_place(2)
    second.sees_place(1)
    board.sees_line("supervisor", "General service", "Loans")


def test_a_paused_queue_takes_nobody_new_and_serves_who_waits(house: House) -> None:
    first, second = house.enter(Customer, "andi"), house.enter(Customer, "budi")
    first.asks("General service")
    second.chooses("General service")
    board = house.enter(Supervisor, "rina")
    board.press("queue.pause.label", queue="General service")
    board.confirms(board.page.get_by_role("dialog"), "pause")
    second.press("prepare.devices")
    second.agrees()
    second.press("prepare.ask")
    second.hears("refused.queue_closed")
    first.sees_place(1)
    sari = house.enter(Agent, "sari", "Sari", queues=["general"])
    sari.goes_ready()
    sari.accepts()
    first.is_in_call_with("Sari")
    board.press("queue.resume.label", queue="General service")
    board.confirms(board.page.get_by_role("dialog"), "resume")
    second.press("prepare.ask")
    second.sees_place(1)


def test_a_call_is_given_to_the_agent_the_supervisor_names(house: House) -> None:
    andi = house.enter(Customer, "andi")
    andi.asks("General service")
    sari = house.enter(Agent, "sari", "Sari", queues=["loans"])
    sari.goes_ready()
    sari.is_in("ready")
    board = house.enter(Supervisor, "rina")
    command = board.begins(board.rows("calls").first, "assign")
    command.get_by_role("combobox").select_option(label="Sari")
    board.confirms(command, "assign")
    sari.is_offered("andi")
    sari.is_offered(str(sari.text("why.supervisor")))
    sari.accepts()
    andi.is_in_call_with("Sari")


def test_a_supervisor_ends_a_call_that_waits_and_one_that_runs(house: House) -> None:
    budi, sari = in_call(house)
    citra = house.enter(Customer, "citra")
    citra.asks("Loans")
    citra.sees_place(1)
    board = house.enter(Supervisor, "rina")
    board.confirms(board.begins(board.rows("calls").first, "end"), "end")
    citra.sees_the_end("cancelled")
    card = board.opens(board.rows("agents").filter(has_text="Sari"))
    card.get_by_role("button", name=board.text("agent.see_call")).click()
    board.press("end.open")
    board.confirms(board.page.get_by_role("dialog").last, "end")
    budi.sees_the_end("cancelled")
    sari.is_in_wrap_up()


def test_a_supervisor_sets_an_agents_state_and_queues(house: House) -> None:
    sari = house.enter(Agent, "sari", "Sari", queues=["general"])
    sari.goes_ready()
    sari.is_in("ready")
    board = house.enter(Supervisor, "rina")
    row = board.rows("agents").filter(has_text="Sari")
    command = board.begins(row, "set_skills")
    command.get_by_role("checkbox", name="General service").uncheck()
    command.get_by_role("checkbox", name="Loans").check()
    board.confirms(command, "set_skills")
    andi = house.enter(Customer, "andi")
    andi.asks("Loans")
    sari.is_offered("andi")
    sari.declines()
    command = board.begins(row, "set_state")
    command.get_by_role("combobox").first.select_option(label=board.text("agent.state.not_ready"))
    command.get_by_role("combobox").nth(1).select_option(label="Training")
    board.confirms(command, "set_state")
    sari.is_in("not_ready", "Training")


def test_a_board_that_missed_a_frame_reads_everything_anew(house: House) -> None:
    board = house.enter(Supervisor, "rina", script=_DEAF)
    board.sees("calls.none")
    board.page.evaluate("() => { globalThis.deaf = true; }")
    andi = house.enter(Customer, "andi")
    andi.asks("General service")
    andi.sees_place(1)
    board.waits_for(lambda: board.page.evaluate("() => missed > 0"), "a frame that it does not get")
    board.page.evaluate("() => { globalThis.deaf = false; }")
    budi = house.enter(Customer, "budi")
    budi.asks("Loans")
    board.sees_line("General service", "Loans")


def test_figures_are_old_for_as_long_as_the_store_is_away(house: House) -> None:
    """Time changes figures even then: what comes meanwhile does not make them new."""
    board = house.enter(Supervisor, "rina", script=_TOLD)
    board.sees("calls.none")
    board.page.evaluate("() => tell({ type: 'service', available: false, retry_ms: 1000 })")
    as_of = board.page.get_by_text(re.compile(str(board.text("board.as_of", at="")).strip()))
    expect(as_of).to_be_visible()
    andi = house.enter(Customer, "andi")
    andi.asks("General service")
    board.sees_line("General service")
    board.page.wait_for_timeout(1_100)  # a second is drawn
    expect(as_of).to_be_visible()
    board.page.evaluate("() => tell({ type: 'service', available: true })")
    expect(as_of).to_be_hidden()


#: `tell` is the server's voice too.
_TOLD = """
const { set } = Object.getOwnPropertyDescriptor(WebSocket.prototype, "onmessage");
Object.defineProperty(WebSocket.prototype, "onmessage", {
    set(hear) {
        globalThis.tell = (frame) => hear({ data: JSON.stringify(frame) });
        set.call(this, hear);
    },
});
"""

#: While `deaf`, deltas do not reach the page.
_DEAF = """
globalThis.deaf = false;
globalThis.missed = 0;
const { set } = Object.getOwnPropertyDescriptor(WebSocket.prototype, "onmessage");
Object.defineProperty(WebSocket.prototype, "onmessage", {
    set(hear) {
        set.call(this, (event) => {
            if (deaf && event.data.includes("board.delta")) missed += 1;
            else hear(event);
        });
    },
});
"""


def test_a_board_too_many_says_so_and_waits_until_another_is_closed(house: House) -> None:
    boards = [house.enter(Supervisor, "rina") for _ in range(SOCKETS_PER_IDENTITY)]
    for board in boards:
        board.sees("calls.none")
    sixth = house.enter(Supervisor, "rina")
    sixth.hears("link.crowded")
    sixth.sees_no("link.lost")
    link = sixth.page.locator(".banner-count")
    expect(link).to_have_text(re.compile(r"\b(1[0-9]|2[0-9]|30) "))
    boards[0].page.close()
    sixth.press("link.do.retry")
    sixth.sees("calls.none")
    sixth.sees_no("link.crowded")
