"""The customer's page, as a customer uses it: on a phone."""

import re
from typing import Any, ClassVar

from attrs import define
from playwright.sync_api import Locator

from .person import Person
from .soon import expect


@define(eq=False)
class Customer(Person):
    ROLE: ClassVar[str] = "customer"
    PAGE: ClassVar[str] = "customer"
    VIEWPORT: ClassVar[tuple[int, int]] = (390, 844)

    def asks(self, service: str, *, devices: bool = True) -> None:
        """From the choice of a service into its queue; `devices`: with camera and microphone."""
        self.chooses(service)
        if devices:
            self.turns_devices_on()
        self.agrees()
        self.clicks(self.button("prepare.ask").or_(self.button("prepare.ask_bare")))

    def turns_devices_on(self) -> None:
        """Unless they are still on from his last call."""
        on, off = self.button("prepare.ask"), self.button("prepare.devices")
        expect(on.or_(off).filter(visible=True).first).to_be_visible()
        if off.is_visible():
            off.click()
        expect(on).to_be_visible()

    def service(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=re.compile(f"^{name}"))

    def chooses(self, service: str) -> None:
        self.clicks(self.service(service))

    def agrees(self) -> None:
        self.page.get_by_role("checkbox", name=self.text("consent.agree")).check()

    def title(self, key: str, **params: Any) -> str:
        return f"{self.text(key, **params)} · {self.text('customer.title')}"

    def is_in_line(self) -> bool:
        """Whether what he asked for was granted; if not, the queue is full."""
        waits = self.page.get_by_text(str(self.text("waiting.title"))).filter(visible=True).first
        full = self.page.get_by_text(str(self.text("refused.queue_full"))).filter(visible=True).first
        expect(waits.or_(full)).to_be_visible()
        return waits.is_visible()

    def sees_place(self, place: int) -> None:
        self.sees("waiting.title")
        expect(self.page.get_by_text(str(place), exact=True)).to_be_visible()
        if place == 1:
            self.sees("waiting.next")
        else:
            self.sees("waiting.ahead", count=place - 1)

    def sees_that_an_agent_is_alerted(self) -> None:
        expect(self.page.get_by_role("heading", name=self.text("waiting.alerted"))).to_be_visible()

    def is_in_call_with(self, agent: str) -> None:
        expect(self.page.get_by_role("heading", name=agent)).to_be_visible()
        self.sees_moving(agent)

    def hangs_up(self) -> None:
        self.press("call.hang_up")

    def leaves_the_queue(self) -> None:
        self.press("waiting.leave")
        self.press("leave.go")

    def sees_the_end(self, how: str) -> None:
        """`how` is the reason the call ended for."""
        expect(self.page.get_by_role("heading", name=self.text(f"ended.{how}.title"))).to_be_visible()

    def rates(self, score: int, comment: str = "") -> None:
        self.page.get_by_role("radio", name=self.text(f"rating.{score}")).check()
        if comment:
            self.page.get_by_role("textbox").fill(comment)
        self.press("rating.send")
        self.sees("rating.thanks")
