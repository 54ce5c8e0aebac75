"""`python -m backend invite-owner`: create an organization and an invitation for its owner."""

import argparse

from backend.commands.command import Command
from backend.settings import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the organization, and how long the invitation is valid."""
    parser.add_argument("--organization", required=True, metavar="NAME|ID", help="a name, or an id")
    parser.add_argument(
        "--hours", type=int, default=48, choices=range(1, 721), metavar="1-720",
        help="how long it works (48)",
    )  # fmt: skip


async def run(arguments: argparse.Namespace) -> None:
    """Create the invitation, and print how its code is used."""
    from backend.opening import open_database
    from backend.organizations import invitations

    async with open_database(Settings.from_environment()) as database:
        made = await invitations.invite_owner(database, arguments.organization, arguments.hours)
    print(
        f"{made.organization_name} ({made.organization_id}) waits for an owner."
        f" One person may come in, until {made.expires_at:%Y-%m-%d %H:%M} UTC:\n"
        f"  by writing to your bot: /start invite_{made.code}\n"
        f"  or by opening: https://t.me/<your bot's name>?start=invite_{made.code}"
    )


COMMAND = Command(
    "set up an organization and print its owner's invitation",
    run,
    add_arguments,
    description="Prints an invitation for an owner: into a new organization, or one of that"
    " name that nobody has joined yet; into one that has people, where you give its id.",
)
