"""The laboratory, open for the whole session, and its table at the end."""

from collections.abc import Iterator

import pytest
from _pytest.terminal import TerminalReporter

from .intervals import heading
from .laboratory import CONFIDENCE, FULL, Laboratory, opened, tell

LABORATORY = pytest.StashKey[Laboratory]()


@pytest.fixture(scope="session")
def laboratory(request: pytest.FixtureRequest) -> Iterator[Laboratory]:
    capture = request.config.pluginmanager.getplugin("capturemanager")

    def say(line: str) -> None:
        with capture.global_and_fixture_disabled():
            tell(line)

    with opened(say) as laboratory:
        request.config.stash[LABORATORY] = laboratory
        yield laboratory


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    laboratory = terminalreporter.config.stash.get(LABORATORY, None)
    if laboratory is None or not (FULL or terminalreporter.config.option.verbose > 0):
        return
    terminalreporter.section("theory")
    terminalreporter.line("Waits in mean services. Intervals by batch means.")
    for line in (heading(CONFIDENCE), *map(str, laboratory.rows)):
        terminalreporter.line(line)
    terminalreporter.line(
        f"{laboratory.calls:,} calls in {laboratory.cpu_s:,.0f} CPU seconds: "
        f"{laboratory.calls / laboratory.cpu_s:,.0f} a CPU second"
    )
