"""Saved cards: list, add, label, set the default, remove; and how Stripe stands, written down.

Stripe first, then our mirror: whatever is done there, the answer is how it stands afterwards.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from backend import schemas
from backend.database.functions import (
    payment_methods as sql_payment_methods,
    setup_links as sql_setup_links,
)
from backend.database.functions.payment_methods import MirroredMethods, WhoseMethods
from backend.database.functions.setup_links import SetupLinkRow
from backend.database.protocol import Database, Person
from backend.errors import BadRequest, CardDeclined, NotFound
from backend.failures import StripeRefused
from backend.payment_methods import customers
from backend.shop import Shop
from backend.stripe.errors import about_customer
from backend.stripe.parsers.facts import MethodFact
from backend.stripe.parsers.payment_methods import SetupIntent

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
    database: Database, actor: Person, asked: schemas.WhichOrganization
) -> schemas.PaymentMethods:
    """What an organization has saved to pay with. Raises NotFound."""
    found = await sql_payment_methods.list_payment_methods(
        database, actor, organization_id=asked.organization_id
    )
    return schemas.PaymentMethods(methods=found)


async def change(
    shop: Shop, actor: Person, method_id: UUID, wanted: schemas.MethodChange
) -> schemas.PaymentMethod:
    """Give a saved card a label, make it the default, or both. Raises NotFound, RoleTooLow."""
    if wanted.label is not None:
        await sql_payment_methods.label_method(
            shop.database, actor, method_id=method_id, label=wanted.label
        )
    if wanted.set_as_default:
        return await set_default(shop, actor, method_id)
    return await show(shop, actor, method_id)


async def show(shop: Shop, actor: Person, method_id: UUID) -> schemas.PaymentMethod:
    """A saved card, for who may charge it. Raises NotFound, RoleTooLow."""
    return await sql_payment_methods.get_payment_method(shop.database, actor, method_id=method_id)


async def set_default(shop: Shop, actor: Person, method_id: UUID) -> schemas.PaymentMethod:
    """A saved card is what is paid with unless somebody says otherwise. Raises NotFound."""
    ordered = await sql_payment_methods.order_method(
        shop.database, actor, method_id=method_id, act="default"
    )
    customer_id = ordered.stripe_customer_id
    if customer_id is None:  # it was deleted at Stripe, and its methods with it
        raise NotFound(what="payment method")
    await shop.stripe.set_default_method(customer_id, ordered.stripe_payment_method_id)
    await look(shop, {"organization_id": str(ordered.organization_id)})
    return await show(shop, actor, method_id)


async def remove(shop: Shop, actor: Person, method_id: UUID) -> None:
    """A saved card can be charged no more; again is harmless. Raises NotFound, StripeRefused."""
    ordered = await sql_payment_methods.order_method(
        shop.database, actor, method_id=method_id, act="removal"
    )
    if not ordered.is_active:
        return
    whose: WhoseMethods = {"organization_id": str(ordered.organization_id)}
    for twin in ordered.twins:
        with suppress(StripeRefused):  # most are gone already
            await shop.stripe.detach_method(twin)
    try:
        await shop.stripe.detach_method(ordered.stripe_payment_method_id)
    except StripeRefused:  # perhaps because somebody was faster
        await look(shop, whose)
        with suppress(NotFound):
            await show(shop, actor, method_id)
            raise
    await look(shop, whose)


async def open_portal(
    shop: Shop, actor: Person, wanted: schemas.WhichOrganization
) -> schemas.Portal:
    """A way into Stripe's own page of an organization's cards and invoices.

    Raises NotFound, RoleTooLow, StripeRefused where the portal is not set up at Stripe.
    """
    customer_id = await customers.customer_id(shop, actor, wanted.organization_id)
    url = await shop.stripe.open_portal(customer_id, str(wanted.organization_id))
    return schemas.Portal(url=url)


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
    shop: Shop, actor: Person, wanted: schemas.NewMethod, stripe_id: str
) -> schemas.AddedMethod:
    """A payment method that Stripe knows becomes the organization's. Raises CardDeclined."""
    customer = await customers.known(shop, actor, wanted.organization_id)
    await sql_payment_methods.order_addition(
        shop.database, actor, organization_id=wanted.organization_id
    )
    try:
        made = await shop.stripe.attach_method(stripe_id, customer.customer_id)
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
    added = AddedAtStripe(made.id, customer.user_id, make_default=wanted.set_as_default)
    found = await look(shop, {"organization_id": str(wanted.organization_id)}, added=added)
    if found is None:
        return schemas.AddedMethod()
    return schemas.AddedMethod(method=found.method, known=bool(found.known))


async def ask(shop: Shop, fact: MethodFact, event_id: str) -> None:
    """An event said whose methods changed: ask Stripe how they stand."""
    whose: WhoseMethods = {
        "customer_id": fact.customer_id,
        "method_id": fact.method_id,
        "link_id": fact.link_id,
    }
    await look(shop, whose, event_id)


@dataclass(frozen=True)
class AddedAtStripe:
    """What somebody has just saved at Stripe, by its id there, perhaps to be the default one."""

    stripe_id: str
    added_by: UUID
    make_default: bool


@dataclass(frozen=True)
class SeenPage:
    """What became of a page to add a card: what was `added` on it, and what its link is told."""

    link_id: UUID
    added: AddedAtStripe | None
    expired: bool
    decline: str | None


async def look(
    shop: Shop,
    whose: WhoseMethods,
    event_id: str | None = None,
    added: AddedAtStripe | None = None,
    *,
    settle: bool = True,
) -> MirroredMethods | None:
    """Ask Stripe how an organization's methods stand, and write that down.

    Without `settle` nothing is changed at Stripe: the next look does that.

    The same card twice is let go at Stripe, and the only one is the default. An answer that comes
    after a newer one is thrown away and asked for again. None where there was nothing to ask.
    """
    found = None
    for _ in range(LOOKS):
        asked = await sql_payment_methods.start_method_look(
            shop.database, fact=whose, event_id=event_id
        )
        if asked is None:
            break
        page = await seen_on_page(shop, asked.link) if asked.link else None
        new = added or (page.added if page else None)
        saved = await shop.stripe.saved_methods(asked.stripe_customer_id)
        default_id, methods = saved or (None, [])
        found = await sql_payment_methods.mirror_methods(
            shop.database,
            organization_id=asked.organization_id,
            looked_at=asked.looked_at,
            methods=methods,
            default_id=default_id,
            added_id=new.stripe_id if new else None,
            added_by=new.added_by if new else None,
            make_default=new.make_default if new else False,
            gone_customer_id=None if saved else asked.stripe_customer_id,
        )
        event_id, whose = None, whose.copy()
        whose.pop("at_most_every", None)
        if not found.fresh:
            continue
        if not settle:
            break
        with suppress(StripeRefused):  # somebody was faster: the next look sees what is so
            for method in methods:
                is_new = new is not None and method.id == new.stripe_id
                if is_new and method.allow_redisplay != "always":
                    await shop.stripe.show_always(method.id)
            if found.default_to:
                await shop.stripe.set_default_method(asked.stripe_customer_id, found.default_to)
        for twin in found.detach:
            with suppress(StripeRefused):
                await shop.stripe.detach_method(twin)
        if page:
            await sql_setup_links.settle_method_link(
                shop.database,
                link_id=page.link_id,
                stripe_payment_method_id=page.added.stripe_id if page.added else None,
                expired=page.expired,
                decline=page.decline,
            )
        if not (found.default_to or found.detach):
            break
    shop.bell.ring()
    return found


async def seen_on_page(shop: Shop, link: SetupLinkRow) -> SeenPage | None:
    """What became of a link's page to add a card; None before there is one."""
    if link.stripe_checkout_session_id is None:
        return None
    session = await shop.stripe.get_setup(link.stripe_checkout_session_id)
    intent = session.setup_intent if isinstance(session.setup_intent, SetupIntent) else None
    saved = intent.payment_method if intent and session.status == "complete" else None
    first = link.state == "open" and link.make_default
    return SeenPage(
        link_id=link.link_id,
        added=AddedAtStripe(saved, link.user_id, make_default=first) if saved else None,
        expired=session.status == "expired",
        decline=intent.decline if intent else None,
    )
