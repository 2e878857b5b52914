"""A person at a browser of his own: what he sees, presses and types, all of it by role and name.

What there is to read he knows by the key of its text, in his own language, so one story holds in both.
"""

import time
from collections.abc import Callable
from typing import Any, ClassVar

from attrs import define
from playwright.sync_api import BrowserContext, Locator, Page

from .launch import PATIENCE_MS
from .soon import expect
from .texts import Words, catalogue, words
from .watch import Watch

_FRAMES = """(video) =>
    video.videoWidth && !video.paused ? video.getVideoPlaybackQuality().totalVideoFrames : 0"""
#: A picture moves when so many more frames were shown: more than a first picture that froze.
_MOVES = 3


@define(eq=False)
class Person:
    """Signed in at his page by a link, as a bank's own site would send him there."""

    ROLE: ClassVar[str] = ""
    PAGE: ClassVar[str] = ""  #: its path, and its catalogue
    VIEWPORT: ClassVar[tuple[int, int]] = (1280, 800)

    sub: str
    name: str
    language: str
    context: BrowserContext
    page: Page
    watch: Watch

    def text(self, key: str, **params: Any) -> Words:
        """As his page says it; see `words`."""
        return words(self.language, self.PAGE, key, **params)

    def knows(self, key: str) -> bool:
        return key in catalogue(self.language, self.PAGE)

    def button(self, key: str, **params: Any) -> Locator:
        return self.page.get_by_role("button", name=self.text(key, **params), exact=True)

    def press(self, key: str, **params: Any) -> None:
        self.clicks(self.button(key, **params))

    def clicks(self, target: Locator) -> None:
        """Once it is there."""
        expect(target).to_be_visible()
        target.click()

    def sees(self, key: str, **params: Any) -> None:
        """That text is on his screen, or comes to it."""
        self.sees_words(self.text(key, **params))

    def sees_words(self, wanted: Words) -> None:
        expect(self.page.get_by_text(wanted).filter(visible=True).first).to_be_visible()

    def sees_no(self, key: str, **params: Any) -> None:
        """That text leaves his screen, if it was on it."""
        expect(self.page.get_by_text(self.text(key, **params)).filter(visible=True)).to_have_count(0)

    def hears(self, key: str, **params: Any) -> None:
        """A screen reader says it as news."""
        told = self.page.get_by_role("status").or_(self.page.get_by_role("alert"))
        expect(told.filter(has_text=self.text(key, **params)).first).to_be_attached()

    def sees_moving(self, name: str) -> None:
        """The picture of that name moves: frames were decoded and shown, and go on being so."""
        video = self.page.locator("video").and_(self.page.get_by_label(name, exact=True)).filter(visible=True)
        expect(video).to_be_visible()
        first = 0

        def moves() -> bool:
            nonlocal first
            frames = int(video.evaluate(_FRAMES))
            first = min(first, frames) if first else frames
            return first > 0 and frames >= first + _MOVES

        self.waits_for(moves, f"a moving picture of {name}")

    def waits_for(self, holds: Callable[[], Any], what: str) -> None:
        """Until `holds`, which is asked again and again."""
        give_up_at = time.monotonic() + PATIENCE_MS / 1000
        while time.monotonic() < give_up_at:
            if holds():
                return
            self.page.wait_for_timeout(30)
        raise AssertionError(f"{self.sub} never saw: {what}")

    def expects_lost_links(self) -> None:
        """A node will be killed under him: his browser may complain of that."""
        self.watch.expects_lost_links = True

    def tabs_to(self, target: Locator, most: int = 60) -> None:
        """By the keyboard alone."""
        expect(target).to_be_visible()
        for _ in range(most):
            if target.evaluate("(element) => element === document.activeElement"):
                return
            self.keys("Tab")
        raise AssertionError(f"{self.sub} cannot get to {target} by the keyboard")

    def keys(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
