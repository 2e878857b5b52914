"""A clock of a machine that can be set, for one process: libfaketime (https://github.com/wolfcw/libfaketime).

The library is loaded into the process before all others and answers for the system's clock, by an offset
that it reads from a file every second. The monotonic clock it leaves alone, as setting a clock does.
"""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

REMEDY = "apt-get install libfaketime, or the package faketime of your system"

#: Where distributions put it; the variant for programs with threads.
_PLACES = ("usr/lib", "usr/local/lib", "usr/lib64", "opt/homebrew/lib")
_NAME = "faketime/libfaketimeMT.so.1"
#: How often the offset is read, s.
_READ_EVERY_S = 1


def library() -> Path | None:
    """The library, if it is installed."""
    roots = [Path("/") / place for place in _PLACES]
    found = (path for root in roots for path in (root / _NAME, *sorted(root.glob(f"*/{_NAME}"))))
    return next((path for path in found if path.is_file()), None)


class FakeClock:
    """The clock of a process that is started with `environment`; `file` is to live as long as it."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._offset_ms = 0
        self.step(0)

    @property
    def environment(self) -> Mapping[str, str]:
        found = library()
        assert found is not None, REMEDY
        return {
            "LD_PRELOAD": str(found),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_CACHE_DURATION": str(_READ_EVERY_S),
            "DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",  # the same, by its newer name
        }

    def step(self, by_ms: int) -> None:
        """Set it, within a second."""
        self._offset_ms += by_ms
        new = self._file.with_suffix(".new")
        new.write_text(f"{self._offset_ms / 1000:+.3f}s\n")
        new.replace(self._file)


def forget(pid: int) -> None:
    """Take away what the library keeps in shared memory for a process, which it still has, or has left."""
    for name in (f"faketime_shm_{pid}", f"sem.faketime_sem_{pid}"):
        with suppress(OSError):
            (Path("/dev/shm") / name).unlink()
