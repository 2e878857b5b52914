"""What axe finds in a page as it stands: roles and names that do not hold, contrast that is too low."""

from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

#: Minor and moderate findings are matters of taste; these keep people out.
GRAVE = ("serious", "critical")


#: Of what is fading in, axe would judge the faint colours.
_SETTLED = """() => Promise.allSettled(document.getAnimations().map((each) => each.finished))"""


def violations(page: Page) -> list[str]:
    """The grave ones, each with the elements it is about."""
    page.evaluate(_SETTLED)
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    found: dict[str, Any] = page.evaluate(
        "() => axe.run(document, { resultTypes: ['violations'], preload: false })"
    )
    return [
        f"{v['id']} ({v['impact']}): {n['html'][:160]}: {n['failureSummary']}"
        for v in found["violations"]
        if v["impact"] in GRAVE
        for n in v["nodes"]
    ]
