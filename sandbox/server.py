"""The sandbox's server: local Stripe, local Telegram, their pages, and the record of calls."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing

from aiohttp import web

from sandbox.local_only import refuse_other_sites
from sandbox.recorded_calls import PAGES, RECORDED, list_recorded_calls, new_record, record
from sandbox.routes import add_people_routes
from sandbox.settings import SETTINGS, SandboxSettings
from sandbox.store import STORE, Store
from sandbox.stripe.api import add_stripe
from sandbox.telegram.api import add_telegram

MAX_BODY_BYTES = 50 * 2**20  # Telegram takes no larger file from a bot


def create_sandbox(store: Store, settings: SandboxSettings) -> web.Application:
    """Make the application of both stand-ins; it does not listen yet."""
    middlewares = [refuse_other_sites, record]
    app = web.Application(middlewares=middlewares, client_max_size=MAX_BODY_BYTES)
    app[STORE] = store
    app[SETTINGS] = settings
    app[RECORDED] = new_record()
    add_people_routes(app, RECORDED, {("GET", "/recorded"): list_recorded_calls}, PAGES)
    app.on_response_prepare.append(add_sandbox_header)
    add_stripe(app)
    add_telegram(app)
    return app


@asynccontextmanager
async def running_sandbox(settings: SandboxSettings, port: int) -> AsyncIterator[None]:
    """Serve the sandbox on 127.0.0.1 for the length of the block, its store in the data folder."""
    with closing(Store(settings.data_dir / "sandbox.sqlite3")) as store:
        app = create_sandbox(store, settings)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", port).start()
            yield
        finally:
            await runner.cleanup()


async def add_sandbox_header(_: web.Request, response: web.StreamResponse) -> None:
    """Mark every answer as the sandbox's in a header."""
    response.headers["X-Sandbox"] = "SANDBOX: nothing here is real money"
