"""What people see and press on the hosted page and in the console."""

import time
from decimal import Decimal

from sandbox.doors import Refusal
from sandbox.store import Json
from sandbox.stripe.billing import pay_invoice
from sandbox.stripe.cards import save as save_card
from sandbox.stripe.charges import paid, seen
from sandbox.stripe.deliveries import state
from sandbox.stripe.objects import CURRENCIES, METHODS
from sandbox.stripe.sessions import LocalStripe
from sandbox.stripe.taxes import fix_on_page, on_page


def outcome(stripe: LocalStripe, session: Json) -> Json:
    """`{status, payment_status, redirect_url, decline_code?, message?, next?}` after a try."""
    complete = session["status"] == "complete"
    back = session["success_url"].replace("{CHECKOUT_SESSION_ID}", session["id"])
    setup = stripe.store.get("setup_intent", session["setup_intent"] or "")
    intent = stripe.intent_of(session) or setup or {}
    answer = {name: session[name] for name in ("status", "payment_status")}
    answer["redirect_url"] = back if complete else None
    if error := intent.get("last_payment_error") or intent.get("last_setup_error"):
        why = error.get("decline_code", error["code"])
        answer |= {"decline_code": why, "message": error["message"]}
    if intent.get("next_action"):
        answer["next"] = "authenticate"
    return answer


def shown(stripe: LocalStripe, session: Json) -> Json:
    """A session for people: amounts as decimal text, and the numbers to try."""
    session = on_page(stripe, session)
    kept = ("id", "created", "expires_at", "cancel_url", "url", "currency", "mode")
    backstage, currency = stripe.backstage(session["id"]), session["currency"]
    return {
        **outcome(stripe, session),
        **{name: session[name] for name in kept},
        "saving": bool(session["saved_payment_method_options"]),
        "told": session["custom_text"]["submit"],
        **priced(session["amount_total"] or 0, currency),
        "items": [item | priced(item["amount"], currency) for item in backstage["items"]],
        "interval": backstage.get("interval"),
        "methods": [
            {"card": card, "label": method["label"], "brand": method["brand"]}
            for card, method in METHODS.items()
            if session["mode"] == "payment" or method["type"] == "card"
        ],
    }


def priced(amount: int, currency: str) -> Json:
    """5000 of a currency with two digits as "50.00"; what can only be 0 is not shown."""
    digits, step = (CURRENCIES[currency][name] for name in ("digits", "step"))
    shown = 0 if step == 10**digits else digits
    return {"amount": str(Decimal(amount).scaleb(-digits)), "digits": shown}


async def see_sessions(stripe: LocalStripe) -> Json:
    """The newest 50 sessions, newest first."""
    sessions = stripe.newest("checkout.session")[:50]
    return {"sessions": [shown(stripe, session) for session in sessions]}


async def see_session(stripe: LocalStripe, id: str) -> Json:
    """What the hosted page shows."""
    return shown(stripe, seen(stripe, id))


async def pay(
    stripe: LocalStripe, id: str, card: str, authenticate: bool | None = None, save: bool = False
) -> Json:
    """What the hosted page's buttons do; `authenticate` answers the 3-D Secure question."""
    page, card = seen(stripe, id), card.replace(" ", "")
    method, step = stripe.tried(card, authenticate)
    if page["status"] != "open":
        raise Refusal(409, f"This page is {page['status']}.", code="session_closed")
    if page["mode"] != "payment" and method["type"] != "card":
        raise Refusal(409, "This page takes cards only.")
    if act := {"setup": save_card, "subscription": pay_invoice}.get(page["mode"]):
        return outcome(stripe, act(stripe, page, card, step))
    if id[:3] == "cs_" and page["payment_intent"] is None:
        page = fix_on_page(stripe, page)
        if page["amount_total"] == 0:
            return outcome(stripe, stripe.move(page, "complete_for_nothing"))
    stripe.pay(id, card, authenticate)
    return outcome(stripe, paid(stripe, id, card, save))


async def confirm(
    stripe: LocalStripe, id: str, card: str, authenticate: bool | None = None
) -> Json:
    """What Stripe.js does on a page of the payer's own; answers the intent."""
    return stripe.pay(id, card.replace(" ", ""), authenticate)


async def settle(stripe: LocalStripe, id: str) -> Json:
    """A delayed payment waits no longer."""
    session, due = stripe.stored("checkout.session", id), stripe.backstage(id)["due"]
    if due["step"] == "expire":
        raise Refusal(409, "No delayed payment was made on this session.")
    return outcome(stripe, stripe.move(session, due["step"], due["card"]))


async def expire(stripe: LocalStripe, id: str) -> Json:
    """As if the session's time were up."""
    return outcome(stripe, stripe.move(stripe.stored("checkout.session", id), "expire"))


async def see_deliveries(stripe: LocalStripe) -> Json:
    """Every event, newest first, with its `state`, `attempts` and the times of `next` ones."""
    found = stripe.newest("delivery")
    return {"deliveries": [each | {"state": state(each)} for each in found]}


async def again(stripe: LocalStripe, id: str, after: float = 0) -> Json:
    """The same event once more, in so many seconds."""
    stripe.deliveries.expect(stripe.stored("delivery", id), time.time() + after)
    return {"event": id, "after": after}


FILES = (
    "sandbox.css",
    "pay.css",
    "pay.js",
    "portal.js",
    "console.css",
    "console.js",
    "console_faults.js",
)
PAGES = {"/pay/{id}": "pay.html", "/portal/{id}": "portal.html", "/console": "console.html"}
PAGES |= {f"/{name}": name for name in FILES}
