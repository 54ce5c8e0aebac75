"""What people see and press: the hosted page, the console, and the JSON doors that both use.

Refusals are Stripe's error object; a body that is not of the documented shape is a 400.
"""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Literal, TypeVar

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sandbox.store import Json
from sandbox.stripe_checkout import API_VERSION, LOCAL_STRIPE, NOBODY_ASKED, LocalStripe
from sandbox.stripe_errors import StripeRefusal
from sandbox.stripe_faults import Faults
from sandbox.stripe_objects import CURRENCIES, METHODS, decimal, new

PAGES = Path(__file__).parent / "pages"
ASSETS = ("sandbox.css", "pay.css", "pay.js", "console.css", "console.js")
FILES = {"/pay/{id}": "pay.html", "/console": "console.html"} | {
    f"/{name}": name for name in ASSETS
}
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
        " img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
SHOWN = 50  # sessions in the console


class Wish(BaseModel):
    """What somebody asks of a door; unknown fields are mistakes."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Try(Wish):
    """POST /stripe/sessions/{id}/pay; `authenticate` answers the 3-D Secure question."""

    card: str = Field(max_length=64)
    authenticate: bool | None = None


class Again(Wish):
    """POST /stripe/deliveries/{event}/again; `after` in seconds."""

    after: float = Field(default=0, ge=0, le=86_400)


class Trigger(Wish):
    """POST /stripe/trigger: an intent paid outside of our sessions, in the charge unit."""

    type: Literal["payment_intent.succeeded"]
    amount: int = Field(default=2000, ge=1, le=99_999_999)
    currency: str = Field(default="usd", pattern="^[a-z]{3}$")
    metadata: dict[str, str] = Field(default_factory=dict, max_length=50)


Shape = TypeVar("Shape", bound=BaseModel)


async def wished(request: web.Request, shape: type[Shape]) -> Shape:
    """The body by its shape; a refusal never repeats what was sent."""
    try:
        return shape.model_validate_json(await request.read() or b"{}")
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "body"
        raise StripeRefusal(400, f"{where}: {first['msg']}", param=where) from None


def outcome(stripe: LocalStripe, session: Json) -> Json:
    """`{status, payment_status, redirect_url, decline_code?, message?, next?}` after a try."""
    complete = session["status"] == "complete"
    back = session["success_url"].replace("{CHECKOUT_SESSION_ID}", session["id"])
    intent = stripe.intent_of(session) or {}
    answer = {name: session[name] for name in ("status", "payment_status")}
    answer["redirect_url"] = back if complete else None
    if error := intent.get("last_payment_error"):
        answer |= {"decline_code": error.get("decline_code", error["code"])}
        answer |= {"message": error["message"]}
    if intent.get("next_action"):
        answer["next"] = "authenticate"
    return answer


def shown(stripe: LocalStripe, session: Json) -> Json:
    """A session for people: amounts as decimal text, and the numbers to try."""
    currency = session["currency"]
    lines = (stripe.store.get("backstage", session["id"]) or {})["line_items"]
    return {
        **outcome(stripe, session),
        **{name: session[name] for name in ("id", "created", "expires_at", "cancel_url", "url")},
        "amount": decimal(session["amount_total"], currency),
        "currency": currency,
        "digits": CURRENCIES[currency]["digits"],
        "items": [
            {
                **{name: line[name] for name in ("description", "quantity")},
                "amount": decimal(line["amount_total"], currency),
            }
            for line in lines
        ],
        "methods": [
            {"card": card, "label": method["label"], "type": method["type"]}
            for card, method in METHODS.items()
        ],
    }


async def see_sessions(stripe: LocalStripe, _: web.Request) -> Json:
    """GET /stripe/sessions: the newest 50, newest first."""
    ids = [session["id"] for _, session in stripe.store.list("checkout.session")]
    return {"sessions": [shown(stripe, stripe.session(id)) for id in ids[: -SHOWN - 1 : -1]]}


async def see_session(stripe: LocalStripe, request: web.Request) -> Json:
    """GET /stripe/sessions/{id}: what the hosted page shows."""
    return shown(stripe, stripe.session(request.match_info["id"]))


async def pay(stripe: LocalStripe, request: web.Request) -> Json:
    """POST /stripe/sessions/{id}/pay: what the hosted page's buttons do."""
    wish = await wished(request, Try)
    return outcome(stripe, stripe.pay(request.match_info["id"], wish.card, wish.authenticate))


async def settle(stripe: LocalStripe, request: web.Request) -> Json:
    """POST /stripe/sessions/{id}/settle: a delayed payment waits no longer."""
    return outcome(stripe, stripe.settle(request.match_info["id"]))


async def expire(stripe: LocalStripe, request: web.Request) -> Json:
    """POST /stripe/sessions/{id}/expire: as if its time were up."""
    return outcome(stripe, stripe.expire(request.match_info["id"]))


async def see_deliveries(stripe: LocalStripe, _: web.Request) -> Json:
    """GET /stripe/deliveries: every event, newest first, with every attempt and answer."""
    return {"deliveries": stripe.deliveries.seen()}


async def again(stripe: LocalStripe, request: web.Request) -> Json:
    """POST /stripe/deliveries/{id}/again: the same event once more."""
    wish, id = await wished(request, Again), request.match_info["id"]
    stripe.deliveries.again(id, wish.after)
    return {"event": id, "after": wish.after}


async def see_faults(stripe: LocalStripe, _: web.Request) -> Json:
    """GET /stripe/faults: those in force, and what is left of the counted ones."""
    return stripe.deliveries.faults.model_dump()


async def set_faults(stripe: LocalStripe, request: web.Request) -> Json:
    """POST /stripe/faults: sets those that it names; `Faults` documents the shape."""
    wish = await wished(request, Faults)
    stripe.deliveries.faults = stripe.deliveries.faults.changed_by(wish)
    return stripe.deliveries.faults.model_dump()


async def trigger(stripe: LocalStripe, request: web.Request) -> Json:
    """POST /stripe/trigger: answers the intent, after its event was sent."""
    paid = (await wished(request, Trigger)).model_dump()
    type = paid.pop("type")
    intent = new("payment_intent", **paid, amount_received=paid["amount"], status="succeeded")
    stripe.store.put("payment_intent", intent["id"], intent)
    stripe.tell([type], {"payment_intent": intent}, API_VERSION, NOBODY_ASKED)
    return intent


Door = Callable[[LocalStripe, web.Request], Awaitable[Json]]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
DOORS: dict[str, dict[str, Door]] = {
    "/stripe/sessions": {"GET": see_sessions},
    "/stripe/sessions/{id}": {"GET": see_session},
    "/stripe/sessions/{id}/pay": {"POST": pay},
    "/stripe/sessions/{id}/settle": {"POST": settle},
    "/stripe/sessions/{id}/expire": {"POST": expire},
    "/stripe/deliveries": {"GET": see_deliveries},
    "/stripe/deliveries/{id}/again": {"POST": again},
    "/stripe/faults": {"GET": see_faults, "POST": set_faults},
    "/stripe/trigger": {"POST": trigger},
}


def add_pages(app: web.Application) -> None:
    """The two pages, their files, and the doors."""
    for path, doors in DOORS.items():
        for method, door in doors.items():
            app.router.add_route(method, path, opened(door))
    for path, name in FILES.items():
        app.router.add_get(path, page(name))


def page(name: str) -> Handler:
    """The handler of one file, the same for everyone."""

    async def handle(_: web.Request) -> web.StreamResponse:
        return web.FileResponse(PAGES / name, headers=HEADERS)

    return handle


def opened(door: Door) -> Handler:
    """The handler of a door: JSON out, refusals as Stripe's error object."""

    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            return web.json_response(await door(request.app[LOCAL_STRIPE], request))
        except StripeRefusal as refusal:
            return refusal.response()

    return handle
