"""Stripe's errors: whether a request was carried out, and what may be logged of it.

https://docs.stripe.com/api/errors and https://docs.stripe.com/error-low-level. Stripe's own
message, parameter and request id are for the log and for `doctor`; clients of our API get a code,
and what to do where we know that.
"""

import re
from enum import Enum

import aiohttp
import stripe

from backend.failures import (
    AmountTooSmallConverted,
    IdempotencyConflict,
    StripeConflict,
    StripeFailed,
    StripeObjectUnreadable,
    StripeRefused,
    StripeUnavailable,
)
from backend.stripe.permissions import missing_permission
from backend.stripe.sent_calls import last_call


class Outcome(Enum):
    """What an error says about the request that it answers."""

    NOT_DONE = "not done"  # the same request will meet the same answer
    UNKNOWN = "unknown"  # it may have been done, or may be done by the same request later
    REMEMBERED = "kept"  # as UNKNOWN, and Stripe repeats this answer under the key for a day


# For every error that the SDK raises for an answer of API v1; any other class is UNKNOWN.
OUTCOMES: dict[type[stripe.StripeError], Outcome] = {
    stripe.InvalidRequestError: Outcome.NOT_DONE,  # 400 and 404
    stripe.CardError: Outcome.NOT_DONE,  # 402
    stripe.AuthenticationError: Outcome.NOT_DONE,  # 401: the key is wrong, revoked or expired
    stripe.PermissionError: Outcome.NOT_DONE,  # 403: the key may not do this
    stripe.RateLimitError: Outcome.UNKNOWN,  # 429, too many requests or a lock: the same key, later
    # Another request had this key before; this error does not say what became of that one.
    stripe.IdempotencyError: Outcome.UNKNOWN,
    stripe.APIConnectionError: Outcome.UNKNOWN,
    stripe.APIError: Outcome.UNKNOWN,  # 409: the first of two equal requests still runs; 5xx
}
MISSING_STATUS = 404
REMEMBERED_STATUS = 500  # 502 to 504 come from in front of the API, which then stores no answer
# What the SDK raises as it is when the connection breaks while it reads an answer.
BROKEN = (aiohttp.ClientError, TimeoutError)

MISSING = "resource_missing"  # https://docs.stripe.com/error-codes#resource-missing
NOT_PERMITTED = "more_permissions_required"
# https://docs.stripe.com/error-codes: the object is there, and in another state than was thought.
UNEXPECTED_STATES = (
    "_unexpected_state",
    "_already_refunded",
    "_already_exists",
    "_already_canceled",
    "charge_disputed",
    "status_transition_invalid",
    "resource_conflict",
)
KEY_REFUSED = {
    stripe.PermissionError: NOT_PERMITTED,
    stripe.AuthenticationError: "invalid_api_key",
}
SECRETS = re.compile(
    r"\b(?:sk|rk|pk|ek|whsec)_[\w*.…-]{3,}"  # keys, also as Stripe masks them: rk_test_***1234
    r"|\b(?:pi|seti|cs|ephkey)_\w+_secret_\w+"  # client secrets
    r"|(?i:bearer)\s+\S+"
)
# "Invalid email address: ..."; not Stripe's own: "let us know at support@stripe.com".
EMAIL_ADDRESSES = re.compile(r"[^\s@'\"<>]+@(?!stripe\.com\b)[^\s@'\"<>]+")
# "Amount must convert to at least 50 cents. ¥5 converts to approximately $0.03."
# https://docs.stripe.com/error-codes#amount-too-small
CONVERTED_MINIMUM = re.compile(r"must convert to at least (?P<minimum>.{1,30}?)\.(?:\s|$)")
MAX_MESSAGE_LENGTH = 600  # characters

KEY_ADVICE = (
    "Stripe does not take this service's key, so nothing was done:"
    " whoever runs the service must set a valid one."
)
PERMISSION_ADVICE = (
    "Stripe does not let this service's key do that, so nothing was done:"
    " whoever runs the service must give the key the permission {permission}."
)
ANY_PERMISSION = "that Stripe asks for"
PORTAL_ADVICE = (
    "The settings of Stripe's customer portal have not been saved yet:"
    " whoever runs the service must do that in Stripe's dashboard."
)
CUSTOMER_ADVICE = (
    "Stripe does not know this organization's customer any more:"
    " whoever runs the service must compare the Stripe account with the database."
)


def outcome_of(error: Exception) -> Outcome:
    """Return what an error says about its request."""
    for kind, outcome in OUTCOMES.items():
        if isinstance(error, kind):
            is_remembered = (
                kind is stripe.APIError and getattr(error, "http_status", None) == REMEMBERED_STATUS
            )
            return Outcome.REMEMBERED if is_remembered else outcome
    return Outcome.UNKNOWN


def stripe_refused(error: stripe.StripeError) -> StripeRefused:
    """Make a StripeRefused of an error, with what to do as its message where we know that."""
    facts, code = error_details(error), code_of_error(error)
    converted = CONVERTED_MINIMUM.search(facts.get("stripe_message", ""))
    refused: StripeRefused
    if code == "amount_too_small" and converted:
        refused = AmountTooSmallConverted(stripe_code=code, at_least=converted["minimum"])
    elif outcome_of(error) is Outcome.REMEMBERED:
        refused = StripeFailed(stripe_code=code)
    elif advice := advice_for(error, facts):
        refused = StripeConflict(advice, stripe_code=code, resolved_by="operator")
        if permission := facts.get("stripe_permission"):
            refused.facts["permission"] = permission
    elif is_unexpected_state(error):
        refused = StripeConflict(stripe_code=code)
    else:
        refused = StripeRefused(stripe_code=code)
    refused.details = facts
    return refused


def stripe_unavailable(error: Exception) -> StripeUnavailable:
    """Make a StripeUnavailable of an error."""
    failed = StripeUnavailable()
    failed.details = error_details(error)
    return failed


def idempotency_conflict(error: stripe.IdempotencyError) -> IdempotencyConflict:
    """Make an IdempotencyConflict of an error."""
    failed = IdempotencyConflict()
    failed.details = error_details(error)
    return failed


def is_no_answer(failure: BaseException) -> bool:
    """Return whether Stripe was away or failed itself, so that its answer is not known yet."""
    if isinstance(failure, StripeObjectUnreadable):
        return False
    return isinstance(failure, StripeUnavailable | StripeFailed)


def code_of_error(error: Exception) -> str:
    """Return Stripe's code, or the name of the error's class; the SDK keeps few codes itself."""
    body = getattr(error, "error", None)
    code = getattr(body, "code", None) or getattr(error, "code", None)
    for kind, usual in KEY_REFUSED.items():
        code = code or (usual if isinstance(error, kind) else None)
    return str(code or type(error).__name__)


def error_details(error: Exception) -> dict[str, str]:
    """Return what the log and the operator get of an error, without secrets."""
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
        "stripe_call": last_call(),
    }
    if isinstance(error, stripe.PermissionError):
        fields["stripe_permission"] = missing_permission(error.user_message or "", last_call())
    return {name: without_secrets(str(value)) for name, value in fields.items() if value}


def without_secrets(text: str) -> str:
    """Replace keys, client secrets and addresses in a message of Stripe's, and shorten it."""
    shown = EMAIL_ADDRESSES.sub("[e-mail address]", SECRETS.sub("[secret]", text))
    return shown[:MAX_MESSAGE_LENGTH]


def advice_for(error: stripe.StripeError, facts: dict[str, str]) -> str | None:
    """Return what to do about an error; None where we do not know it."""
    message = facts.get("stripe_message", "")
    if isinstance(error, stripe.PermissionError):
        return PERMISSION_ADVICE.format(permission=facts.get("stripe_permission", ANY_PERMISSION))
    if isinstance(error, stripe.AuthenticationError):
        return KEY_ADVICE
    if "portal settings" in message:
        return PORTAL_ADVICE
    if code_of_error(error) == MISSING and is_customer_error(facts):
        return CUSTOMER_ADVICE
    return None


def is_key_error(error: BaseException | None) -> bool:
    """Return whether Stripe refused the key, and not the request."""
    return isinstance(error, stripe.AuthenticationError | stripe.PermissionError)


def is_unexpected_state(error: stripe.StripeError) -> bool:
    """Return whether what a request is about is gone at Stripe, or in a state that rules it out."""
    return error.http_status == MISSING_STATUS or code_of_error(error).endswith(UNEXPECTED_STATES)


def is_customer_error(facts: dict[str, str]) -> bool:
    """Return whether the customer is what does not exist at Stripe."""
    named = facts.get("stripe_param") == "customer"
    return named or facts.get("stripe_message", "").startswith("No such customer")


def is_email_error(facts: dict[str, str]) -> bool:
    """Return whether the e-mail address is what Stripe refused.

    https://docs.stripe.com/error-codes#email-invalid
    """
    return facts.get("stripe_param") == "email"


def is_product_error(facts: dict[str, str]) -> bool:
    """Return whether the product is what Stripe refused: it is deleted or archived."""
    named = facts.get("stripe_param", "").rpartition("[")[2].rstrip("]") == "product"
    return named or "product" in facts.get("stripe_message", "").lower()
