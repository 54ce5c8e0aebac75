"""Who calls, and for which account and version: the headers of a call of Stripe's API."""

import base64
import binascii
import re
from hmac import compare_digest

from aiohttp import web

from sandbox.refusals import Refusal, not_modelled
from sandbox.stripe.local_stripe import LocalStripe
from sandbox.stripe.objects import API_VERSION

VERSION = re.compile(r"\d{4}-\d\d-\d\d(\.[a-z_]+)?")
OTHER_ACCOUNTS = ("Stripe-Account", "Stripe-Context")
NO_KEY = (
    "You did not provide an API key. You need to provide your API key in the Authorization header,"
    " using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See"
    " https://stripe.com/docs/api#authentication for details, or we can help at"
    " https://support.stripe.com/."
)


def check_caller(stripe: LocalStripe, request: web.Request) -> None:
    """Raise Refusal unless the call has the right key (401), account and version (501)."""
    key, ours = key_of(request.headers.get("Authorization", "")), stripe.settings.stripe_secret_key
    if not key:
        raise Refusal(401, NO_KEY)
    if stripe.faults.key_rolled or not compare_digest(key.encode(), ours.encode()):
        raise Refusal(
            401,
            f"Invalid API Key provided: {masked(key)}. The local Stripe takes no API key but the"
            " one it was started with.",
        )
    for header in OTHER_ACCOUNTS:
        if header in request.headers:
            raise not_modelled(f"connected accounts (the header {header})")
    version = request.headers.get("Stripe-Version", API_VERSION)
    if not VERSION.fullmatch(version):
        raise Refusal(400, f"Invalid Stripe API version: {version[:50]}")
    # Releases of one name are compatible: https://docs.stripe.com/api/versioning
    if version.rpartition(".")[2] != API_VERSION.rpartition(".")[2]:
        raise not_modelled(f"the API version {version}")


def key_of(authorization: str) -> str:
    """Return the key of an Authorization header, "" where there is none.

    It is a bearer token, or the user name of basic auth, as `curl -u` sends it.
    https://docs.stripe.com/api/authentication
    """
    scheme, _, credentials = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return credentials.strip()
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(credentials, validate=True).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def masked(key: str) -> str:
    """Return a key as Stripe shows it: its kind and its last four characters."""
    kind = re.match(r"[a-z]{2}_(?:test|live)_", key)
    shown = kind[0] if kind else ""
    return f"{shown}{'*' * max(len(key) - len(shown) - 4, 4)}{key[-4:] if len(key) > 12 else ''}"
