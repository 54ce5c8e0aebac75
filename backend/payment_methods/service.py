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
from backend.services import Services
from backend.stripe.errors import is_customer_error
from backend.stripe.parsers.facts import MethodFact
from backend.stripe.parsers.payment_methods import SetupIntent

MAX_SYNC_ROUNDS: Final = (
    5  # what is found to be twice at Stripe, or without a default, takes a second one
)
PAYMENT_REQUIRED: Final = "402"  # the status of a decline: https://docs.stripe.com/api/errors
WRONG_REQUEST: Final = ("400", "404")
PORTAL_SYNC_INTERVAL_SECONDS: Final = 3  # seconds
# https://docs.stripe.com/testing#cards; the one that asks for 3-D Secure needs a page to ask on.
TEST_CARDS: Final[dict[str, str | None]] = {
    "4242424242424242": "pm_card_visa",
    "5555555555554444": "pm_card_mastercard",
    "378282246310005": "pm_card_amex",
    "4000000000000002": "pm_card_visa_chargeDeclined",
    "4000002500003155": None,
}


async def list_payment_methods(
    database: Database, actor: Person, query: schemas.WhichOrganization
) -> schemas.PaymentMethods:
    """What an organization has saved to pay with. Raises NotFound."""
    rows = await sql_payment_methods.list_payment_methods(
        database, actor, organization_id=query.organization_id
    )
    return schemas.PaymentMethods(methods=rows)


async def change_payment_method(
    services: Services, actor: Person, method_id: UUID, request: schemas.MethodChange
) -> schemas.PaymentMethod:
    """Give a saved card a label, make it the default, or both. Raises NotFound, RoleTooLow."""
    if request.label is not None:
        await sql_payment_methods.set_payment_method_label(
            services.database, actor, payment_method_id=method_id, label=request.label
        )
    if request.set_as_default:
        return await set_default_payment_method(services, actor, method_id)
    return await get_payment_method(services, actor, method_id)


async def get_payment_method(
    services: Services, actor: Person, method_id: UUID
) -> schemas.PaymentMethod:
    """A saved card, for who may charge it. Raises NotFound, RoleTooLow."""
    return await sql_payment_methods.get_payment_method(
        services.database, actor, payment_method_id=method_id
    )


async def set_default_payment_method(
    services: Services, actor: Person, method_id: UUID
) -> schemas.PaymentMethod:
    """A saved card is what is paid with unless somebody says otherwise. Raises NotFound."""
    ordered = await sql_payment_methods.request_payment_method_change(
        services.database, actor, payment_method_id=method_id, act="default"
    )
    customer_id = ordered.stripe_customer_id
    if customer_id is None:  # it was deleted at Stripe, and its methods with it
        raise NotFound(what="payment method")
    await services.stripe.set_default_payment_method(customer_id, ordered.stripe_payment_method_id)
    await sync_payment_methods(services, {"organization_id": str(ordered.organization_id)})
    return await get_payment_method(services, actor, method_id)


async def remove_payment_method(services: Services, actor: Person, method_id: UUID) -> None:
    """A saved card can be charged no more; again is harmless. Raises NotFound, StripeRefused."""
    ordered = await sql_payment_methods.request_payment_method_change(
        services.database, actor, payment_method_id=method_id, act="removal"
    )
    if not ordered.is_active:
        return
    scope: WhoseMethods = {"organization_id": str(ordered.organization_id)}
    for twin in ordered.twins:
        with suppress(StripeRefused):  # most are gone already
            await services.stripe.detach_payment_method(twin)
    try:
        await services.stripe.detach_payment_method(ordered.stripe_payment_method_id)
    except StripeRefused:  # perhaps because somebody was faster
        await sync_payment_methods(services, scope)
        with suppress(NotFound):
            await get_payment_method(services, actor, method_id)
            raise
    await sync_payment_methods(services, scope)


async def create_portal_session(
    services: Services, actor: Person, request: schemas.WhichOrganization
) -> schemas.Portal:
    """A way into Stripe's own page of an organization's cards and invoices.

    Raises NotFound, RoleTooLow, StripeRefused where the portal is not set up at Stripe.
    """
    customer_id = await customers.ensure_stripe_customer_id(
        services, actor, request.organization_id
    )
    url = await services.stripe.create_portal_session(customer_id, str(request.organization_id))
    return schemas.Portal(url=url)


def stripe_test_payment_method(services: Services, request: schemas.NewMethod) -> str | None:
    """Stripe's name of a published test card; None for the one that is added on a page.

    Raises BadRequest for any other number, and for every number in live mode.
    """
    if services.stripe.livemode:
        raise BadRequest("Never send card numbers here: ask for a link and add the card there.")
    number = request.card_number.get_secret_value() if request.card_number else ""
    digits = "".join(number.replace("-", " ").split())
    if digits not in TEST_CARDS or not (request.exp_month and request.exp_year and request.cvc):
        raise BadRequest(
            "Of Stripe's test cards (https://docs.stripe.com/testing) the first Visa, Mastercard,"
            " American Express work here, the generic decline and the first one of 3-D Secure, with"
            " exp_month, exp_year and cvc. Nothing of this was kept."
        )
    today = datetime.now(UTC)
    if (request.exp_year, request.exp_month) < (today.year, today.month):
        raise CardDeclined(decline_code="expired_card")
    return TEST_CARDS[digits]


async def attach_payment_method(
    services: Services, actor: Person, request: schemas.NewMethod, stripe_id: str
) -> schemas.AddedMethod:
    """A payment method that Stripe knows becomes the organization's. Raises CardDeclined."""
    customer = await customers.ensure_customer_row(services, actor, request.organization_id)
    await sql_payment_methods.request_payment_method_addition(
        services.database, actor, organization_id=request.organization_id
    )
    try:
        attached = await services.stripe.attach_payment_method(stripe_id, customer.customer_id)
    except StripeRefused as refused:
        details = refused.details
        if details["stripe_status"] == PAYMENT_REQUIRED:
            code = details.get("stripe_decline_code", refused.facts["stripe_code"])
            raise CardDeclined(decline_code=code) from refused
        # Our key, our customer or Stripe itself: the method may be a good one.
        if details["stripe_status"] not in WRONG_REQUEST or is_customer_error(details):
            raise
        raise BadRequest(
            "Stripe knows no such payment method, or it belongs to another customer."
        ) from refused
    added = AddedAtStripe(attached.id, customer.user_id, make_default=request.set_as_default)
    synced = await sync_payment_methods(
        services, {"organization_id": str(request.organization_id)}, added=added
    )
    if synced is None:
        return schemas.AddedMethod()
    return schemas.AddedMethod(method=synced.method, known=bool(synced.known))


async def sync_after_event(services: Services, fact: MethodFact, event_id: str) -> None:
    """An event said whose methods changed: ask Stripe how they stand."""
    whose: WhoseMethods = {
        "customer_id": fact.customer_id,
        "method_id": fact.method_id,
        "link_id": fact.link_id,
    }
    await sync_payment_methods(services, whose, event_id)


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


async def sync_payment_methods(
    services: Services,
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
    result = None
    for _ in range(MAX_SYNC_ROUNDS):
        target = await sql_payment_methods.get_payment_method_sync(
            services.database, fact=whose, event_id=event_id
        )
        if target is None:
            break
        page = await read_setup_session(services, target.link) if target.link else None
        new = added or (page.added if page else None)
        saved = await services.stripe.list_saved_payment_methods(target.stripe_customer_id)
        default_id, methods = saved or (None, [])
        result = await sql_payment_methods.sync_payment_methods(
            services.database,
            organization_id=target.organization_id,
            refetched_at=target.refetched_at,
            methods=methods,
            default_id=default_id,
            added_id=new.stripe_id if new else None,
            added_by=new.added_by if new else None,
            make_default=new.make_default if new else False,
            deleted_stripe_customer_id=None if saved else target.stripe_customer_id,
        )
        event_id, whose = None, whose.copy()
        whose.pop("at_most_every", None)
        if not result.fresh:
            continue
        if not settle:
            break
        with suppress(StripeRefused):  # somebody was faster: the next look sees what is so
            for method in methods:
                is_new = new is not None and method.id == new.stripe_id
                if is_new and method.allow_redisplay != "always":
                    await services.stripe.always_redisplay(method.id)
            if result.default_to:
                await services.stripe.set_default_payment_method(
                    target.stripe_customer_id, result.default_to
                )
        for twin in result.detach:
            with suppress(StripeRefused):
                await services.stripe.detach_payment_method(twin)
        if page:
            await sql_setup_links.settle_setup_link(
                services.database,
                link_id=page.link_id,
                stripe_payment_method_id=page.added.stripe_id if page.added else None,
                expired=page.expired,
                decline=page.decline,
            )
        if not (result.default_to or result.detach):
            break
    services.wakeup.wake()
    return result


async def read_setup_session(services: Services, link: SetupLinkRow) -> SeenPage | None:
    """What became of a link's page to add a card; None before there is one."""
    if link.stripe_checkout_session_id is None:
        return None
    session = await services.stripe.get_setup_session(link.stripe_checkout_session_id)
    intent = session.setup_intent if isinstance(session.setup_intent, SetupIntent) else None
    saved = intent.payment_method if intent and session.status == "complete" else None
    first = link.state == "open" and link.make_default
    return SeenPage(
        link_id=link.link_id,
        added=AddedAtStripe(saved, link.user_id, make_default=first) if saved else None,
        expired=session.status == "expired",
        decline=intent.decline if intent else None,
    )
