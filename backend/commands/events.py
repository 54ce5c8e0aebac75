"""`python -m backend events`: list, retry, accept, adopt or dismiss dead letters."""

import argparse
import getpass
from uuid import UUID

from backend.commands.adjust import DRY_RUN
from backend.commands.command import Command
from backend.commands.printing import print_as_json
from backend.settings import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add a subcommand for each action, with its own arguments."""
    event_actions = parser.add_subparsers(
        dest="act", required=True, metavar="list|show|retry|accept|adopt|dismiss"
    )
    event_actions.add_parser("list", help="failed ones and dead letters").add_argument(
        "--all", action="store_true", help="done and ignored ones too"
    )
    event = argparse.ArgumentParser(add_help=False)
    event.add_argument("event", help="evt_... or check:...")
    posting = argparse.ArgumentParser(add_help=False, parents=[event])
    posting.add_argument("--dry-run", action="store_true", help=DRY_RUN)
    event_actions.add_parser("show", help="one event with its payment", parents=[event])
    event_actions.add_parser("retry", help="apply it again as Stripe tells it now", parents=[event])
    event_actions.add_parser(
        "accept",
        help="credit what Stripe received, and take back what it took",
        parents=[posting],
    )
    event_actions.add_parser(
        "adopt",
        help="make the payment or recurring top-up that this database does not have",
        parents=[posting],
    ).add_argument(
        "--organization",
        type=UUID,
        metavar="ID",
        help="whose money it is, where Stripe's customer does not say it",
    )
    event_actions.add_parser(
        "dismiss",
        help="close it: it was settled by hand; nothing moves",
        parents=[event],
    ).add_argument("--reason", required=True, help="why, for whoever looks next")


async def run(arguments: argparse.Namespace) -> None:
    """Run the action, and print the events, the event, or what became of it."""
    from backend.opening import open_services
    from backend.stripe import dead_letter_actions

    async with open_services(Settings.from_environment()) as services:
        match arguments.act:
            case "list":
                answer: object = await dead_letter_actions.list_dead_letters(
                    services, arguments.all
                )
            case "show":
                answer = await dead_letter_actions.get_event(services, arguments.event)
            case "retry":
                answer = await dead_letter_actions.retry_dead_letter(services, arguments.event)
            case "accept":
                answer = await dead_letter_actions.accept_dead_letter(
                    services,
                    arguments.event,
                    adopting=False,
                    organization_id=None,
                    dry_run=arguments.dry_run,
                )
            case "adopt":
                answer = await dead_letter_actions.adopt_dead_letter(
                    services,
                    arguments.event,
                    organization_id=arguments.organization,
                    dry_run=arguments.dry_run,
                )
            case _:
                who, why = getpass.getuser(), arguments.reason
                answer = await dead_letter_actions.dismiss_dead_letter(
                    services, arguments.event, who, why
                )
    print_as_json(answer)


COMMAND = Command("Stripe's events that could not be applied", run, add_arguments)
