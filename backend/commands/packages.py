"""`python -m backend packages`: list, add or remove recurring top-ups that are offered by name."""

import argparse
from uuid import UUID

from backend.commands.command import Command
from backend.commands.printing import print_as_json
from backend.database.functions import packages as sql_packages
from backend.settings import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add `list`, `add` and `remove`, each with its own arguments."""
    package_actions = parser.add_subparsers(dest="act", required=True, metavar="list|add|remove")
    package_actions.add_parser("list", help="those that are offered")
    add = package_actions.add_parser("add", help="offer one more")
    for name in ("name", "amount", "currency"):
        add.add_argument(name)
    add.add_argument("interval", choices=("week", "month"))
    remove = package_actions.add_parser("remove", help="offer it no more; what was started goes on")
    remove.add_argument("id", type=UUID)


async def run(arguments: argparse.Namespace) -> None:
    """Run the action, and print the packages, the one that was added, or {} for one removed."""
    from backend.opening import open_database
    from backend.subscriptions import packages

    async with open_database(Settings.from_environment()) as database:
        match arguments.act:
            case "add":
                terms = (arguments.name, arguments.amount, arguments.currency, arguments.interval)
                answer: object = await packages.add_package(database, *terms)
            case "remove":
                await sql_packages.remove_package(database, package_id=arguments.id)
                answer = {}
            case _:
                answer = await sql_packages.list_packages_for_service(database)
    print_as_json(answer)


COMMAND = Command("recurring top-ups that are offered by name", run, add_arguments)
