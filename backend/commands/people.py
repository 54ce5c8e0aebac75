"""`python -m backend people`: find people, keep somebody out, erase who asked for it."""

import argparse
import sys
from uuid import UUID

from backend.commands.command import Command
from backend.commands.printing import print_as_json
from backend.settings import Settings

MAX_REASON_LENGTH = 500


def reason(text: str) -> str:
    """Return why somebody is blocked. Raises ArgumentTypeError."""
    if not 1 <= len(text) <= MAX_REASON_LENGTH:
        raise argparse.ArgumentTypeError(f"takes 1 to {MAX_REASON_LENGTH} characters")
    return text


def user_id(text: str) -> UUID:
    """Return our id of a person.

    Raises ArgumentTypeError, which names the command that shows the id.
    """
    try:
        return UUID(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no user_id; `python -m backend people list {text}` shows whose it may be"
        ) from None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands, and how each names the person."""
    acts = parser.add_subparsers(dest="act", required=True, metavar="list|block|unblock|erase")
    acts.add_parser("list", help="those who are blocked, or those that match").add_argument(
        "search_text",
        nargs="?",
        metavar="TEXT",
        help="a part of the name, our id, Supabase's or Telegram's",
    )
    block = acts.add_parser("block", help="let somebody do and see nothing any more")
    unblock = acts.add_parser("unblock", help="let somebody in again")
    for each in (block, unblock):
        each.add_argument("user_id", type=user_id, metavar="ID", help="the user_id that `list` has")
    block.add_argument("--reason", required=True, type=reason, help="why, for whoever looks next")
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


def print_next_step(sentence: str) -> None:
    """Print what to do next where people read it; standard output stays JSON."""
    print(sentence, file=sys.stderr)


async def run(arguments: argparse.Namespace) -> int:
    """Print the people, or what became of the person; 1 where something stands in the way."""
    from backend.database.functions import people
    from backend.opening import open_database

    async with open_database(Settings.from_environment()) as database:
        match arguments.act:
            case "block":
                answer: object = await people.block_person(
                    database, user_id=arguments.user_id, reason=arguments.reason
                )
            case "unblock":
                answer = await people.unblock_person(database, user_id=arguments.user_id)
            case "list":
                found = await people.list_people(database, search_text=arguments.search_text)
                if not found:
                    print_next_step(
                        "Nobody is blocked. Somebody else is found by a part of the name or an id:"
                        " python -m backend people list TEXT"
                        if arguments.search_text is None
                        else "Nobody matches."
                    )
                answer = found
            case _:
                row = await people.erase_person(
                    database,
                    telegram_id=arguments.telegram_id,
                    auth_user_id=arguments.supabase_id,
                    dry_run=not arguments.yes,
                )
                print_as_json(row)
                if row.obstacles:
                    return 1
                if not arguments.yes:
                    print_next_step("Nothing was erased. To erase it, add --yes.")
                return 0
    print_as_json(answer)
    return 0


COMMAND = Command(
    "find, block and unblock people, erase who asked for it",
    run,
    add_arguments,
    description="Whoever is blocked may do nothing and is shown nothing, in Telegram and with"
    " Supabase's tokens alike; what they had asked for is not sent to Stripe any more.",
)
