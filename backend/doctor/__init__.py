"""`python -m backend doctor`: whether it would work, and what to do where it would not.

It looks and changes nothing. Every check is one async generator of findings; none of them says a
secret. What one check cannot reach does not keep the others from looking.
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
    """Everything that every check finds, as it finds it; wrong settings are the end of it."""
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
                "error", name, str(error), "Mend this first; what depends on it was not looked at."
            )
