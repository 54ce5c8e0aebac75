"""The backend over real HTTP, with the local Stripe and the bot's own client."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import aiohttp
import jwt
import pytest
from aiohttp import web
from pydantic import SecretStr

from backend.app import create_app
from backend.database.postgres import PostgresDatabase
from backend.database.protocol import SERVICE, Database
from backend.http.connections import BoundedRunner
from backend.notifications.outbox import Wakeup
from backend.opening import claim_stripe_account
from backend.schemas import ACTOR_AUDIENCE, BOT_ISSUER, CheckoutRequest, Payment
from backend.services import Services
from backend.settings import Settings
from backend.stripe.client import stripe_gateway
from backend.stripe.permissions import PERMISSIONS
from bot.backend_api.client import BackendClient
from bot.backend_api.transport import new_session
from sandbox.runner.ports import free_ports
from sandbox.server import create_sandbox
from sandbox.settings import SandboxSettings
from sandbox.store import Store
from tests.conftest import World
from tests.sandbox.stripe.contract import request_problems

Json = dict[str, Any]

SUPABASE = "https://acme.supabase.co"
SUPABASE_SECRET = "what signs its users' tokens, as long and as secret as the one below"
SECRET = "a secret of sixty-four characters, long enough for any algorithm"
WEBHOOK_SECRETS = ("whsec_old", "whsec_sandbox")  # one is being rotated out
SUCCESS, DECLINE = "4242424242424242", "4000000000000002"
ANA, BEN, EVE = 1001, 1002, 1003


@dataclass
class System:
    """A running backend and local Stripe; `client` calls as the bot, `http` as anybody."""

    world: World
    services: Services
    url: str
    sandbox_url: str
    client: BackendClient
    http: aiohttp.ClientSession
    store: Store  # what the local Stripe remembers

    async def topup(
        self, amount: str = "50", key: str = "key", user: int = ANA, currency: str = "eur"
    ) -> UUID:
        """Create a payment as `/topup` does; return its id. `amount` is in major units."""
        request = CheckoutRequest(organization_id=self.world.acme, amount=amount, currency=currency)
        return (await self.client.create_checkout(user, request, idempotency_key=key)).payment_id

    async def see(self, payment: UUID) -> Payment:
        """Return a payment as Ana reads it."""
        return await self.client.get_payment(ANA, payment)

    async def until(self, payment: UUID, holds: Callable[[Payment], bool]) -> Payment:
        """Wait for up to 60 seconds until `holds` is true of a payment; return it."""
        async with asyncio.timeout(60):
            while True:
                seen = await self.see(payment)
                if holds(seen):
                    return seen
                await asyncio.sleep(0.01)

    async def session(self, payment: UUID) -> str:
        """Return the id of the payment's Checkout Session."""
        row = await self.services.database.call(
            "get_payment_for_service", SERVICE, payment_id=payment
        )
        return str(row["stripe_checkout_session_id"])

    async def pay(self, payment: UUID, card: str = SUCCESS) -> Json:
        """Pay a payment as the hosted page's button does; return the outcome."""
        path = f"/stripe/sessions/{await self.session(payment)}/pay"
        return await self.sandbox("POST", path, card=card)

    async def sandbox(self, method: str, path: str, **body: Any) -> Json:
        """Request one of the sandbox's routes; return the answer."""
        async with self.http.request(method, self.sandbox_url + path, json=body or None) as answer:
            answer_body: Json = await answer.json()
            assert answer.status == 200, answer_body
            return answer_body

    async def post_event(self, raw: bytes, signature: str) -> tuple[int, Json]:
        """Post bytes to the webhook route; return status and answer."""
        headers = {"Stripe-Signature": signature, "Content-Type": "application/json"}
        path = f"{self.url}/api/payments/webhook"
        async with self.http.post(path, data=raw, headers=headers) as answer:
            return answer.status, await answer.json()


def chosen(**settings: Any) -> Settings:
    """Return the settings of a backend that these tests start, with changes."""
    usual = {
        "bot_api_secret": SECRET, "supabase_url": SUPABASE, "supabase_jwt_secret": SUPABASE_SECRET,
        "supabase_db_url": "the fixture's", "stripe_secret_key": "sk_test_sandbox",
        "stripe_webhook_secret": WEBHOOK_SECRETS,
    }  # fmt: skip
    return Settings(_env_file=None, **usual | settings)


@asynccontextmanager
async def listening(app: web.Application, port: int) -> AsyncIterator[None]:
    """Serve an application on a port of this machine for the length of the block."""
    runner = BoundedRunner(app, shutdown_timeout=5)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield
    finally:
        await runner.cleanup()


@pytest.fixture
async def system(database: PostgresDatabase, world: World, tmp_path: Path) -> AsyncIterator[System]:
    """Run backend and local Stripe for the length of the test."""
    async with open_system(database, world, tmp_path) as opened:
        yield opened


@asynccontextmanager
async def open_system(database: Database, world: World, folder: Path) -> AsyncIterator[System]:
    """Run backend and local Stripe for the length of the block, over this database."""
    backend_port, sandbox_port = free_ports(2)
    url, sandbox_url = (f"http://127.0.0.1:{port}" for port in (backend_port, sandbox_port))
    settings = SandboxSettings(
        data_dir=folder,
        url=sandbox_url,
        webhook_url=f"{url}/api/payments/webhook",
        stripe_secret_key="sk_test_sandbox",
        stripe_webhook_secret=WEBHOOK_SECRETS[1],
        telegram_bot_token="1:sandbox",
    )
    async with AsyncExitStack() as stack:
        store = Store(":memory:")
        stack.callback(store.close)
        await stack.enter_async_context(listening(create_sandbox(store, settings), sandbox_port))
        stripe = await stack.enter_async_context(
            stripe_gateway("sk_test_sandbox", WEBHOOK_SECRETS, sandbox_url, url)
        )
        await claim_stripe_account(database, stripe)
        services = Services(database, stripe, Wakeup())
        http = await stack.enter_async_context(aiohttp.ClientSession())
        session = await stack.enter_async_context(new_session())
        app = create_app(services, chosen(), reconciling=False)
        await stack.enter_async_context(listening(app, backend_port))
        client = BackendClient(session, url, SecretStr(SECRET))
        system = System(world, services, url, sandbox_url, client, http, store)
        yield system
        await judge_what_was_sent(system)


async def judge_what_was_sent(system: System) -> None:
    """Assert that the backend's requests to Stripe are permitted and well-formed.

    Each is in the table of the key's permissions, valid by Stripe's own document, and has an
    idempotency key where it is a POST.
    """
    calls = (await system.sandbox("GET", "/recorded?limit=1000"))["calls"]
    calls = [call for call in calls if call["path"].startswith("/v1/")]
    made = {f"{call['method']} {call['path']}" for call in calls}
    assert {call for call in made if not is_permitted_call(call)} == set()
    for call in calls:
        form = call["body"] if call["method"] == "POST" else call["query"]
        problems = request_problems(call["method"], call["path"], form or "")
        assert not problems, (call["method"], call["path"], problems)
        assert call["method"] == "GET" or call["headers"]["Idempotency-Key"]


def is_permitted_call(call: str) -> bool:
    """Return whether a call is in the table of the key's permissions, as a call or as a probe."""
    listed = [call for permission in PERMISSIONS for call in permission.calls]
    listed += [permission.probe for permission in PERMISSIONS]
    return any(re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", each), call) for each in listed)


def token(key: str = SECRET, algorithm: str = "HS256", lifetime: int = 60, **changed: Any) -> str:
    """Return the bot's token for Ana, with changes of its claims; None removes one."""
    now = int(time.time())
    claims = {"iss": BOT_ISSUER, "aud": ACTOR_AUDIENCE, "sub": str(ANA), "iat": now}
    claims |= {"exp": now + lifetime, **changed}
    present = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(present, key, algorithm)
