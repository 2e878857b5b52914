"""What every test is given."""

from collections.abc import Iterator

import pytest
import structlog
from _pytest.terminal import TerminalReporter
from hypothesis import settings

#: A test never fails because the machine is busy.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """Figures that tests recorded are shown at the end, whether they passed or not."""
    reports = [r for kind in ("passed", "failed") for r in terminalreporter.getreports(kind)]
    figures = [(r.nodeid, name, value) for r in reports for name, value in r.user_properties]
    if figures:
        terminalreporter.section("figures")
    for nodeid, name, value in figures:
        terminalreporter.line(f"{nodeid.partition('::')[2]}: {name}: {value}")


@pytest.fixture(autouse=True)
def _logs_of_its_own() -> Iterator[None]:
    """A test that configures the logs does so for itself: its captured stream is closed after it."""
    yield
    structlog.reset_defaults()
