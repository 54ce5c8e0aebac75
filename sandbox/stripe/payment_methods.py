"""Saved payment methods: attached by name or on a page, listed, detached, reissued."""

import time
from hashlib import sha256
from typing import Annotated, Literal

from pydantic import Field

from sandbox.refusals import Refusal, StrictModel
from sandbox.store import Json
from sandbox.stripe.local_stripe import LocalStripe
from sandbox.stripe.objects import list_object, new
from sandbox.stripe.parameters import Limit, Text
from sandbox.stripe.published_methods import METHODS, NUMBERS_BY_NAME, Step

# https://docs.stripe.com/error-codes#invalid-expiry-year
EXPIRY_INVALID = {
    "type": "card_error",
    "code": "invalid_expiry_year",
    "message": "Your card's expiration year is invalid.",
}


ATTACHED_BEFORE = "The payment method you provided has already been attached to a customer."
USED_BEFORE = (
    "The provided PaymentMethod was previously used with a PaymentIntent without Customer"
    " attachment, shared with a connected account without Customer attachment, or was detached from"
    " a Customer. It may not be used again. To use a PaymentMethod multiple times, you must attach"
    " it to a Customer first."
)


class CardExpiry(StrictModel):
    """When a card expires."""

    exp_month: Annotated[int, Field(ge=1, le=12)]
    exp_year: Annotated[int, Field(ge=2000, le=2100)]


def new_method(
    stripe: LocalStripe,
    number: str,
    customer: str,
    redisplay: str,
    *,
    id: str | None = None,
    attempt: str | None = None,
) -> Json:
    """Make a card or debit with this test number, attach it to the customer, and return it.

    The number is stored beside it, since Stripe never shows it. `redisplay` is Stripe's
    `allow_redisplay`; `id` is for one that was charged before it is saved, `attempt` the one of a
    setup that generated the debit.
    """
    published = METHODS[number]
    method = new("payment_method", customer=customer, allow_redisplay=redisplay)
    fingerprint = sha256(number.encode()).hexdigest()[:16]
    if published.type == "sepa_debit":
        method |= {"type": "sepa_debit", "sepa_debit": sepa_debit(fingerprint, attempt)}
        del method["card"]
    else:
        method["card"] |= {
            "brand": published.brand,
            "display_brand": published.brand,
            "exp_year": time.gmtime().tm_year + 5,
            "fingerprint": fingerprint,
            "last4": published.last4 or number[-4:],
        }
    if id is not None:
        method["id"] = id
    stripe.store.put("card_number", method["id"], {"number": number})
    return stripe.changed(method, "payment_method.attached")


def sepa_debit(fingerprint: str, attempt: str | None) -> Json:
    """Return what a method says of a bank account, and which attempt of a setup generated it."""
    return {
        "bank_code": "37040044",
        "branch_code": "",
        "country": "DE",
        "fingerprint": fingerprint,
        "generated_from": {"charge": None, "setup_attempt": attempt},
        "last4": "3000",
    }


def unattached_method(stripe: LocalStripe, type: str) -> Json:
    """Make a method that pays once and is nobody's, as iDEAL is, and return it."""
    method = new("payment_method", customer=None, allow_redisplay="unspecified")
    method |= {"type": type, type: {}}
    del method["card"]
    stripe.store.put("payment_method", method["id"], method)
    return method


def number_of(
    stripe: LocalStripe, method_id: str, customer: str, parameter: str = "payment_method"
) -> str:
    """Return the test number of a customer's saved card, which decides what charging it causes.

    Raises Refusal (400) for a card that does not exist, and for one of another customer.
    """
    if stripe.referenced("payment_method", method_id, parameter)["customer"] != customer:
        message = "The customer does not have a payment method with the ID"
        raise Refusal(400, f"{message} {method_id}.", code="resource_missing", param=parameter)
    return str(stripe.stored("card_number", method_id)["number"])


def update_method(
    stripe: LocalStripe,
    id: str,
    *,
    allow_redisplay: Literal["always", "limited"] | None = None,
    card: CardExpiry | None = None,
) -> Json:
    """Answer POST /v1/payment_methods/{id} (https://docs.stripe.com/api/payment_methods/update).

    Raises Refusal: 402 for an expiry in the past, 400 for one of what is no card.
    """
    method = stripe.stored("payment_method", id)
    if method["customer"] is None:
        message = "You must save this PaymentMethod to a customer before you can update it."
        raise Refusal(400, message)
    if card is not None and method["type"] != "card":
        raise Refusal(400, "Only a card has an expiry.", param="card")
    if card is not None:
        today = time.gmtime()
        if (card.exp_year, card.exp_month) < (today.tm_year, today.tm_mon):
            raise Refusal(402, **EXPIRY_INVALID)
        method["card"] |= card.model_dump()
    if allow_redisplay is not None:
        method["allow_redisplay"] = allow_redisplay
    return stripe.changed(method, "payment_method.updated")


def attach(stripe: LocalStripe, id: str, *, customer: Text) -> Json:
    """Answer POST /v1/payment_methods/{id}/attach: make a new card of one of Stripe's test methods.

    https://docs.stripe.com/api/payment_methods/attach. Raises Refusal (402) where it is declined.
    """
    stripe.referenced("customer", customer, "customer")
    if id not in NUMBERS_BY_NAME:
        owner = stripe.stored("payment_method", id)["customer"]
        if owner != customer:
            raise Refusal(400, USED_BEFORE if owner is None else ATTACHED_BEFORE)
        return stripe.stored("payment_method", id)
    number = NUMBERS_BY_NAME[id]
    published = METHODS[number]
    if published.step_as_saved is Step.DECLINE:
        raise Refusal(402, **published.error)
    return new_method(stripe, number, customer, "unspecified")


def detach(stripe: LocalStripe, id: str) -> Json:
    """Answer POST /v1/payment_methods/{id}/detach; a detached one can never be attached again.

    https://docs.stripe.com/api/payment_methods/detach
    """
    method = stripe.stored("payment_method", id)
    if method["customer"] is None:
        raise Refusal(
            400,
            "The payment method you provided is not attached to a customer so detachment is"
            " impossible.",
        )
    customer = stripe.stored("customer", method["customer"])
    if customer["invoice_settings"]["default_payment_method"] == id:
        customer["invoice_settings"]["default_payment_method"] = None
        stripe.changed(customer, "customer.updated")
    return stripe.changed(method | {"customer": None}, "payment_method.detached")


def list_methods(stripe: LocalStripe, id: str, *, limit: Limit = 10) -> Json:
    """Answer GET /v1/customers/{id}/payment_methods, newest first."""
    methods = stripe.newest("payment_method", customer=id)
    return list_object(methods, f"/v1/customers/{id}/payment_methods", limit)


async def list_cards(stripe: LocalStripe) -> Json:
    """Return `{"cards": [...]}`: every card that is attached to a customer, newest first."""
    cards = stripe.newest("payment_method", type="card")
    return {"cards": [each for each in cards if each["customer"]]}


async def reissue(stripe: LocalStripe, id: str, exp_month: int, exp_year: int) -> Json:
    """Change a card's expiry as the card network does when the bank reissues it; return the card.

    https://docs.stripe.com/payments/cards/overview#automatic-card-updates
    """
    method = stripe.stored("payment_method", id)
    method["card"] |= {"exp_month": exp_month, "exp_year": exp_year}
    return stripe.changed(method, "payment_method.automatically_updated")
