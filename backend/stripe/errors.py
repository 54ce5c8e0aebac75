"""What Stripe's errors mean: whether a request was carried out, and what of it the log may have.

https://docs.stripe.com/api/errors and https://docs.stripe.com/error-low-level. Stripe's own
sentence, parameter and request id are for the log and for `doctor`; the caller of our API gets a
code, and what to do where we know that.
"""

import re
from enum import Enum

import aiohttp
import stripe

from backend.failures import StripeRefused, StripeUnavailable


class Outcome(Enum):
    """What an error says about the request that it answers."""

    NOT_DONE = "not done"  # definite: the same request will meet the same answer
    UNKNOWN = "unknown"  # it may have been done, or may be done by the same request later
    REMEMBERED = "kept"  # as unknown, and the idempotency key keeps this answer for a day


# Of every error that the SDK raises for an answer of version 1 of the API; of any other class
# nothing is known.
OUTCOMES: dict[type[stripe.StripeError], Outcome] = {
    stripe.InvalidRequestError: Outcome.NOT_DONE,  # 400 and 404
    stripe.CardError: Outcome.NOT_DONE,  # 402
    stripe.AuthenticationError: Outcome.NOT_DONE,  # 401: the key is wrong, revoked or expired
    stripe.PermissionError: Outcome.NOT_DONE,  # 403: the key may not do this
    stripe.RateLimitError: Outcome.UNKNOWN,  # 429, too many requests or a lock: the same key, later
    # Another request had this key before, and what became of that one this does not say.
    stripe.IdempotencyError: Outcome.UNKNOWN,
    stripe.APIConnectionError: Outcome.UNKNOWN,
    stripe.APIError: Outcome.UNKNOWN,  # 409: the first of two equal requests still runs; 5xx
}
REMEMBERED_STATUS = 500  # 502 to 504 come from before Stripe's API, which then keeps nothing
# What the SDK lets through as it is when reading an answer breaks.
BROKEN = (aiohttp.ClientError, TimeoutError)

MISSING = "resource_missing"  # https://docs.stripe.com/error-codes#resource-missing
NOT_PERMITTED = "more_permissions_required"
KEY_REFUSED = {
    stripe.PermissionError: NOT_PERMITTED,
    stripe.AuthenticationError: "invalid_api_key",
}
SECRETS = re.compile(
    r"\b(?:sk|rk|pk|ek|whsec)_[\w*.…-]{3,}"  # keys, also as Stripe masks them: rk_test_***1234
    r"|\b(?:pi|seti|cs|ephkey)_\w+_secret_\w+"  # client secrets
    r"|(?i:bearer)\s+\S+"
)
MAX_MESSAGE_LENGTH = 600  # characters

KEY_ADVICE = (
    "Stripe does not let this service's key do that, so nothing was done:"
    " whoever runs the service must mend the key."
)
PORTAL_ADVICE = (
    "The settings of Stripe's customer portal have not been saved yet:"
    " whoever runs the service must do that in Stripe's dashboard."
)
CUSTOMER_ADVICE = (
    "Stripe does not know this organization's customer any more:"
    " whoever runs the service must mend that."
)


def outcome_of(error: Exception) -> Outcome:
    """What `error` says about the request."""
    for kind, outcome in OUTCOMES.items():
        if isinstance(error, kind):
            is_remembered = (
                kind is stripe.APIError and getattr(error, "http_status", None) == REMEMBERED_STATUS
            )
            return Outcome.REMEMBERED if is_remembered else outcome
    return Outcome.UNKNOWN


def stripe_refused(error: stripe.StripeError) -> StripeRefused:
    """`error` as a definite no; what the caller is told names what to do where we know it."""
    facts = error_details(error)
    refused = StripeRefused(advice_for(error, facts), stripe_code=code_of_error(error))
    refused.details = facts
    return refused


def stripe_unavailable(error: Exception) -> StripeUnavailable:
    """`error` as no answer to what was asked."""
    failed = StripeUnavailable()
    failed.details = error_details(error)
    return failed


def code_of_error(error: Exception) -> str:
    """Stripe's code, or what kind of error it is; the SDK keeps the code of few errors itself."""
    body = getattr(error, "error", None)
    code = getattr(body, "code", None) or getattr(error, "code", None)
    for kind, usual in KEY_REFUSED.items():
        code = code or (usual if isinstance(error, kind) else None)
    return str(code or type(error).__name__)


def error_details(error: Exception) -> dict[str, str]:
    """What the log and the operator get of an error, without anything secret."""
    if not isinstance(error, stripe.StripeError):
        return {"stripe_error": type(error).__name__}
    body = error.error
    fields = {
        "stripe_error": type(error).__name__,
        "stripe_status": error.http_status,
        "stripe_type": getattr(body, "type", None),
        "stripe_message": error.user_message,
        "stripe_param": getattr(body, "param", None),
        "stripe_decline_code": getattr(body, "decline_code", None),
        "stripe_request_id": error.request_id,
        "stripe_doc_url": getattr(body, "doc_url", None),
    }
    return {name: without_secrets(str(value)) for name, value in fields.items() if value}


def without_secrets(text: str) -> str:
    """Stripe's sentence as it may be written down: no key, whole or in part, and not too long."""
    return SECRETS.sub("[secret]", text)[:MAX_MESSAGE_LENGTH]


def advice_for(error: stripe.StripeError, facts: dict[str, str]) -> str | None:
    """What whoever asked can be told to do; None where we do not know."""
    message = facts.get("stripe_message", "")
    if is_key_error(error):
        return KEY_ADVICE
    if "portal settings" in message:
        return PORTAL_ADVICE
    if code_of_error(error) == MISSING and is_customer_error(facts):
        return CUSTOMER_ADVICE
    return None


def is_key_error(error: BaseException | None) -> bool:
    """Whether the key, and not the request, is what Stripe has something against."""
    return isinstance(error, stripe.AuthenticationError | stripe.PermissionError)


def is_customer_error(facts: dict[str, str]) -> bool:
    """Whether what is missing at Stripe is the customer."""
    named = facts.get("stripe_param") == "customer"
    return named or facts.get("stripe_message", "").startswith("No such customer")


def is_product_error(facts: dict[str, str]) -> bool:
    """Whether it is the product that Stripe has something against: it is missing or archived."""
    named = facts.get("stripe_param", "").rpartition("[")[2].rstrip("]") == "product"
    return named or "product" in facts.get("stripe_message", "").lower()
