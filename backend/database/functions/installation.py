"""Who this database is, which Stripe account and mode it belongs to, and the operator's policy."""

from uuid import UUID

from backend.database.protocol import SERVICE, Database
from backend.database.rows import Row


class InstallationRow(Row):
    """Which Stripe account and mode the database belongs to; the account may not be known yet."""

    installation_id: UUID
    livemode: bool
    stripe_account_id: str | None


class ForgottenAccountRow(Row):
    """How many rows of each kind were unlinked, and the Stripe account that they were of."""

    events: int
    account: str | None
    refunds: int
    payments: int
    customers: int
    subscriptions: int
    payment_methods: int


async def claim_stripe_account(
    database: Database, *, livemode: bool, stripe_account_id: str | None = None
) -> InstallationRow:
    """Tie the database to a Stripe account and mode, or compare it with those that it has.

    Without an account only the mode is compared. Raises WrongStripeMode, WrongStripeAccount.
    """
    row = await database.call(
        "claim_stripe_account", SERVICE, livemode=livemode, stripe_account_id=stripe_account_id
    )
    return InstallationRow.model_validate(row)


async def set_policy(
    database: Database, *, signup_open: bool | None = None, topups_in_chat: bool | None = None
) -> None:
    """Say whether all may found organizations, and top up in the chat; None changes nothing."""
    await database.call(
        "set_policy", SERVICE, signup_open=signup_open, topups_in_chat=topups_in_chat
    )


async def forget_stripe_account(database: Database) -> ForgottenAccountRow:
    """Unlink everything that belongs to a Stripe account; the ledger stays.

    Raises WrongStripeMode in live mode.
    """
    return ForgottenAccountRow.model_validate(await database.call("forget_stripe_account", SERVICE))
