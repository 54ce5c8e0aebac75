"""`python -m backend forget-stripe-account`: free a test database for another Stripe account."""

import argparse
import sys

from backend.commands.command import Command
from backend.commands.printing import print_as_json
from backend.database.functions import installation
from backend.settings import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the confirmation, without which nothing is done."""
    parser.add_argument("--yes", action="store_true", help="do it: nothing brings it back")


async def run(arguments: argparse.Namespace) -> int:
    """Unlink everything of the Stripe account, and print how many rows of each kind.

    Return 2 without --yes, as for any argument that is missing.
    """
    from backend.opening import open_database

    if not arguments.yes:
        print(
            "Nothing was changed. Customers, saved cards, recurring top-ups and open payments would"
            " be unlinked from their Stripe account for good. To do it, add --yes.",
            file=sys.stderr,
        )
        return 2
    async with open_database(Settings.from_environment()) as database:
        forgotten = await installation.forget_stripe_account(database)
    print_as_json(forgotten)
    return 0


COMMAND = Command(
    "let a database for tests go on with another Stripe account",
    run,
    add_arguments,
    description="Unlinks customers, cards, recurring top-ups and open payments of the account"
    " that this database belonged to. The ledger stays. Refused in live mode.",
)
