"""`python -m backend doctor`: whether it would work, and what to do where it would not.

It looks and changes nothing. Every check is one async generator of findings; none of them says a
secret. What one check cannot reach does not keep the others from looking.
"""

from collections.abc import AsyncIterator, Callable

from backend.doctor.database_checks import database
from backend.doctor.finding import Finding as Finding, Findings, Patient as Patient
from backend.doctor.settings_checks import settings
from backend.doctor.stripe_checks import stripe_account
from backend.doctor.telegram_checks import telegram
from backend.errors import PursebotError
from backend.migrations import MigrationError

CHECKS: dict[str, Callable[[Patient], Findings]] = {
    "settings": settings,
    "database": database,
    "stripe": stripe_account,
    "telegram": telegram,
}


async def examine(patient: Patient) -> AsyncIterator[Finding]:
    """Everything that every check finds, as it finds it."""
    for name, check in CHECKS.items():
        try:
            async for finding in check(patient):
                yield finding
        except (PursebotError, MigrationError) as error:
            yield Finding(
                "error", name, str(error), "Mend this first; what depends on it was not looked at."
            )
