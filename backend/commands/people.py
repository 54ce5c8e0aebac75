"""`python -m backend people`: erase a person who asked for it."""

import argparse
from uuid import UUID

from backend.commands.command import Command
from backend.commands.printing import print_as_json
from backend.settings import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the subcommand, and by which id the person is named."""
    acts = parser.add_subparsers(dest="act", required=True, metavar="erase")
    erase = acts.add_parser(
        "erase",
        help="erase who a person is; without --yes, say what would stand in the way",
        description="Erases name, ids, settings, memberships and private chat. Payments, ledger and"
        " audit log stay, and name a number that leads to nobody. Exit code 1 where something"
        " stands in the way: the answer says what.",
    )
    who = erase.add_mutually_exclusive_group(required=True)
    who.add_argument("--telegram-id", type=int, metavar="N", help="the number that /privacy shows")
    who.add_argument("--supabase-id", type=UUID, metavar="ID", help="their id in Supabase Auth")
    erase.add_argument("--yes", action="store_true", help="do it: nothing brings it back")


async def run(arguments: argparse.Namespace) -> int:
    """Print what was erased, or what stands in the way; 1 for the latter."""
    from backend.database.functions import people
    from backend.opening import open_database

    async with open_database(Settings.from_environment()) as database:
        row = await people.erase_person(
            database,
            telegram_id=arguments.telegram_id,
            auth_user_id=arguments.supabase_id,
            dry_run=not arguments.yes,
        )
    print_as_json(row)
    return 1 if row.obstacles else 0


COMMAND = Command("erase a person who asked for it", run, add_arguments)
