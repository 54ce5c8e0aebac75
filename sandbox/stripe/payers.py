"""What a hosted page shows of payers, and what it keeps of the one who pays on it.

https://docs.stripe.com/api/checkout/sessions/create#create_checkout_session-customer
"""

from sandbox.store import Json
from sandbox.stripe.local_stripe import LocalStripe


def prefilled(stripe: LocalStripe, session: Json) -> Json:
    """Return what a page is prefilled with: `{"email", "saved"}`.

    `email` is its customer's, which the payer cannot change; `saved` are the payment methods that
    it offers, each with the name and the e-mail address of whoever saved it.
    """
    customer = stripe.store.get("customer", session["customer"] or "") or {}
    shown = session["mode"] != "setup" and customer
    methods = stripe.newest("payment_method", customer=customer["id"]) if shown else []
    options = session["saved_payment_method_options"] or {"allow_redisplay_filters": ["always"]}
    return {
        "email": customer.get("email"),
        "saved": [
            {
                "last4": method["card"]["last4"],
                "name": method["billing_details"]["name"],
                "email": method["billing_details"]["email"],
            }
            for method in methods
            if method["allow_redisplay"] in options["allow_redisplay_filters"]
        ],
    }


def offers_saving(session: Json) -> bool:
    """Return whether a page offers to save the card that pays."""
    options = session["saved_payment_method_options"] or {}
    return options.get("payment_method_save") == "enabled"


def saved_ids(stripe: LocalStripe, session: Json) -> set[str]:
    """Return the ids of a page's customer's payment methods."""
    methods = stripe.newest("payment_method", customer=session["customer"])
    return {method["id"] for method in methods if session["customer"]}


def keep_details(
    stripe: LocalStripe, session: Json, saved_before: set[str], email: str | None, name: str | None
) -> None:
    """Keep what a payer typed: on the card that was saved, and on a customer without an e-mail."""
    customer = stripe.store.get("customer", session["customer"] or "")
    if customer and email and not customer["email"]:
        stripe.changed(customer | {"email": email}, "customer.updated")
    for id in saved_ids(stripe, session) - saved_before:
        method = stripe.stored("payment_method", id)
        method["billing_details"] |= {"email": email, "name": name}
        stripe.keep(method)
