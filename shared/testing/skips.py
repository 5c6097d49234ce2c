"""A pytest plugin: `--no-unlisted-skips` lets a test be skipped only for a reason that pyproject.toml lists."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option, and the list to the settings of pytest."""
    parser.addoption("--no-unlisted-skips", action="store_true", help="fail where a skip's reason is not on the list")
    parser.addini("allowed_skips", "reasons for which a test may be skipped", type="linelist", default=[])


def _unlisted(config: pytest.Config) -> list[str]:
    """One line for each test that was skipped for a reason that is not on the list."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or not config.getoption("--no-unlisted-skips"):
        return []
    skips = [
        (report.nodeid, report.longrepr[2].removeprefix("Skipped: ")) for report in reporter.stats.get("skipped", [])
    ]
    return [f"{test}: {reason}" for test, reason in skips if reason not in config.getini("allowed_skips")]


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Make the exit code 1 where a test was skipped for another reason."""
    if session.exitstatus == pytest.ExitCode.OK and _unlisted(session.config):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Name these tests and their reasons."""
    if unlisted := _unlisted(config):
        terminalreporter.section("skipped for a reason that allowed_skips in pyproject.toml does not list", red=True)
        for line in unlisted:
            terminalreporter.write_line(line)
