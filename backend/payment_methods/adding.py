"""Adding a payment method: at once, or on a page of Stripe's that a link leads to."""

import re
from datetime import UTC, datetime
from typing import Final

from backend.database.functions import payment_methods as sql_payment_methods
from backend.database.protocol import Person
from backend.errors import BadRequest, CardDeclined, PursebotError
from backend.failures import StripeRefused
from backend.payment_methods import customers, setup_links
from backend.payment_methods.sync import AddedAtStripe, sync_payment_methods
from backend.schemas import AddedMethod, NewMethod
from backend.services import Services
from backend.stripe.errors import MISSING, is_customer_error

PAYMENT_REQUIRED: Final = "402"  # the status of a decline: https://docs.stripe.com/api/errors
WRONG_REQUEST: Final = ("400", "404")
UNKNOWN_METHOD: Final = (
    "Stripe knows no such payment method in this account and mode: create it anew, with the"
    " publishable key that belongs to this service."
)
NOT_SAVED: Final = "Stripe does not save this payment method. Add another one, or ask for a link."
# By a part of Stripe's message: its errors about attaching have no code of their own.
# https://docs.stripe.com/api/payment_methods/attach
ATTACH_REFUSALS: Final = (
    (
        "already been attached",
        "This payment method is saved for another customer already. Create it anew.",
    ),
    (
        "may not be used again",
        "This payment method was used or removed before, and can never be saved again. Create it"
        " anew.",
    ),
    (
        "similar object exists in (live|test) mode",
        "This payment method is of Stripe's other mode (live or test). Create it in this one.",
    ),
    (
        "(cannot|can't|can not|may not) be (saved|attached|reused)|not reusable|single.use",
        "This kind of payment method pays once and cannot be saved. Ask for a link"
        ' ("link": true): its page offers what can.',
    ),
)
# https://docs.stripe.com/testing#cards; the one that asks for 3-D Secure needs a page to ask on.
TEST_CARDS: Final[dict[str, str | None]] = {
    "4242424242424242": "pm_card_visa",
    "5555555555554444": "pm_card_mastercard",
    "378282246310005": "pm_card_amex",
    "4000000000000002": "pm_card_visa_chargeDeclined",
    "4000002500003155": None,
}


async def add_payment_method(
    services: Services, actor: Person, request: NewMethod, key: str | None
) -> AddedMethod:
    """Add a payment method for an organization's owners and admins to charge, or make a link to.

    One that is there already is kept as it is: `known`. Raises BadRequest, NotFound, RoleTooLow,
    CardDeclined, IdempotencyKeyReused, StripeRefused, StripeUnavailable.
    """
    sources = (request.stripe_payment_method_id, request.link, request.card_number)
    if sum(source is not None for source in sources) != 1:
        raise BadRequest("Send exactly one of payment_method_id, link and card_number.")
    stripe_id = request.stripe_payment_method_id
    if request.card_number:
        stripe_id = payment_method_of_test_card(services, request)
    if stripe_id:
        return await attach_payment_method(services, actor, request, stripe_id)
    return AddedMethod(link=await setup_links.create_setup_link(services, actor, request, key))


def payment_method_of_test_card(services: Services, request: NewMethod) -> str | None:
    """Return Stripe's name of a published test card; None for the one that is added on a page.

    Raises BadRequest for any other number, and for every number in live mode; CardDeclined for a
    card that has expired.
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
    services: Services, actor: Person, request: NewMethod, stripe_id: str
) -> AddedMethod:
    """Give a payment method that Stripe knows to the organization's customer.

    Raises NotFound, RoleTooLow, TooManyRequests, StripeUnavailable, and what `attach_refusal`
    makes of Stripe's no.
    """
    customer = await customers.ensure_customer_row(services, actor, request.organization_id)
    await sql_payment_methods.request_payment_method_addition(
        services.database, actor, organization_id=request.organization_id
    )
    try:
        attached = await services.stripe.attach_payment_method(
            stripe_id, customer.stripe_customer_id
        )
        if request.card_number and request.exp_month and request.exp_year:
            # A test card of Stripe's has an expiry of its own, whatever was typed.
            await services.stripe.set_card_expiry(attached.id, request.exp_month, request.exp_year)
    except StripeRefused as refused:
        raise attach_refusal(refused) from refused
    added = AddedAtStripe(attached.id, customer.user_id, make_default=request.set_as_default)
    synced = await sync_payment_methods(
        services, {"organization_id": str(request.organization_id)}, added=added
    )
    if synced is None:
        return AddedMethod()
    return AddedMethod(method=synced.method, known=bool(synced.known))


def attach_refusal(refused: StripeRefused) -> PursebotError:
    """Return what the caller is told when Stripe does not take a payment method.

    That is CardDeclined or BadRequest, with the reason; or `refused` itself where it is about our
    key, our customer or Stripe itself: the method may be a good one.
    """
    details, code = refused.details, refused.facts["stripe_code"]
    if details["stripe_status"] == PAYMENT_REQUIRED:
        return CardDeclined(decline_code=details.get("stripe_decline_code", code))
    if details["stripe_status"] not in WRONG_REQUEST or is_customer_error(details):
        return refused
    message = details.get("stripe_message", "")
    reasons = (sentence for pattern, sentence in ATTACH_REFUSALS if re.search(pattern, message))
    return BadRequest(
        next(reasons, UNKNOWN_METHOD if code == MISSING else NOT_SAVED), **refused.facts
    )
