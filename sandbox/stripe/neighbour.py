"""Another installation of whatever uses this Stripe account, and what it does there.

Stripe posts its events to everybody, and a developer's installation and a staging server often
share one test account.
"""

from uuid import UUID, uuid4

from sandbox.doors import READ, Refusal
from sandbox.store import Json
from sandbox.stripe.calls import create_session
from sandbox.stripe.objects import new_id
from sandbox.stripe.people import pay
from sandbox.stripe.sessions import LocalStripe


async def neighbour_pays(
    stripe: LocalStripe, amount: int = 5000, currency: str = "eur", card: str = "4242424242424242"
) -> Json:
    """Pay a page of the neighbour's. Its metadata are as ours, with ids of the neighbour's own."""
    made = stripe.newest("checkout.session")
    ours: Json = next((it["metadata"] for it in made if it["metadata"]), {})
    if not ours:
        raise Refusal(409, "The neighbour does as we do, and we have made no session yet.")
    theirs = {name: another(text) for name, text in ours.items()}
    price = {"currency": currency, "unit_amount": amount, "product_data": {"name": "Neighbour"}}
    asked: Json = {
        "mode": "payment",
        "line_items": [{"price_data": price}],
        "success_url": "https://neighbour.example/back",
        "metadata": theirs,
        "payment_intent_data": {"metadata": theirs, "description": new_id("Top-up ")},
    }
    session = READ(create_session)(stripe, **asked)
    await pay(stripe, session["id"], card)
    paid = stripe.stored("checkout.session", session["id"])
    return {"session": paid["id"], "payment_intent": paid["payment_intent"]}


def another(text: str) -> str:
    """Another id where it is one."""
    try:
        UUID(text)
    except ValueError:
        return text
    return str(uuid4())
