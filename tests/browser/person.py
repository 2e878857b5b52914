"""A person at a browser of his own: what he sees, presses and types, all of it by role and name."""

import time
from collections.abc import Callable
from re import Pattern
from typing import Any, ClassVar

from attrs import define
from playwright.sync_api import BrowserContext, Locator, Page, expect

from .launch import PATIENCE_MS
from .watch import Watch

Words = str | Pattern[str]

_FRAMES = (
    """(video) => video.videoWidth && !video.paused ? video.getVideoPlaybackQuality().totalVideoFrames : 0"""
)
#: A picture moves when so many more frames were shown: more than a first picture that froze.
_MOVES = 10


@define(eq=False)
class Person:
    """Signed in at his page by a link, as a bank's own site would send him there."""

    ROLE: ClassVar[str] = ""
    PATH: ClassVar[str] = ""
    VIEWPORT: ClassVar[tuple[int, int]] = (1280, 800)

    sub: str
    context: BrowserContext
    page: Page
    watch: Watch

    def button(self, name: Words) -> Locator:
        return self.page.get_by_role("button", name=name)

    def press(self, name: Words) -> None:
        self.button(name).click()

    def sees(self, words: Words) -> None:
        """Those words are on his screen, or come to it."""
        expect(self.page.get_by_text(words).filter(visible=True).first).to_be_visible()

    def sees_no(self, words: Words) -> None:
        """Those words leave his screen, if they were on it."""
        expect(self.page.get_by_text(words).filter(visible=True)).to_have_count(0)

    def reload(self) -> None:
        self.page.reload()

    def video(self, name: Words) -> Locator:
        """The picture under that name."""
        return self.page.get_by_role("figure", name=name).locator("video")

    def sees_moving(self, name: Words) -> None:
        """The picture moves: frames were decoded and shown, and go on being so."""
        video = self.video(name)
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
            self.page.wait_for_timeout(50)
        raise AssertionError(f"{self.sub} never saw: {what}")

    def tabs_to(self, target: Locator, most: int = 60) -> None:
        """By the keyboard alone."""
        expect(target).to_be_visible()
        for _ in range(most):
            if target.evaluate("(element) => element === document.activeElement"):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"{self.sub} cannot get to {target} by the keyboard")

    def keys(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def leaves(self) -> None:
        """He closes his tab."""
        self.page.close()
