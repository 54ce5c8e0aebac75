"""Another installation on the same Stripe account, and its payments.

Stripe posts the account's events to every endpoint, and a developer's installation and a staging
server often share a test account.
"""

from uuid import UUID, uuid4

from sandbox.refusals import Refusal, validated
from sandbox.store import Json
from sandbox.stripe.checkout import create_session
from sandbox.stripe.hosted_page import pay
from sandbox.stripe.local_stripe import LocalStripe
from sandbox.stripe.objects import new_id

_create_session = validated(create_session)


async def other_installation_pays(
    stripe: LocalStripe, amount: int = 5000, currency: str = "eur", card: str = "4242424242424242"
) -> Json:
    """Pay a session of another installation; return the ids `{"session", "payment_intent"}`.

    Its metadata have the same names as ours, and other ids. `amount` is in the charge unit. Raises
    Refusal (409) where there is no session to take the names from.
    """
    sessions = stripe.newest("checkout.session")
    our_metadata = next((each["metadata"] for each in sessions if each["metadata"]), None)
    if our_metadata is None:
        raise Refusal(409, "The other installation does as we do, and we have made no session yet.")
    metadata = {name: _other_id(text) for name, text in our_metadata.items()}
    price = {
        "currency": currency,
        "unit_amount": amount,
        "product_data": {"name": "Other installation"},
    }
    parameters: Json = {
        "mode": "payment",
        "line_items": [{"quantity": 1, "price_data": price}],
        "success_url": "https://other.example/back",
        "metadata": metadata,
        "payment_intent_data": {"metadata": metadata, "description": new_id("Top-up ")},
    }
    session = _create_session(stripe, **parameters)
    await pay(stripe, session["id"], card)
    paid = stripe.stored("checkout.session", session["id"])
    return {"session": paid["id"], "payment_intent": paid["payment_intent"]}


def _other_id(text: str) -> str:
    """Return another id where the text is one, else the text."""
    try:
        UUID(text)
    except ValueError:
        return text
    return str(uuid4())
