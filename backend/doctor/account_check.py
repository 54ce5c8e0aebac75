"""Whose account the key and the database belong to."""

from backend.database.functions import operating_figures as sql_operating_figures
from backend.doctor.finding import Findings, found
from backend.doctor.stripe_checks import reason
from backend.failures import StripeRefused
from backend.opening import open_database, open_stripe
from backend.settings import Settings


async def account(chosen: Settings) -> Findings:
    """The Stripe account; raises StripeUnavailable, DatabaseUnavailable."""
    async with open_stripe(chosen) as stripe:
        try:
            theirs = await stripe.get_account_id()
        except StripeRefused as refused:
            yield found("account.not_known", reason=reason(refused))
            return
    async with open_database(chosen) as database:
        figures = await sql_operating_figures.operating_figures(database)
    ours = figures.stripe_account_id or theirs
    verdict = "account.same" if ours == theirs else "account.other"
    yield found(verdict, account=ours, key_account=theirs)
