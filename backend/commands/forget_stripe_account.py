"""`python -m backend forget-stripe-account`: free a test database for another Stripe account."""

import argparse

from backend.commands.command import Command
from backend.commands.printing import print_as_json
from backend.database.functions import installation
from backend.settings import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the confirmation, without which nothing is done."""
    parser.add_argument("--yes", action="store_true", required=True, help="this is no accident")


async def run(_arguments: argparse.Namespace) -> None:
    """Unlink everything of the Stripe account, and print how many rows of each kind."""
    from backend.opening import open_database

    async with open_database(Settings.from_environment()) as database:
        forgotten = await installation.forget_stripe_account(database)
    print_as_json(forgotten)


COMMAND = Command(
    "let a database for tests go on with another Stripe account",
    run,
    add_arguments,
    description="Unlinks customers, cards, recurring top-ups and open payments of the account"
    " that this database belonged to. The ledger stays. Refused in live mode.",
)
