"""With PURSEBOT_NO_SKIPS=1, as in CI, a skipped test is a failed one.

tests/conftest.py loads this with `pytest_plugins = ["tests.no_skips"]`.
"""

import os
from collections.abc import Generator

import pytest


def _fails(report: pytest.TestReport | pytest.CollectReport) -> None:
    if os.environ.get("PURSEBOT_NO_SKIPS") != "1" or not report.skipped:
        return
    if hasattr(report, "wasxfail"):  # an expected failure, which pytest also reports as skipped
        return
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
    report.outcome = "failed"
    report.longrepr = f"Nothing may be skipped here (PURSEBOT_NO_SKIPS=1): {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail a test that skips itself, or that a mark skips."""
    report = yield
    _fails(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Fail a file that skips itself while it is collected."""
    report = yield
    _fails(report)
    return report
