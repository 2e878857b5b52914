"""The agent's desk, as an agent uses it."""

from typing import ClassVar

from attrs import define
from playwright.sync_api import Locator

from .person import Person
from .soon import expect

#: The keyboard has to have been quiet for somewhat less before a key counts as an answer.
QUIET_MS = 700


@define(eq=False)
class Agent(Person):
    ROLE: ClassVar[str] = "agent"
    PAGE: ClassVar[str] = "agent"

    @property
    def offer(self) -> Locator:
        return self.page.get_by_role("alertdialog", name=self.text("offer.title"))

    def goes_ready(self) -> None:
        self.press("idle.go_ready")

    def is_in(self, state: str, reason: str | None = None) -> None:
        """What the bar says of his state; `reason` is one of the engine's own, or the bank's word for it."""
        said = self.text(f"state.{state}")
        if reason is not None:
            because = self.text(f"reason.{reason}") if self.knows(f"reason.{reason}") else reason
            said = self.text("state.because", state=said, reason=because)
        expect(self.page.get_by_role("banner").get_by_role("status").first).to_have_text(said)

    def chooses_state(self, text: str, menu: str = "menu.now") -> None:
        """From the menu of states, by what it says."""
        self.press(menu)
        self.clicks(self.page.get_by_role("menuitemradio", name=text, exact=True))

    def is_offered(self, customer: str) -> None:
        expect(self.offer).to_contain_text(customer)

    def is_offered_nothing(self) -> None:
        expect(self.offer).to_be_hidden()

    def accepts(self) -> None:
        self.clicks(self.offer.get_by_role("button", name=self.text("offer.accept")))

    def declines(self) -> None:
        self.clicks(self.offer.get_by_role("button", name=self.text("offer.decline")))

    def answers(self, key: str) -> None:
        """The offer, by a key: one that comes with the offer was not meant for it, so it takes a moment."""

        def answered() -> bool:
            if self.offer.is_visible():
                self.page.wait_for_timeout(QUIET_MS)
                self.keys(key)
            return not self.offer.is_visible()

        self.waits_for(answered, f"its offer taken by {key}")

    def is_in_call_with(self, customer: str) -> None:
        self.is_in("on_call")
        expect(self.page.get_by_role("heading", name=customer)).to_be_visible()
        self.sees_moving(customer)

    def hangs_up(self) -> None:
        self.press("call.hang_up")

    def is_in_wrap_up(self) -> None:
        self.is_in("wrap_up")
        expect(self.page.get_by_role("heading", name=self.text("wrap_up.title"))).to_be_visible()

    def finishes(self, disposition: str = "", notes: str = "", next: str = "") -> None:
        """The wrap-up; `next` is what he will be, unless he will be ready."""
        if disposition:
            self.page.get_by_role("radio", name=disposition).check()
        if notes:
            self.page.get_by_role("textbox", name=self.text("wrap_up.notes")).fill(notes)
        self.press("wrap_up.finish", next=next or self.text("state.ready"))

    def passes_on(self, to: str, note: str = "") -> None:
        """The call, to a queue or a colleague."""
        self.press("call.transfer")
        dialog = self.page.get_by_role("dialog", name=self.text("transfer.title"))
        dialog.get_by_role("radio", name=to).check()
        if note:
            dialog.get_by_role("textbox", name=self.text("transfer.note")).fill(note)
        dialog.get_by_role("button", name=self.text("transfer.go")).click()
        expect(dialog).to_be_hidden()

    def has_figure(self, figure: str, value: str) -> None:
        """One of today's, as the bar shows them."""
        shown = self.page.get_by_role("banner").locator("dl > div")
        expect(shown.filter(has_text=self.text(f"figures.{figure}")).get_by_role("definition")).to_have_text(
            value
        )
