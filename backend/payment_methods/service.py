"""Saved cards: list, add, label, set the default, remove; and how Stripe stands, written down.

Stripe first, then our mirror: whatever is done there, the answer is how it stands afterwards.
"""

from contextlib import suppress
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from backend import schemas
from backend.database.protocol import SERVICE, Actor, Database
from backend.errors import BadRequest, CardDeclined, NotFound
from backend.failures import StripeRefused
from backend.payment_methods import customers
from backend.schemas import Json
from backend.shop import Shop
from backend.stripe.answers import code_of
from backend.stripe.errors import about_customer
from backend.stripe.parsers.payment_methods import told

LOOKS: Final = 5  # what is found to be twice at Stripe, or without a default, takes a second one
PAYMENT_REQUIRED: Final = "402"  # the status of a decline: https://docs.stripe.com/api/errors
WRONG_REQUEST: Final = ("400", "404")
PORTAL_LOOKS_APART: Final = 3  # seconds
# https://docs.stripe.com/testing#cards; the one that asks for 3-D Secure needs a page to ask on.
TEST_CARDS: Final[dict[str, str | None]] = {
    "4242424242424242": "pm_card_visa",
    "5555555555554444": "pm_card_mastercard",
    "378282246310005": "pm_card_amex",
    "4000000000000002": "pm_card_visa_chargeDeclined",
    "4000002500003155": None,
}


async def listing(
    database: Database, actor: Actor, asked: schemas.WhichOrganization
) -> schemas.PaymentMethods:
    """What an organization has saved to pay with. Raises NotFound."""
    found = await database.call("list_payment_methods", actor, **asked.model_dump())
    return schemas.PaymentMethods(methods=found)


async def change(
    shop: Shop, actor: Actor, method_id: UUID, wanted: schemas.MethodChange
) -> schemas.PaymentMethod:
    """Give a saved card a label, make it the default, or both. Raises NotFound, RoleTooLow."""
    if wanted.label is not None:
        await shop.database.call("label_method", actor, method_id=method_id, label=wanted.label)
    if wanted.set_as_default:
        return await set_default(shop, actor, method_id)
    return await show(shop, actor, method_id)


async def show(shop: Shop, actor: Actor, method_id: UUID) -> schemas.PaymentMethod:
    """A saved card, for who may charge it. Raises NotFound, RoleTooLow."""
    found = await shop.database.call("get_payment_method", actor, method_id=method_id)
    return schemas.PaymentMethod(**found)


async def set_default(shop: Shop, actor: Actor, method_id: UUID) -> schemas.PaymentMethod:
    """A saved card is what is paid with unless somebody says otherwise. Raises NotFound."""
    ordered = await shop.database.call("order_method", actor, method_id=method_id, act="default")
    stripe_id = ordered["stripe_payment_method_id"]
    await shop.stripe.set_default_method(ordered["stripe_customer_id"], stripe_id)
    await look(shop, {"organization_id": ordered["organization_id"]})
    return await show(shop, actor, method_id)


async def remove(shop: Shop, actor: Actor, method_id: UUID) -> None:
    """A saved card can be charged no more; again is harmless. Raises NotFound, StripeRefused."""
    ordered = await shop.database.call("order_method", actor, method_id=method_id, act="removal")
    if not ordered["is_active"]:
        return
    whose = {"organization_id": ordered["organization_id"]}
    for twin in ordered["twins"]:
        with suppress(StripeRefused):  # most are gone already
            await shop.stripe.detach_method(twin)
    try:
        await shop.stripe.detach_method(ordered["stripe_payment_method_id"])
    except StripeRefused:  # perhaps because somebody was faster
        await look(shop, whose)
        with suppress(NotFound):
            await show(shop, actor, method_id)
            raise
    await look(shop, whose)


async def open_portal(
    shop: Shop, actor: Actor, wanted: schemas.WhichOrganization
) -> schemas.Portal:
    """A way into Stripe's own page of an organization's cards and invoices.

    Raises NotFound, RoleTooLow, StripeRefused where the portal is not set up at Stripe.
    """
    customer_id = await customers.customer_id(shop, actor, wanted.organization_id)
    opened = await shop.stripe.open_portal(customer_id, str(wanted.organization_id))
    return schemas.Portal(url=opened["url"])


def published_card(shop: Shop, wanted: schemas.NewMethod) -> str | None:
    """Stripe's name of a published test card; None for the one that is added on a page.

    Raises BadRequest for any other number, and for every number in live mode.
    """
    if shop.stripe.livemode:
        raise BadRequest("Never send card numbers here: ask for a link and add the card there.")
    number = wanted.card_number.get_secret_value() if wanted.card_number else ""
    digits = "".join(number.replace("-", " ").split())
    if digits not in TEST_CARDS or not (wanted.exp_month and wanted.exp_year and wanted.cvc):
        raise BadRequest(
            "Of Stripe's test cards (https://docs.stripe.com/testing) the first Visa, Mastercard,"
            " American Express work here, the generic decline and the first one of 3-D Secure, with"
            " exp_month, exp_year and cvc. Nothing of this was kept."
        )
    today = datetime.now(UTC)
    if (wanted.exp_year, wanted.exp_month) < (today.year, today.month):
        raise CardDeclined(decline_code="expired_card")
    return TEST_CARDS[digits]


async def attach(
    shop: Shop, actor: Actor, wanted: schemas.NewMethod, stripe_id: str
) -> schemas.AddedMethod:
    """A payment method that Stripe knows becomes the organization's. Raises CardDeclined."""
    customer = await customers.known(shop, actor, wanted.organization_id)
    await shop.database.call("order_addition", actor, organization_id=wanted.organization_id)
    try:
        made = await shop.stripe.attach_method(stripe_id, customer["stripe_customer_id"])
    except StripeRefused as refused:
        said = refused.details
        if said["stripe_status"] == PAYMENT_REQUIRED:
            code = said.get("stripe_decline_code", refused.facts["stripe_code"])
            raise CardDeclined(decline_code=code) from refused
        # Our key, our customer or Stripe itself: the method may be a good one.
        if said["stripe_status"] not in WRONG_REQUEST or about_customer(said):
            raise
        raise BadRequest(
            "Stripe knows no such payment method, or it belongs to another customer."
        ) from refused
    added = {"added_id": made["id"], "added_by": customer["user_id"]}
    added |= {"make_default": wanted.set_as_default}
    found = await look(shop, {"organization_id": str(wanted.organization_id)}, added=added)
    return schemas.AddedMethod(method=found.get("method"), known=bool(found.get("known")))


async def ask(shop: Shop, result: Json) -> None:
    """An event said whose methods changed: ask Stripe how they stand."""
    await look(shop, result["fact"], result["id"])


async def look(
    shop: Shop,
    fact: Json,
    event_id: str | None = None,
    added: Json | None = None,
    *,
    settle: bool = True,
) -> Json:
    """Ask Stripe how an organization's methods stand, and write that down.

    Without `settle` nothing is changed at Stripe: the next look does that.

    The same card twice is let go at Stripe, and the only one is the default. An answer that comes
    after a newer one is thrown away and asked for again. Answers as `api.mirror_methods`, or
    nothing where there was nothing to ask.
    """
    found: Json = {}
    for _ in range(LOOKS):
        asked = await shop.database.call("start_method_look", SERVICE, fact=fact, event_id=event_id)
        if not asked["due"]:
            break
        link: Json = asked["link"] or {}
        page = await seen_on_page(shop, link) if link.get("stripe_checkout_session_id") else {}
        new: Json = added or page.get("added") or {}
        saved = await shop.stripe.saved_methods(asked["stripe_customer_id"])
        default_id, methods = saved or (None, [])
        found = await shop.database.call(
            "mirror_methods",
            SERVICE,
            organization_id=asked["organization_id"],
            looked_at=asked["looked_at"],
            methods=[told(method) for method in methods],
            default_id=default_id,
            gone_customer_id=None if saved else asked["stripe_customer_id"],
            **new,
        )
        event_id, fact = None, {name: fact[name] for name in fact if name != "at_most_every"}
        if not found["fresh"]:
            continue
        if not settle:
            break
        with suppress(StripeRefused):  # somebody was faster: the next look sees what is so
            for method in methods:
                if method["id"] == new.get("added_id") and method["allow_redisplay"] != "always":
                    await shop.stripe.show_always(method["id"])
            if default := found["default_to"]:
                await shop.stripe.set_default_method(asked["stripe_customer_id"], default)
        for twin in found["detach"]:
            with suppress(StripeRefused):
                await shop.stripe.detach_method(twin)
        if page:
            await shop.database.call("settle_method_link", SERVICE, **page["settled"])
        if not (found["default_to"] or found["detach"]):
            break
    shop.bell.ring()
    return found


async def seen_on_page(shop: Shop, link: Json) -> Json:
    """What became of a page to add a card: what was added on it, and what its link is told."""
    session = await shop.stripe.get_setup(link["stripe_checkout_session_id"])
    intent: Json = session["setup_intent"] or {}
    saved = intent.get("payment_method") if session["status"] == "complete" else None
    settled = {
        "link_id": link["link_id"],
        "stripe_payment_method_id": saved,
        "expired": session["status"] == "expired",
        "decline": code_of(intent.get("last_setup_error")),
    }
    first = link["state"] == "open" and link["make_default"]
    added = {"added_id": saved, "added_by": link["user_id"], "make_default": first}
    return {"settled": settled, "added": added if saved else None}
