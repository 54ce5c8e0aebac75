"""The backend as the bot knows it: the doors it calls, with memory. Never imported by the product.

It keeps what was asked, and answers by the same models as the real one.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import jwt
from aiohttp import web

from backend import schemas
from backend.schemas import CheckoutRequest, Limits, Me, Membership, Money, Notification, Payment

SECRET = "a made-up secret of 32 characters!"
ACME, GLOBEX = UUID(int=0xAC), UUID(int=0x61)
ANA, BEN, EVE = 1001, 1002, 1003
LINK = "https://pay.example.com/cs_test_1"
NOON = datetime(2026, 5, 17, 12, 0, tzinfo=UTC)

SETTINGS: dict[str, Any] = {
    "chosen_language": None, "time_zone": "UTC", "quiet_hours": None, "credits": True,
    "members": True,
}  # fmt: skip

Refusal = tuple[int, str, dict[str, str]]


def euros(minor: int) -> Money:
    return Money(amount=f"{minor / 100:.2f}", amount_minor=minor, currency="eur")


def membership(organization: UUID, name: str, role: schemas.Role, *currencies: str) -> Membership:
    """With a wallet in euros, and one in each of the zero-decimal `currencies`."""
    limits = Limits(minimum="0.50", maximum="10000.00", currency="eur")
    wallets = [schemas.Wallet(balance=euros(1234), limits=limits)]
    for code in currencies:
        balance = Money(amount="1234", amount_minor=1234, currency=code)
        limits = Limits(minimum="50", maximum="99999999", currency=code)
        wallets.append(schemas.Wallet(balance=balance, limits=limits))
    return Membership(
        organization_id=organization, organization_name=name, role=role, wallets=wallets
    )


def payment(**changed: Any) -> Payment:
    """A payment of EUR 50 to Acme by Ana, its link open."""
    facts: dict[str, Any] = {
        "id": uuid4(),
        "reference": "AB12",
        "organization_id": ACME,
        "organization_name": "Acme",
        "paid_by": "Ana",
        "money": euros(5000),
        "status": "pending",
        "url": LINK,
        "expires_at": NOON,
        "last_decline": None,
        "under_review": None,
        "balance": None,
        "created_at": NOON,
        "succeeded_at": None,
    }
    return Payment(**facts | changed)


def refund(payment_id: UUID, money: Money, **changed: Any) -> schemas.Refund:
    """A refund that Ana made and that succeeded."""
    facts: dict[str, Any] = {
        "id": uuid4(), "payment_id": payment_id, "money": money, "status": "succeeded",
        "reason": None, "failure": None, "refunded_by": "Ana", "created_at": NOON,
    }  # fmt: skip
    return schemas.Refund(**facts | changed)


def subscription(**changed: Any) -> schemas.Subscription:
    """EUR 25 for Acme every month, not begun; by a link."""
    facts: dict[str, Any] = {
        "id": uuid4(), "organization_id": ACME, "organization_name": "Acme", "money": euros(2500),
        "interval": "month", "package": None, "status": "incomplete", "url": LINK,
        "started_by": "Ana", "current_period_end": None, "created_at": NOON,
    }  # fmt: skip
    return schemas.Subscription(**facts | changed)


def notification(shown: Payment, **changed: Any) -> Notification:
    """A notification for Ana's chat, of a new message."""
    facts: dict[str, Any] = {
        "id": 1,
        "claim": uuid4(),
        "kind": "payment_shown",
        "chat_id": ANA,
        "message_id": None,
        "language": "en",
        "time_zone": "UTC",
        "silent": False,
        "repeat": False,
        "payment": shown,
        "facts": {},
    }
    return Notification(**facts | changed)


@dataclass
class FakeBackend:
    """`refuse` makes a door ("PUT /api/me") answer an error, `crash` makes it drop the line."""

    people: dict[int, list[Membership]] = field(default_factory=dict)
    asked: list[tuple[str, CheckoutRequest]] = field(default_factory=list)
    introduced: list[tuple[int, schemas.Introduction]] = field(default_factory=list)
    settings: dict[int, dict[str, Any]] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)
    current: dict[int, UUID] = field(default_factory=dict)  # organizations
    refunds: dict[str, schemas.RefundRequest] = field(default_factory=dict)  # by their keys
    payments: dict[UUID, Payment] = field(default_factory=dict)
    reports: asyncio.Queue[schemas.NotificationResult] = field(default_factory=asyncio.Queue)
    outbox: asyncio.Queue[Notification] = field(default_factory=asyncio.Queue)
    topups_in_chat: bool = True
    refuse: dict[str, Refusal] = field(default_factory=dict)
    crash: dict[str, int] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    def app(self) -> web.Application:
        app = web.Application(middlewares=[self.trouble])
        app.router.add_put("/api/me", self.me)
        app.router.add_get("/api/me/settings", self.show_settings)
        app.router.add_patch("/api/me/settings", self.change_settings)
        app.router.add_post("/api/payments/checkout", self.checkout)
        app.router.add_get("/api/payments/methods", self.methods)
        app.router.add_get("/api/payments/packages", self.packages)
        app.router.add_get("/api/payments/subscriptions", self.subscriptions)
        app.router.add_get("/api/payments/{id}", self.payment)
        app.router.add_post("/api/payments/{id}/check", self.payment)
        app.router.add_post("/api/payments/{id}/cancel", self.cancel)
        app.router.add_post("/api/payments/{id}/refund", self.refund)
        app.router.add_post("/internal/notifications/claim", self.claim)
        app.router.add_post("/internal/notifications/{id}/result", self.result)
        return app

    @web.middleware
    async def trouble(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        door = f"{request.method} {request.path}"
        self.calls.append(door)
        if self.crash.get(door, 0) > 0:
            self.crash[door] -= 1
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        if door in self.refuse:
            return error(*self.refuse[door])
        return await handler(request)

    async def me(self, request: web.Request) -> web.Response:
        user = actor(request)
        said = schemas.Introduction.model_validate_json(await request.read())
        self.introduced.append((user, said))
        own = self.settings.get(user, {})
        self.names[user] = said.name
        places = self.people.setdefault(user, [])
        ids = [place.organization_id for place in places]
        return answer(
            Me(
                user_id=UUID(int=user),
                name=said.name,
                language=own.get("chosen_language") or said.language or "en",
                time_zone=own.get("time_zone", "UTC"),
                organization_id=next(
                    (id for id in (self.current.get(user), *ids) if id in ids), None
                ),
                organizations=places,
                topups_in_chat=self.topups_in_chat,
            )
        )

    async def show_settings(self, request: web.Request) -> web.Response:
        own = self.settings.get(actor(request), {})
        language = own.get("chosen_language") or "en"
        return answer(schemas.PersonalSettings(**{**SETTINGS, "language": language, **own}))

    async def change_settings(self, request: web.Request) -> web.Response:
        said = schemas.SettingsChange.model_validate_json(await request.read())
        if said.time_zone.startswith("Mars"):
            return error(422, "time_zone_unknown", {})
        own = self.settings.setdefault(actor(request), {})
        own |= said.model_dump(exclude_unset=True)
        return await self.show_settings(request)

    async def checkout(self, request: web.Request) -> web.Response:
        actor(request)
        key = request.headers["Idempotency-Key"]
        wanted = CheckoutRequest.model_validate_json(await request.read())
        earlier = [asked for used, asked in self.asked if used == key]
        if earlier and earlier[0] != wanted:
            return error(409, "idempotency_key_reused", {})
        if refusal := unfit(wanted.amount):
            return error(*refusal)
        made = payment(money=euros(round(float(wanted.amount) * 100)))
        if not earlier:
            self.asked.append((key, wanted))
            self.payments[made.id] = made
            place = wanted.shown_in
            shown = {"chat_id": place.chat_id, "message_id": place.message_id} if place else {}
            self.outbox.put_nowait(notification(made, **shown))
        return answer(schemas.Checkout(payment_id=made.id, url=LINK, expires_at=NOON))

    async def methods(self, request: web.Request) -> web.Response:
        actor(request)
        return answer(schemas.PaymentMethods(methods=[]))

    async def packages(self, request: web.Request) -> web.Response:
        return answer(schemas.Packages(packages=[]))

    async def subscriptions(self, request: web.Request) -> web.Response:
        actor(request)
        return answer(schemas.Subscriptions(subscriptions=[]))

    async def payment(self, request: web.Request) -> web.Response:
        actor(request)
        return answer(self.payments[UUID(request.match_info["id"])])

    async def cancel(self, request: web.Request) -> web.Response:
        actor(request)
        id = UUID(request.match_info["id"])
        if self.payments[id].status == "pending":
            self.payments[id] = self.payments[id].model_copy(update={"status": "canceled"})
        return answer(self.payments[id])

    async def refund(self, request: web.Request) -> web.Response:
        actor(request)
        key, id = request.headers["Idempotency-Key"], UUID(request.match_info["id"])
        wanted = schemas.RefundRequest.model_validate_json(await request.read())
        self.refunds[key] = wanted
        return answer(refund(id, euros(round(float(wanted.amount or 0) * 100))))

    async def claim(self, request: web.Request) -> web.Response:
        service(request)
        found = []
        try:
            async with asyncio.timeout(float(request.query["wait"])):
                found.append(await self.outbox.get())
        except TimeoutError:
            pass
        while not self.outbox.empty():
            found.append(self.outbox.get_nowait())
        return answer(schemas.ClaimedNotifications(notifications=found))

    async def result(self, request: web.Request) -> web.Response:
        service(request)
        said = schemas.NotificationResult.model_validate_json(await request.read())
        self.reports.put_nowait(said)
        return web.Response(status=204)


def unfit(amount: str) -> Refusal | None:
    """The real backend's verdict on an amount, as far as these tests need it."""
    if not re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", amount):
        return (422, "amount_unreadable", {})
    if float(amount) < 0.5:
        return (422, "amount_too_small", {"minimum": "0.50", "currency": "eur"})
    if float(amount) > 10_000:
        return (422, "amount_too_large", {"maximum": "10000.00", "currency": "eur"})
    if len(amount.partition(".")[2]) > 2:
        return (422, "amount_too_precise", {"step": "0.01", "currency": "eur"})
    return None


def actor(request: web.Request) -> int:
    return int(claims(request, schemas.ACTOR_AUDIENCE)["sub"])


def service(request: web.Request) -> None:
    assert claims(request, schemas.SERVICE_AUDIENCE)["sub"] == "bot"


def claims(request: web.Request, audience: str) -> dict[str, Any]:
    token = request.headers["Authorization"].removeprefix("Bearer ")
    said = jwt.decode(
        token, SECRET, algorithms=["HS256"], audience=audience, issuer=schemas.BOT_ISSUER
    )
    assert said["exp"] - said["iat"] <= schemas.TOKEN_LIFETIME_SECONDS
    return said


def answer(model: schemas.Model) -> web.Response:
    return web.Response(body=model.model_dump_json(), content_type="application/json")


def error(status: int, code: str, facts: dict[str, str]) -> web.Response:
    said = schemas.ErrorFacts(code=code, message=code, request_id="r1", facts=facts)
    body = schemas.ErrorAnswer(error=said).model_dump_json()
    return web.Response(status=status, body=body, content_type="application/json")
