"""python -m backend: serve (default), migrate, invite-owner, events, ..."""

import argparse
import asyncio
import sys
from uuid import UUID

from backend.database import migrations
from backend.errors import PursebotError
from backend.logs import configure_logs
from backend.settings import DatabaseSettings, Settings, SettingsError


async def migrate(settings: DatabaseSettings, arguments: argparse.Namespace) -> None:
    """Bring the database up to date."""
    url = settings.supabase_db_url.get_secret_value()
    lines = await migrations.migrate(url, create_roles=arguments.create_roles)
    print("\n".join(lines) or "The database is up to date.")


async def carry_out(settings: Settings | None, arguments: argparse.Namespace) -> int | None:
    """Any other command. What they work with takes a while to load, and `migrate` needs none."""
    from backend.commands import COMMANDS

    code: int | None = await COMMANDS[arguments.command](settings, arguments)
    return code


def command_line() -> argparse.ArgumentParser:
    """The commands and their arguments."""
    parser = argparse.ArgumentParser(prog="python -m backend", description="Pursebot's backend.")
    commands = parser.add_subparsers(dest="command", title="commands", metavar="COMMAND")
    parser.set_defaults(run=carry_out, settings=Settings, command="serve")
    commands.add_parser("serve", help="answer HTTP (the default)")
    bring_up = commands.add_parser("migrate", help="bring the database up to date")
    bring_up.add_argument(
        "--create-roles", action="store_true", help="make Supabase's roles on a plain Postgres"
    )
    bring_up.set_defaults(run=migrate, settings=DatabaseSettings)
    commands.add_parser("reconcile", help="ask Stripe about everything open, once")
    first = commands.add_parser(
        "invite-owner",
        help="set up an organization and print its owner's invitation",
        description="Prints an invitation for an owner: into a new organization, or one of that"
        " name that nobody has joined yet; into one that has people, where you give its id.",
    )
    first.add_argument("--organization", required=True, metavar="NAME|ID", help="a name, or an id")
    first.add_argument(
        "--hours", type=int, default=48, choices=range(1, 721), metavar="1-720",
        help="how long it works (48)",
    )  # fmt: skip
    offer = commands.add_parser("packages", help="recurring top-ups that are offered by name")
    offers = offer.add_subparsers(dest="act", required=True, metavar="list|add|remove")
    offers.add_parser("list", help="those that are offered")
    added = offers.add_parser("add", help="offer one more")
    for name in ("name", "amount", "currency"):
        added.add_argument(name)
    added.add_argument("interval", choices=("week", "month"))
    removed = offers.add_parser("remove", help="offer it no more; what was started goes on")
    removed.add_argument("id", type=UUID)
    desk = commands.add_parser("events", help="Stripe's events that could not be applied")
    acts = desk.add_subparsers(
        dest="act", required=True, metavar="list|show|retry|accept|adopt|dismiss"
    )
    acts.add_parser("list", help="failed and parked").add_argument(
        "--all", action="store_true", help="done and ignored ones too"
    )
    check = commands.add_parser("doctor", help="whether it would work, and what to do if not")
    check.add_argument("--json", action="store_true", help="a list of findings, at the end")
    check.add_argument("--strict", action="store_true", help="warnings make it fail as well")
    check.set_defaults(settings=None)
    for act, purpose in (
        ("show", "one event with its payment"),
        ("retry", "apply it again as Stripe tells it now"),
        ("accept", "credit what Stripe received, and take back what it took"),
        ("adopt", "the same for a payment that this database does not have: make it"),
        ("dismiss", "close it: it was settled by hand; nothing moves"),
    ):
        one = acts.add_parser(act, help=purpose)
        one.add_argument("event", help="evt_... or check:...")
        if act == "dismiss":
            one.add_argument("--reason", required=True, help="why, for whoever looks next")
        if act in ("accept", "adopt"):
            one.add_argument("--dry-run", action="store_true", help=DRY_RUN)
        if act == "adopt":
            one.add_argument(
                "--organization", type=UUID, metavar="ID",
                help="whose money it is, where Stripe's customer does not say it",
            )  # fmt: skip
    add_adjust(commands.add_parser("adjust", help="post to a wallet by hand, with a reason"))
    forget = commands.add_parser(
        "forget-stripe-account",
        help="let a database for tests go on with another Stripe account",
        description="Unlinks customers, cards, recurring top-ups and open payments of the account"
        " that this database belonged to. The ledger stays. Refused in live mode.",
    )
    forget.add_argument("--yes", action="store_true", required=True, help="this is no accident")
    return parser


DRY_RUN = "print the entries that it would post, and post nothing"


def add_adjust(parser: argparse.ArgumentParser) -> None:
    """The arguments of `adjust`."""
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


def main() -> int | None:
    """Run one command; 2 for wrong settings, 1 for what went wrong with a sentence."""
    arguments = command_line().parse_args()
    configure_logs()
    try:
        settings = arguments.settings and arguments.settings.from_environment()
        code: int | None = asyncio.run(arguments.run(settings, arguments))
        return code
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    except (PursebotError, migrations.MigrationError) as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{error}. Is another process using the port? Set PORT.", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
