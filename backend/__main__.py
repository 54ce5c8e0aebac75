"""python -m backend: serve (default), migrate, invite-owner, events, ... Builds real things."""

import argparse
import asyncio
import getpass
import json
import signal
import sys
from dataclasses import asdict

import structlog
from aiohttp import web

from backend import doctor, invitations, migrations, packages, parked_events, reconcile
from backend.app import create_app
from backend.database import SERVICE
from backend.errors import PursebotError
from backend.logs import configure_logs
from backend.opening import open_database, open_shop
from backend.settings import DatabaseSettings, Settings, SettingsError

log = structlog.get_logger("backend")

# Stripe gives a webhook 10 to 30 seconds; what has been started may finish within them.
SHUTDOWN_SECONDS = 15.0


async def serve(settings: Settings, _arguments: argparse.Namespace) -> int:
    """Answer HTTP until SIGTERM or SIGINT, then finish what was started."""
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with open_shop(settings) as shop:
        await shop.database.call(
            "set_policy",
            SERVICE,
            signup_open=settings.organization_signup == "open",
            topups_in_chat=settings.topups_in_chat == "on",
        )
        app = create_app(shop, settings)
        runner = web.AppRunner(app, shutdown_timeout=SHUTDOWN_SECONDS, access_log=None)
        await runner.setup()
        try:
            await web.TCPSite(runner, settings.host, settings.port).start()
            log.info("serving", host=settings.host, port=settings.port, livemode=settings.livemode)
            await stopped.wait()
            log.info("stopping")
        finally:
            await runner.cleanup()
    return 0


async def migrate(settings: DatabaseSettings, arguments: argparse.Namespace) -> int:
    """Bring the database up to date."""
    url = settings.supabase_db_url.get_secret_value()
    lines = await migrations.migrate(url, create_roles=arguments.create_roles)
    print("\n".join(lines) or "The database is up to date.")
    return 0


async def reconcile_once(settings: Settings, _arguments: argparse.Namespace) -> int:
    """Ask Stripe about everything open, once."""
    async with open_shop(settings) as shop:
        print(json.dumps(await reconcile.once(shop)))
    return 0


async def events(settings: Settings, arguments: argparse.Namespace) -> int:
    """The desk for events that could not be applied."""
    async with open_shop(settings) as shop:
        match arguments.act:
            case "list":
                said: object = await parked_events.listing(shop, arguments.all)
            case "show":
                said = await parked_events.show(shop, arguments.event)
            case "retry":
                said = await parked_events.retry(shop, arguments.event)
            case _:
                who, why = getpass.getuser(), arguments.reason
                said = await parked_events.dismiss(shop, arguments.event, who, why)
    print(json.dumps(said, indent=2))
    return 0


async def offer_packages(settings: Settings, arguments: argparse.Namespace) -> int:
    """The recurring top-ups that are offered by name."""
    async with open_database(settings) as database:
        match arguments.act:
            case "add":
                terms = (arguments.name, arguments.amount, arguments.currency, arguments.interval)
                said: object = await packages.add(database, *terms)
            case "remove":
                said = await database.call("remove_package", SERVICE, package_id=arguments.id)
            case _:
                said = await database.call("show_packages", SERVICE)
    print(json.dumps(said, indent=2))
    return 0


async def invite_owner(settings: Settings, arguments: argparse.Namespace) -> int:
    """A way in for an organization's owner."""
    async with open_database(settings) as database:
        made = await invitations.invite_owner(database, arguments.organization, arguments.hours)
    print(
        f"{made.organization_name} ({made.organization_id}) waits for an owner."
        f" One person may come in, until {made.expires_at:%Y-%m-%d %H:%M} UTC:\n"
        f"  by writing to your bot: /start invite_{made.code}\n"
        f"  or by opening: https://t.me/<your bot's name>?start=invite_{made.code}"
    )
    return 0


async def see_doctor(_settings: None, arguments: argparse.Namespace) -> int:
    """Everything that is wrong, as it is found; 1 for an error, with --strict for a warning too."""
    findings = []
    async for finding in doctor.examine():
        findings.append(finding)
        if not arguments.json:
            print(finding, flush=True)
    if arguments.json:
        print(json.dumps([asdict(finding) for finding in findings], indent=2))
    bad = {"error", "warning"} if arguments.strict else {"error"}
    return int(any(finding.level in bad for finding in findings))


def command_line() -> argparse.ArgumentParser:
    """The commands and their arguments."""
    parser = argparse.ArgumentParser(prog="python -m backend", description="Pursebot's backend.")
    parser.set_defaults(run=serve, settings=Settings)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    commands.add_parser("serve", help="answer HTTP (the default)")
    bring_up = commands.add_parser("migrate", help="bring the database up to date")
    bring_up.add_argument(
        "--create-roles", action="store_true", help="make Supabase's roles on a plain Postgres"
    )
    bring_up.set_defaults(run=migrate, settings=DatabaseSettings)
    heal = commands.add_parser("reconcile", help="ask Stripe about everything open, once")
    heal.set_defaults(run=reconcile_once)
    first = commands.add_parser(
        "invite-owner",
        help="set up an organization and print its owner's invitation",
        description="Prints an invitation for an owner: into a new organization, or one of that"
        " name that nobody has joined yet; into one that has people, where you give its id.",
    )
    first.add_argument("--organization", required=True, metavar="NAME|ID", help="a name, or an id")
    first.add_argument(
        "--hours",
        type=int,
        default=48,
        choices=range(1, 721),
        metavar="1-720",
        help="how long it works (48)",
    )
    first.set_defaults(run=invite_owner)
    offer = commands.add_parser("packages", help="recurring top-ups that are offered by name")
    offer.set_defaults(run=offer_packages, settings=Settings)
    offers = offer.add_subparsers(dest="act", required=True, metavar="list|add|remove")
    offers.add_parser("list", help="those that are offered")
    added = offers.add_parser("add", help="offer one more")
    for name in ("name", "amount", "currency"):
        added.add_argument(name)
    added.add_argument("interval", choices=("week", "month"))
    offers.add_parser("remove", help="offer it no more; what was started goes on").add_argument(
        "id"
    )
    desk = commands.add_parser("events", help="Stripe's events that could not be applied")
    desk.set_defaults(run=events)
    acts = desk.add_subparsers(dest="act", required=True, metavar="list|show|retry|dismiss")
    acts.add_parser("list", help="failed and parked").add_argument(
        "--all", action="store_true", help="done and ignored ones too"
    )
    check = commands.add_parser("doctor", help="whether it would work, and what to do if not")
    check.add_argument("--json", action="store_true", help="a list of findings, at the end")
    check.add_argument("--strict", action="store_true", help="warnings make it fail as well")
    check.set_defaults(run=see_doctor, settings=None)
    for act, purpose in (
        ("show", "one event with its payment"),
        ("retry", "apply it again as Stripe tells it now"),
        ("dismiss", "close it: it was settled by hand"),
    ):
        one = acts.add_parser(act, help=purpose)
        one.add_argument("event", help="evt_... or check:...")
        if act == "dismiss":
            one.add_argument("--reason", required=True, help="why, for whoever looks next")
    return parser


def main() -> int:
    """Run one command; 2 for wrong settings, 1 for what went wrong with a sentence."""
    arguments = command_line().parse_args()
    configure_logs()
    try:
        settings = arguments.settings and arguments.settings.from_environment()
        code: int = asyncio.run(arguments.run(settings, arguments))
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
