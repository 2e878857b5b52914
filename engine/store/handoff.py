"""What threads hand to the trio side: in order, in batches, one wake for however many.

A thread calls `put`; what was put runs on the trio thread as soon as the loop wakes, with no task between,
because every commit comes through here. A callback that raises is the last, and `serve`, which the store's
own task calls, raises it and so ends the store; so does a thread that dies: nothing is swallowed.
"""

import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress

import outcome
import trio


class Handoff:
    """Made on the trio thread; `put` may be called from any."""

    def __init__(self) -> None:
        self._calls: deque[Callable[[], None]] = deque()
        self._token = trio.lowlevel.current_trio_token()
        self._failed: outcome.Error | None = None
        self._over = trio.Event()

    def put(self, call: Callable[[], None]) -> None:
        """Have `call` run on the trio side, soon."""
        self._calls.append(call)
        with suppress(trio.RunFinishedError):
            self._token.run_sync_soon(self._run, idempotent=True)

    def _run(self) -> None:
        if self._failed is None:
            result = outcome.capture(self.drain)
            if isinstance(result, outcome.Error):
                self._failed = result
                self._over.set()

    def thread(self, name: str, work: Callable[[], None]) -> threading.Thread:
        """Start a thread on `work`; what it raises is raised on the trio side."""

        def run() -> None:
            result = outcome.capture(work)
            if isinstance(result, outcome.Error):
                self.put(result.unwrap)

        thread = threading.Thread(target=run, name=f"giliran-{name}", daemon=True)
        thread.start()
        return thread

    async def serve(self) -> None:
        """Wait for ever, or for what a callback or a thread raised, and raise it."""
        await self._over.wait()
        assert self._failed is not None
        self._failed.unwrap()

    def drain(self) -> None:
        """Run what was put so far."""
        while self._calls:
            self._calls.popleft()()
