"""The supervisor: starts everything in order, and stops it in reverse.

The order is PostgreSQL, the local Stripe and Telegram, the migrations, the backend, the bot. A
service that the environment configures is used as it is; only the others are replaced.
"""

import fcntl
import logging
import os
import socket
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from pathlib import Path

import aiohttp

from sandbox.postgres.cluster import connected, embedded_postgres
from sandbox.postgres.keeping import postgres_running
from sandbox.runner.environment import (
    made_up_secrets,
    names_a_database,
    with_stand_ins,
    write_environment,
)
from sandbox.runner.failures import CannotStart
from sandbox.runner.permissions import close_to_others, private_files
from sandbox.runner.ports import Ports
from sandbox.runner.processes import Child, Output
from sandbox.server import running_sandbox
from sandbox.settings import SandboxSettings

BOT_STARTED_EVENTS = (
    "bot_started",
    "update_receiver_started",
)  # in its log: it delivers, and it gets updates
SEED = (Path(__file__).parents[1] / "postgres" / "seed.sql").read_text()


@asynccontextmanager
async def everything(
    configured: Mapping[str, str], ports: Ports, data_dir: Path, output: Output
) -> AsyncIterator[str]:
    """Run everything for the length of the block; what is `configured` is used, the rest replaced.

    Yields the database's address, as its owner ("" over REST). Raises CannotStart for what the
    person must change, StartFailed or PostgresFailed for other failures, also for what dies during
    the block and cannot be started again; what was started by then is stopped.
    """
    async with AsyncExitStack() as stack:
        stack.enter_context(private_files())
        stack.enter_context(_alone_in(data_dir))
        _require_free("PORT", configured.get("HOST", "127.0.0.1"), ports.backend)
        _require_free("SANDBOX_PORT", "127.0.0.1", ports.sandbox)
        _log_to(data_dir / "logs" / "sandbox.log")
        made_up = made_up_secrets(data_dir)
        environment = with_stand_ins(configured, ports, data_dir)
        if own_database := not names_a_database(configured):
            output("Starting PostgreSQL ...")
            data = data_dir / "postgres"
            server = await stack.enter_async_context(embedded_postgres(data))
            await stack.enter_async_context(postgres_running(server, data, output))
            environment["SUPABASE_DB_URL"] = await server.create_database("pursebot")
        settings = SandboxSettings(
            data_dir=data_dir,
            url=ports.sandbox_url,
            webhook_url=f"{ports.backend_url}/api/payments/webhook",
            stripe_secret_key=made_up["STRIPE_SECRET_KEY"],
            stripe_webhook_secret=made_up["STRIPE_WEBHOOK_SECRET"],
            telegram_bot_token=made_up["TELEGRAM_BOT_TOKEN"],
            database_url=environment.get("SUPABASE_DB_URL", ""),
        )
        await stack.enter_async_context(running_sandbox(settings, ports.sandbox))

        def child(*command: str) -> Child:
            return Child(*command, environment=environment, folder=data_dir, output=output)

        if own_database:
            output("Migrating the database ...")
            await child("backend", "migrate").finish()
            async with connected(environment["SUPABASE_DB_URL"]) as database:
                await database.execute(SEED)
        write_environment(data_dir, environment)
        await stack.enter_async_context(child("backend").keep_running(lambda: _is_started(ports)))
        bot = child("bot")
        await stack.enter_async_context(
            bot.keep_running(lambda: bot.has_logged(*BOT_STARTED_EVENTS))
        )
        yield environment.get("SUPABASE_DB_URL", "")


@contextmanager
def _alone_in(data_dir: Path) -> Iterator[None]:
    """Lock the folder: two supervisors on one would stop each other's database."""
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        _require_ours(data_dir / "secrets.json")
        close_to_others(data_dir)
        lock = (data_dir / "lock").open("w")
    except OSError as error:
        with suppress(OSError):  # it may be in a folder that is closed to us
            _require_ours(data_dir)
        raise CannotStart(f"{error}. Set DATA_DIR to a folder of your own.") from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotStart(
                f"A sandbox is running on {data_dir} already. Stop it, or set DATA_DIR (and PORT"
                " and SANDBOX_PORT) for another one."
            ) from None
        yield


def _require_ours(path: Path) -> None:
    """Raise CannotStart where somebody else's sandbox made `path`; what is not there we can make.

    PostgreSQL starts for the owner of its data alone, and what we make would be closed to them.
    """
    if path.exists() and path.stat().st_uid != os.geteuid():
        owner = f"the user {path.stat().st_uid}"
        with suppress(KeyError):
            owner = path.owner()
        raise CannotStart(
            f"{path} belongs to {owner}. Run this as {owner}, or set DATA_DIR to a folder of your"
            " own."
        )


def _require_free(setting: str, host: str, port: int) -> None:
    try:
        socket.create_server((host, port)).close()
    except OSError as error:
        raise CannotStart(
            f"Nothing can listen on {host}:{port} ({os.strerror(error.errno or 0)}). Set {setting}"
            f" to another port, for example: make run {setting}={port + 1}"
        ) from None


def _log_to(file: Path) -> None:
    """Log what the stand-ins report beside the logs of backend and bot."""
    file.parent.mkdir(exist_ok=True)
    line = "%(asctime)s %(levelname)s %(name)s %(message)s"
    logging.basicConfig(filename=file, level=logging.INFO, format=line)


async def _is_started(ports: Ports) -> bool:
    """Return whether the backend reports that it can do its work."""
    try:
        async with aiohttp.request("GET", f"{ports.backend_url}/ready") as answer:
            return answer.status == 200
    except aiohttp.ClientError:
        return False
