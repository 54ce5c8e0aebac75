"""The checks of `python -m backend doctor`: an async generator of findings for each subject.

They change nothing and no finding contains a secret. A check that fails does not stop the others.
"""

from collections.abc import AsyncIterator, Callable

from backend.database.migrations import MigrationError
from backend.doctor.account_check import check_account
from backend.doctor.database_checks import check_database
from backend.doctor.finding import Finding, Findings, new_finding
from backend.doctor.settings_checks import check_settings
from backend.doctor.stripe_checks import check_stripe
from backend.doctor.telegram_checks import check_telegram
from backend.errors import PursebotError
from backend.settings import Settings, SettingsError

CHECKS: dict[str, Callable[[Settings], Findings]] = {
    "settings": check_settings,
    "database": check_database,
    "stripe": check_stripe,
    "account": check_account,
    "telegram": check_telegram,
}


async def run_checks() -> AsyncIterator[Finding]:
    """Run every check, and yield findings as they come; with wrong settings, only those."""
    try:
        chosen = Settings.from_environment()
    except SettingsError as error:
        for problem in error.problems:
            yield new_finding("settings.wrong", problem=problem)
        return
    for name, check in CHECKS.items():
        try:
            async for finding in check(chosen):
                yield finding
        except (PursebotError, MigrationError) as error:
            yield Finding(
                "error", name, str(error), "Fix this first; checks that depend on it were not run."
            )
