"""A pytest plugin: `--no-unlisted-skips` lets a test be skipped only for a reason that pyproject.toml lists."""

from collections.abc import Generator

import pytest

Reports = Generator[None, pytest.TestReport, pytest.TestReport]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option, and the list to the settings of pytest."""
    parser.addoption("--no-unlisted-skips", action="store_true", help="fail where a skip's reason is not on the list")
    parser.addini("allowed_skips", "reasons for which a test may be skipped", type="linelist", default=[])


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Reports:
    """Make a skip a failure where its reason is not on the list."""
    report = yield
    if report.skipped and isinstance(report.longrepr, tuple) and item.config.getoption("--no-unlisted-skips"):
        reason = report.longrepr[2].removeprefix("Skipped: ")
        if reason not in item.config.getini("allowed_skips"):
            report.outcome = "failed"
            report.longrepr = f"skipped for a reason that allowed_skips in pyproject.toml does not list: {reason}"
    return report
