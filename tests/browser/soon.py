"""playwright's `expect`, asked again at an even pace.

By itself it asks ever more seldom, up to once a second, and most of a story is waiting for what comes in a
moment. Each single check here is playwright's own, and so is what it says when it gives up.
"""

import time
from typing import Any

from playwright.sync_api import expect as playwrights

from .launch import PATIENCE_MS

PACE_S = 0.03
#: playwright checks once, whatever the time.
AT_ONCE_MS = 100


def expect(seen: Any) -> Any:
    """As `playwright.sync_api.expect`; waits for as long as a loaded machine may need."""
    return _Soon(playwrights(seen))


class _Soon:
    def __init__(self, assertions: Any) -> None:
        self._assertions = assertions

    def __getattr__(self, name: str) -> Any:
        check = getattr(self._assertions, name)

        def soon(*wanted: Any, timeout: float = PATIENCE_MS) -> None:
            give_up_at = time.monotonic() + timeout / 1000
            while True:
                try:
                    return check(*wanted, timeout=AT_ONCE_MS)
                except AssertionError:
                    if time.monotonic() > give_up_at:
                        raise
                time.sleep(PACE_S)

        return soon
