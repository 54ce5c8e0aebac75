"""SQL functions of the installation: its Stripe account and mode, and the operator's policy."""

from uuid import UUID

from backend.database.protocol import SERVICE, Database
from backend.database.rows import Row


class InstallationRow(Row):
    """The database's own id, and the Stripe account and mode that it belongs to.

    `stripe_account_id` is None until a key was used that may read its account.
    """

    installation_id: UUID
    livemode: bool
    stripe_account_id: str | None


class ForgottenAccountRow(Row):
    """The Stripe account that was forgotten, and how many rows of each kind were unlinked."""

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
    """Record the Stripe account and mode of the database, or compare them with those recorded.

    Without an account only the mode is compared. Raises WrongStripeMode, WrongStripeAccount.
    """
    row = await database.call(
        "claim_stripe_account", SERVICE, livemode=livemode, stripe_account_id=stripe_account_id
    )
    return InstallationRow.model_validate(row)


async def set_policy(
    database: Database, *, signup_open: bool | None = None, topups_in_chat: bool | None = None
) -> None:
    """Set whether anybody may create organizations and top up in the chat; None changes nothing."""
    await database.call(
        "set_policy", SERVICE, signup_open=signup_open, topups_in_chat=topups_in_chat
    )


async def forget_stripe_account(database: Database) -> ForgottenAccountRow:
    """Unlink everything that belongs to the Stripe account; the ledger stays.

    Raises WrongStripeMode in live mode.
    """
    return ForgottenAccountRow.model_validate(await database.call("forget_stripe_account", SERVICE))
