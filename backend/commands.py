"""What `python -m backend` can do beside migrating. Builds real things."""

import argparse
import asyncio
import getpass
import json
import signal
from dataclasses import asdict
from typing import Any

import structlog
from aiohttp import web
from pydantic_core import to_jsonable_python

from backend import doctor
from backend.app import create_app
from backend.database.functions import installation
from backend.database.functions.packages import remove_package, show_packages
from backend.http.connections import BoundedRunner, quiet_about_files
from backend.opening import open_database, open_shop
from backend.organizations import invitations
from backend.settings import Settings
from backend.stripe import dead_letters, reconcile
from backend.subscriptions import packages
from backend.wallets import adjustments

log = structlog.get_logger("backend")

# Stripe gives a webhook 10 to 30 seconds; what has been started may finish within them.
SHUTDOWN_SECONDS = 15.0


async def serve(settings: Settings, _arguments: argparse.Namespace) -> None:
    """Answer HTTP until SIGTERM or SIGINT, then finish what was started."""
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with open_shop(settings, settings.supabase_db_pool_size) as shop:
        await installation.set_policy(
            shop.database,
            signup_open=settings.organization_signup == "open",
            topups_in_chat=settings.topups_in_chat == "on",
        )
        app = create_app(shop, settings)
        quiet_about_files(asyncio.get_running_loop())
        runner = BoundedRunner(app, shutdown_timeout=SHUTDOWN_SECONDS)
        await runner.setup()
        try:
            await web.TCPSite(runner, settings.host, settings.port).start()
            log.info("serving", host=settings.host, port=settings.port, livemode=settings.livemode)
            await stopped.wait()
            log.info("stopping")
        finally:
            await runner.cleanup()


async def reconcile_once(settings: Settings, _arguments: argparse.Namespace) -> None:
    """Ask Stripe about everything open, once."""
    async with open_shop(settings) as shop:
        print(json.dumps(await reconcile.once(shop)))


async def events(settings: Settings, arguments: argparse.Namespace) -> None:
    """Events that could not be applied."""
    async with open_shop(settings) as shop:
        match arguments.act:
            case "list":
                said: object = await dead_letters.listing(shop, arguments.all)
            case "show":
                said = await dead_letters.show(shop, arguments.event)
            case "retry":
                said = await dead_letters.retry(shop, arguments.event)
            case "accept" | "adopt" as act:
                said = await dead_letters.accept(
                    shop,
                    arguments.event,
                    adopting=act == "adopt",
                    organization_id=getattr(arguments, "organization", None),
                    dry_run=arguments.dry_run,
                )
            case _:
                who, why = getpass.getuser(), arguments.reason
                said = await dead_letters.dismiss(shop, arguments.event, who, why)
    print_as_json(said)


async def adjust(settings: Settings, arguments: argparse.Namespace) -> None:
    """Post to a wallet by hand."""
    async with open_database(settings) as database:
        posted = await adjustments.adjust(
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


async def forget_stripe_account(settings: Settings, _arguments: argparse.Namespace) -> None:
    """Let a database for tests go on with another Stripe account."""
    async with open_database(settings) as database:
        forgotten = await installation.forget_stripe_account(database)
    print_as_json(forgotten)


async def offer_packages(settings: Settings, arguments: argparse.Namespace) -> None:
    """The recurring top-ups that are offered by name."""
    async with open_database(settings) as database:
        match arguments.act:
            case "add":
                terms = (arguments.name, arguments.amount, arguments.currency, arguments.interval)
                said: object = await packages.add(database, *terms)
            case "remove":
                await remove_package(database, package_id=arguments.id)
                said = {}
            case _:
                said = await show_packages(database)
    print_as_json(said)


async def invite_owner(settings: Settings, arguments: argparse.Namespace) -> None:
    """A way in for an organization's owner."""
    async with open_database(settings) as database:
        made = await invitations.invite_owner(database, arguments.organization, arguments.hours)
    print(
        f"{made.organization_name} ({made.organization_id}) waits for an owner."
        f" One person may come in, until {made.expires_at:%Y-%m-%d %H:%M} UTC:\n"
        f"  by writing to your bot: /start invite_{made.code}\n"
        f"  or by opening: https://t.me/<your bot's name>?start=invite_{made.code}"
    )


def print_as_json(answer: object) -> None:
    """A model or a list of them, for people and for `jq`."""
    print(json.dumps(to_jsonable_python(answer), indent=2))


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


COMMANDS: dict[str, Any] = {
    "serve": serve, "reconcile": reconcile_once, "invite-owner": invite_owner,
    "packages": offer_packages, "events": events, "doctor": see_doctor, "adjust": adjust,
    "forget-stripe-account": forget_stripe_account,
}  # fmt: skip
