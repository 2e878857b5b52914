"""What threads hand to the trio side: in order, in batches, one wake for however many.

A thread calls `put`; the store's own task calls `serve`, which runs what was put. A callback that raises
ends that task, and with it the store, and so does a thread that dies: nothing is swallowed.
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
        self._woken = trio.Event()

    def put(self, call: Callable[[], None]) -> None:
        """Have `call` run on the trio side, soon."""
        self._calls.append(call)
        with suppress(trio.RunFinishedError):
            self._token.run_sync_soon(self._wake, idempotent=True)

    def _wake(self) -> None:
        self._woken.set()

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
        """Run what threads put, for ever."""
        while True:
            await self._woken.wait()
            self._woken = trio.Event()
            self.drain()

    def drain(self) -> None:
        """Run what was put so far."""
        while self._calls:
            self._calls.popleft()()
