"""The check of the Stripe account: whether the key and the database belong to the same one."""

from backend.database.functions import operating_figures as sql_operating_figures
from backend.doctor.finding import Findings, new_finding
from backend.doctor.stripe_checks import reason
from backend.failures import StripeRefused
from backend.opening import open_database, open_stripe
from backend.settings import Settings


async def check_account(chosen: Settings) -> Findings:
    """Compare the key's Stripe account with the database's.

    Raises StripeUnavailable, DatabaseUnavailable.
    """
    async with open_stripe(chosen) as stripe:
        try:
            key_account_id = await stripe.get_account_id()
        except StripeRefused as refused:
            yield new_finding("account.not_known", reason=reason(refused))
            return
    async with open_database(chosen) as database:
        figures = await sql_operating_figures.get_operating_figures(database)
    database_account_id = figures.stripe_account_id or key_account_id
    verdict = "account.same" if database_account_id == key_account_id else "account.other"
    yield new_finding(verdict, account=database_account_id, key_account=key_account_id)
