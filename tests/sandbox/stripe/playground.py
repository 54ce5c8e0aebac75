"""A local Stripe on a free port, a backend that takes its webhooks, and the real SDK between them.

Requests, answers and events of a test are compared with Stripe's OpenAPI document, where that is
found.
"""

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import stripe
from aiohttp import ClientSession, web

from sandbox.settings import SETTINGS, SandboxSettings
from sandbox.store import STORE, Store
from sandbox.stripe.api import add_stripe
from tests.sandbox.stripe.contract import object_problems, request_problems

KEY, SECRET = "sk_test_sandbox", "whsec_sandbox"
SUCCEEDS, IS_DECLINED, NEEDS_3D_SECURE = (
    "4242 4242 4242 4242",
    "4000000000000002",
    "4000002500003155",
)
Json = dict[str, Any]


@dataclass
class Backend:
    """A receiver of webhooks: verifies signatures, stores events, answers as `answers` says."""

    answers: list[int] = field(default_factory=list)  # the next statuses; 200 when there are none
    events: list[Json] = field(default_factory=list)
    signatures: list[str] = field(default_factory=list)
    arrived: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def receive(self, request: web.Request) -> web.Response:
        """Handle the webhook route."""
        payload, signed = await request.read(), request.headers["Stripe-Signature"]
        stripe.WebhookSignature.verify_header(payload.decode(), signed, SECRET)
        event: Json = json.loads(payload)
        if event["object"] == "event":
            event = stripe.Webhook.construct_event(payload, signed, SECRET).to_dict()
        assert request.headers["User-Agent"].startswith("Stripe/1.0")
        async with self.arrived:
            self.events.append(event)
            self.signatures.append(signed)
            self.arrived.notify_all()
        return web.Response(status=self.answers.pop(0) if self.answers else 200)

    async def got(self, count: int) -> list[str]:
        """Wait until `count` events have arrived; return the types of all that did."""
        async with asyncio.timeout(60), self.arrived:
            await self.arrived.wait_for(lambda: len(self.events) >= count)
        return [event["type"] for event in self.events]


@dataclass
class Playground:
    """A running local Stripe. `calls` has the /v1 calls: method, path, body or query, answer."""

    url: str
    app: web.Application
    backend: Backend
    sdk: stripe.StripeClient
    http: ClientSession
    calls: list[tuple[str, str, str, Json]]

    async def session(self, **changes: Any) -> stripe.checkout.Session:
        """Create a session over EUR 50 as the backend does, with changed parameters."""
        key = changes.pop("key", None)
        options: stripe.RequestOptions = {"idempotency_key": key} if key else {}
        return await self.sdk.v1.checkout.sessions.create_async(request(**changes), options)

    async def get(self, path: str) -> Json:
        """Return the answer of one of the people's routes."""
        async with self.http.get(f"{self.url}/stripe/{path}") as response:
            answer: Json = await response.json()
        return answer

    async def post(self, path: str, status: int = 200, **body: Any) -> Json:
        """Post to one of the people's routes; return the answer."""
        async with self.http.post(f"{self.url}/stripe/{path}", json=body) as response:
            answer: Json = await response.json()
        assert response.status == status, answer
        return answer

    async def pay(self, session: str, card: str = SUCCEEDS, status: int = 200, **more: Any) -> Json:
        """Pay a session as the hosted page's buttons do."""
        return await self.post(f"sessions/{session}/pay", status=status, card=card, **more)

    def stored(self, kind: str) -> list[Json]:
        """Return all objects of a kind in the store, oldest first."""
        return [thing for _, thing in self.app[STORE].list(kind)]

    def age(self, session: str, left: float) -> None:
        """Set a session's expiry to `left` seconds from now, as if the sandbox had been off."""
        store = self.app[STORE]
        hidden = store.get("hidden_state", session) or {}
        due = {**hidden["due"], "at": time.time() + left}
        store.put("hidden_state", session, {**hidden, "due": due})

    def judged(self) -> list[str]:
        """Return what Stripe's document has against the requests, the answers and the events."""
        problems: list[str] = []
        for method, path, body, answer in self.calls:
            problems += [] if "error" in answer else request_problems(method, path, body)
            problems += object_problems(answer)
        for event in self.stored("event"):
            problems += object_problems(event)
        return problems


def request(**changes: Any) -> Any:
    """Return the parameters of a session over EUR 50, with changes; None removes one."""
    price = {"currency": "eur", "unit_amount": 5000, "product_data": {"name": "Acme top-up"}}
    parameters = {
        "mode": "payment",
        "line_items": [{"quantity": 1, "price_data": price}],
        "success_url": "https://example.com/back?session={CHECKOUT_SESSION_ID}",
        "cancel_url": "https://example.com/canceled",
        "client_reference_id": "payment-1",
        "metadata": {"payment_id": "payment-1"},
        "payment_intent_data": {"metadata": {"payment_id": "payment-1"}, "description": "Top-up"},
        "expires_at": int(time.time()) + 3600,
        **changes,
    }
    return {name: value for name, value in parameters.items() if value is not None}


async def paid(play: Playground) -> str:
    """Pay a session over EUR 50; return the id of its intent."""
    session = await play.session()
    await play.pay(session.id)
    return str((await play.sdk.v1.checkout.sessions.retrieve_async(session.id)).payment_intent)


async def customer(play: Playground) -> str:
    """Create the customer Acme; return its id."""
    return (await play.sdk.v1.customers.create_async({"name": "Acme"})).id


@asynccontextmanager
async def local_stripe(folder: Path, backend: Backend | None = None) -> AsyncIterator[Playground]:
    """Run a local Stripe for the length of the block, with its store in `folder`."""
    backend = backend or Backend()
    calls: list[tuple[str, str, str, Json]] = []

    @web.middleware
    async def keep(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        body = await request.text() or request.query_string
        response = await handler(request)
        if request.path.startswith("/v1/") and isinstance(response, web.Response):
            calls.append((request.method, request.path, body, json.loads(response.text or "{}")))
        return response

    store, app = Store(folder / "sandbox.sqlite"), web.Application(middlewares=[keep])
    runner = web.AppRunner(app, access_log=None)
    app[STORE] = store
    app.router.add_post("/webhook", backend.receive)
    # The port is known only once the socket is there, and the settings need it before.
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    app[SETTINGS] = SandboxSettings(folder, url, f"{url}/webhook", KEY, SECRET, "1:telegram")
    add_stripe(app)
    await runner.setup()
    await web.SockSite(runner, listener).start()
    client = stripe.AIOHTTPClient()
    sdk = stripe.StripeClient(
        KEY, base_addresses={"api": url}, http_client=client, max_network_retries=2
    )
    try:
        async with ClientSession() as http:
            playground = Playground(url, app, backend, sdk, http, calls)
            yield playground
            assert playground.judged() == []
    finally:
        await client.close_async()  # type: ignore[no-untyped-call]
        await runner.cleanup()
        store.close()
