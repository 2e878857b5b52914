"""What every test is given."""

from _pytest.terminal import TerminalReporter


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """Figures that tests recorded are shown at the end, whether they passed or not."""
    reports = [r for kind in ("passed", "failed") for r in terminalreporter.getreports(kind)]
    figures = [(r.nodeid, name, value) for r in reports for name, value in r.user_properties]
    if figures:
        terminalreporter.section("figures")
    for nodeid, name, value in figures:
        terminalreporter.line(f"{nodeid.partition('::')[2]}: {name}: {value}")
