"""What a charge says of the card or account that paid it."""

import time
from hashlib import sha256

from sandbox.store import Json
from sandbox.stripe.published_methods import METHODS


def charged_details(number: str) -> Json | None:
    """Return `payment_method_details` of a charge with this test number; None without a number.

    https://docs.stripe.com/api/charges/object#charge_object-payment_method_details
    """
    if number not in METHODS:
        return None
    published = METHODS[number]
    fingerprint = sha256(number.encode()).hexdigest()[:16]
    if published.type != "card":
        last4 = published.last4 or "3000"
        details: Json = {
            "bank_code": None, "branch_code": None, "country": "DE", "fingerprint": fingerprint,
            "last4": last4, "mandate": None,
        }  # fmt: skip
        return {"type": published.type, published.type: details}
    card: Json = {
        "brand": published.brand,
        "checks": {
            "address_line1_check": None,
            "address_postal_code_check": None,
            "cvc_check": "pass",
        },
        "country": "US",
        "exp_month": 12,
        "exp_year": time.gmtime().tm_year + 5,
        "fingerprint": fingerprint,
        "funding": "credit",
        "last4": published.last4 or number[-4:],
        "network": published.brand,
        "three_d_secure": None,
        "wallet": None,
    }
    return {"type": "card", "card": card}
