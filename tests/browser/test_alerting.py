"""An agent who looks elsewhere is alerted: by title and icon of the tab, and by a notification."""

from typing import Any

from .agent_desk import Agent
from .customer_page import Customer
from .house import House
from .soon import expect

#: His tab is behind another, and he allowed notifications, which are kept here.
_ELSEWHERE = """
globalThis.told = [];
Object.defineProperty(document, "hidden", { get: () => true });
globalThis.Notification = class extends EventTarget {
    static permission = "granted";
    constructor(title, options) { super(); told.push({ title, ...options }); }
    close() { told.pop(); }
};
"""
_ICON = "() => document.querySelector('link[rel=icon]').getAttribute('href')"


def test_an_offer_reaches_an_agent_in_another_tab(house: House) -> None:
    sari = house.enter(Agent, "sari", "Sari", script=_ELSEWHERE, queues=["general"])
    sari.goes_ready()
    sari.is_in("ready")
    quiet = sari.page.evaluate(_ICON)
    budi = house.enter(Customer, "budi", "Budi")
    budi.asks("General service")
    expect(sari.page).to_have_title(sari.text("offer.alert"))
    assert sari.page.evaluate(_ICON) != quiet
    [notification] = _told(sari)
    assert notification["body"] == sari.text("offer.alert_body", queue="General service")
    assert "Budi" not in str(notification)
    budi.leaves_the_queue()
    sari.is_in("ready")
    expect(sari.page).to_have_title(sari.text("title", state=sari.text("state.ready")))
    assert sari.page.evaluate(_ICON) == quiet
    assert not _told(sari)


def _told(agent: Agent) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = agent.page.evaluate("() => told")
    return told
