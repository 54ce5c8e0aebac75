"""`python -m backend adjust`: post an adjustment to a wallet by hand, with a reason."""

import argparse
import getpass
from uuid import UUID

from backend.commands.command import Command
from backend.commands.printing import print_as_json
from backend.settings import Settings

DRY_RUN = "print the entries that it would post, and post nothing"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the wallet, the amount, the reference and the reason."""
    for name, purpose in (
        ("organization", "the organization's id"),
        ("currency", "eur, jpy, ..."),
        ("amount", "12.50; with --amount=-12.50 it is taken out of the wallet"),
        ("reference", "yours, of a ticket or a letter: it is posted once"),
        ("reason", "why, for the organization's owners and for whoever looks next"),
    ):
        kind = UUID if name == "organization" else str
        parser.add_argument(f"--{name}", required=True, type=kind, help=purpose)
    parser.add_argument("--dry-run", action="store_true", help=DRY_RUN)


async def run(arguments: argparse.Namespace) -> None:
    """Post the adjustment, and print it with its entries."""
    from backend.opening import open_database
    from backend.wallets import adjustments

    async with open_database(Settings.from_environment()) as database:
        posted = await adjustments.post_adjustment(
            database,
            organization_id=arguments.organization,
            currency=arguments.currency,
            amount=arguments.amount,
            reference=arguments.reference,
            reason=arguments.reason,
            operator=getpass.getuser(),
            dry_run=arguments.dry_run,
        )
    print_as_json(posted)


COMMAND = Command("post to a wallet by hand, with a reason", run, add_arguments)
