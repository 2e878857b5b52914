"""Where many stories begin: two people who see each other, or a call that rings."""

from typing import Any

from .agent_desk import Agent
from .customer_page import Customer
from .house import House

#: In a page: what the other side offers cannot be taken, until it is mended.
FAILING = """() => {
    const { prototype } = RTCPeerConnection;
    prototype.takes ??= prototype.setRemoteDescription;
    prototype.setRemoteDescription = () => Promise.reject(new Error("no route"));
}"""
MENDED = "() => { RTCPeerConnection.prototype.setRemoteDescription = RTCPeerConnection.prototype.takes; }"


def ringing(
    house: House, service: str = "General service", *, devices: bool = True, **at: Any
) -> tuple[Customer, Agent]:
    """Budi's call rings at Sari's desk."""
    sari = house.enter(Agent, "sari", "Sari", queues=["general", "quick"], **at)
    sari.goes_ready()
    sari.is_in("ready")
    budi = house.enter(Customer, "budi", "Budi", **at)
    budi.asks(service, devices=devices)
    sari.is_offered("Budi")
    return budi, sari


def in_call(house: House, service: str = "General service", **at: Any) -> tuple[Customer, Agent]:
    """Budi and Sari, who see each other."""
    budi, sari = ringing(house, service, **at)
    sari.accepts()
    budi.is_in_call_with("Sari")
    sari.is_in_call_with("Budi")
    return budi, sari
