"""`python -m backend serve`: answer HTTP."""

import argparse
import asyncio
import errno
import os
import signal
from typing import TYPE_CHECKING

import structlog

from backend.commands.command import Command
from backend.database.functions import installation, people
from backend.operator_errors import CannotListen
from backend.settings import Settings

if TYPE_CHECKING:
    from aiohttp.web import TCPSite

log = structlog.get_logger("backend")

# How long requests that are running may take to finish.
SHUTDOWN_SECONDS = 15.0


async def run(_arguments: argparse.Namespace) -> None:
    """Answer HTTP until SIGTERM or SIGINT, then finish the requests that are running."""
    from aiohttp import web

    from backend.app import create_app
    from backend.http.connections import BoundedRunner, limit_file_errors
    from backend.opening import open_services

    settings = Settings.from_environment()
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with open_services(settings, settings.supabase_db_pool_size) as services:
        await installation.set_policy(
            services.database,
            signup_open=settings.organization_signup == "open",
            topups_in_chat=settings.topups_in_chat == "on",
        )
        await people.set_sign_in_policy(
            services.database,
            anonymous_users=settings.supabase_anonymous_users == "on",
            second_factor_for_money=settings.supabase_second_factor_for_money == "on",
        )
        app = create_app(services, settings)
        limit_file_errors(asyncio.get_running_loop())
        runner = BoundedRunner(app, shutdown_timeout=SHUTDOWN_SECONDS)
        await runner.setup()
        try:
            await listen(web.TCPSite(runner, settings.host, settings.port), settings)
            log.info(
                "server_started", host=settings.host, port=settings.port, livemode=settings.livemode
            )
            await stopped.wait()
            log.info("server_stopping")
        finally:
            await runner.cleanup()


async def listen(site: "TCPSite", settings: Settings) -> None:
    """Begin to take connections; raises CannotListen."""
    try:
        await site.start()
    except OSError as error:
        match error.errno:
            case errno.EADDRINUSE:
                fix = "Another process listens there: end it, or set PORT"
            case errno.EACCES:
                fix = "Ports below 1024 are root's: set PORT"
            case _:
                fix = "Set HOST to an address of this machine"
        code = error.errno or 0  # negative where nobody knows the name of the host
        reason = os.strerror(code) if code > 0 else str(error.strerror)
        raise CannotListen(
            host=settings.host, port=str(settings.port), reason=reason, fix=fix
        ) from error


COMMAND = Command("answer HTTP (the default)", run)
