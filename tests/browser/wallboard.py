"""The wallboard, as a supervisor uses it."""

from typing import ClassVar

from attrs import define
from playwright.sync_api import Locator

from .person import Person
from .soon import expect


@define(eq=False)
class Supervisor(Person):
    ROLE: ClassVar[str] = "supervisor"
    PAGE: ClassVar[str] = "board"
    VIEWPORT: ClassVar[tuple[int, int]] = (1920, 1080)

    def rows(self, grid: str) -> Locator:
        """The rows of "calls" or "agents", without their heads."""
        found = self.page.get_by_role("grid", name=self.text(f"{grid}.title"))
        return found.get_by_role("row").filter(has=self.page.get_by_role("gridcell"), visible=True)

    def sees_line(self, *rows: str) -> None:
        """The calls in line, in their order, by a word that each row has."""
        expect(self.rows("calls")).to_have_count(len(rows))
        for n, text in enumerate(rows):
            expect(self.rows("calls").nth(n)).to_contain_text(text)

    def sees_agent(self, name: str, state: str) -> None:
        row = self.rows("agents").filter(has_text=name)
        expect(row).to_contain_text(str(self.text(f"agent.state.{state}")))

    def opens(self, row: Locator) -> Locator:
        """What a row is about, in full."""
        self.clicks(row)
        card = self.page.get_by_role("dialog")
        expect(card).to_be_visible()
        return card

    def begins(self, row: Locator, command: str) -> Locator:
        """The dialog of a command on what a row is about."""
        self.clicks(self.opens(row).get_by_role("button", name=self.text(f"{command}.open")))
        return self.page.get_by_role("dialog").last

    def confirms(self, dialog: Locator, command: str) -> None:
        dialog.get_by_role("button", name=self.text(f"{command}.go"), exact=True).click()
        expect(dialog).to_be_hidden()
        self.hears(f"{command}.done")
