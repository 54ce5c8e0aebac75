"""`python -m backend payments show`: one payment by whatever names it, for the operator."""

import argparse
import sys

from backend.commands.command import Command
from backend.commands.printing import print_as_json
from backend.settings import Settings

MAX_PAYMENTS = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add `show`, with the name of a payment and the form of the answer."""
    acts = parser.add_subparsers(dest="act", required=True, metavar="show")
    show = acts.add_parser("show", help="what happened to a payment, and what to do next")
    show.add_argument(
        "name",
        metavar="NAME",
        help="its reference (or how it begins), our id, an id of Stripe's (cs_, pi_, ch_, in_, re_,"
        " dp_, evt_), or the order that a client named",
    )
    show.add_argument("--json", action="store_true", help="the same for programs")


async def run(arguments: argparse.Namespace) -> int:
    """Print the payments with this name; 1 where there is none."""
    from backend.opening import open_database, open_services
    from backend.payments import operator_view, search

    settings = Settings.from_environment()
    name = arguments.name.strip()
    if search.CHARGE_ID.fullmatch(name):  # of which only Stripe knows the payment
        async with open_services(settings) as services:
            name = await search.searchable_text(services, name)
    async with open_database(settings) as database:
        shown = await operator_view.find_payments(database, name, MAX_PAYMENTS)
    if arguments.json:
        print_as_json(shown)
    elif shown:
        print("\n\n".join(operator_view.as_text(each) for each in shown))
    if not shown:
        print(f"No payment is called {arguments.name}.", file=sys.stderr)
        return 1
    return 0


COMMAND = Command("find a payment, see what happened to it and what to do next", run, add_arguments)
