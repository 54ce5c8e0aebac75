"""Tax, discounts, other currencies on the page, and what a customer owes, at the local Stripe."""

from typing import Any

from tests.sandbox.stripe.playground import SUCCEEDS, Json, Playground

PRICE = {"currency": "eur", "unit_amount": 2000, "recurring": {"interval": "month"}}


async def paid(play: Playground, **faults: Any) -> tuple[Json, Any]:
    """A session over EUR 50 that was paid while these faults were in force, and its intent."""
    session = await play.session()
    await play.post("faults", **faults)
    await play.pay(session.id)
    seen: Any = {"expand": ["payment_intent"]}
    done = (await play.sdk.v1.checkout.sessions.retrieve_async(session.id, seen)).to_dict()
    return done, done["payment_intent"]


async def subscribed(play: Playground) -> str:
    """EUR 20 a month from a saved card; answers the customer."""
    v1 = play.sdk.v1
    who = (await v1.customers.create_async({"name": "Acme"})).id
    card = (await v1.payment_methods.attach_async("pm_card_visa", {"customer": who})).id
    product = (await v1.products.create_async({"name": "Acme"})).id
    parameters: Any = {
        "customer": who, "default_payment_method": card, "payment_behavior": "allow_incomplete",
        "items": [{"price_data": PRICE | {"product": product}}], "metadata": {"of": "us"},
    }  # fmt: skip
    await v1.subscriptions.create_async(parameters)
    return who


async def renewed(play: Playground) -> Json:
    """The invoice of the next month."""
    await play.post("clock", days=31)
    return play.stored("invoice")[-1]


async def test_tax_is_added_and_a_discount_is_taken_before_it(play: Playground) -> None:
    session, intent = await paid(play, tax_percent=20, discount_percent=10)
    assert (session["amount_subtotal"], session["amount_total"]) == (5000, 5400)
    details = session["total_details"]
    assert (details["amount_discount"], details["amount_tax"]) == (500, 900)
    assert intent["amount_received"] == 5400
    refund = await play.post(f"clawbacks/{intent['id']}", step="refund", amount=2700)
    assert refund["amount"] == 2700
    assert [it["amount"] for it in play.stored("balance_transaction")] == [5400, -2700]


async def test_what_the_page_shows_is_what_is_paid_even_if_the_tax_changes_after_a_decline(
    play: Playground,
) -> None:
    session = await play.session()
    assert (await play.get(f"sessions/{session.id}"))["amount"] == "50.00"
    await play.post("faults", tax_percent=20)
    assert (await play.get(f"sessions/{session.id}"))["amount"] == "60.00"
    await play.pay(session.id, "4000000000000002")
    await play.post("faults", tax_percent=0)
    assert (await play.get(f"sessions/{session.id}"))["amount"] == "60.00"
    await play.pay(session.id)
    assert play.stored("payment_intent")[-1]["amount_received"] == 6000


async def test_nothing_is_paid_for_nothing(play: Playground) -> None:
    session, intent = await paid(play, discount_percent=100)
    assert (session["status"], session["payment_status"]) == ("complete", "no_payment_required")
    assert (session["amount_total"], intent) == (0, None)
    assert [event["type"] for event in play.stored("event")] == ["checkout.session.completed"]
    assert play.stored("charge") == []


async def test_what_is_too_little_for_stripe_is_not_paid(play: Playground) -> None:
    session = await play.session()
    await play.post("faults", discount_percent=99.5)
    await play.pay(session.id, status=400)
    assert play.stored("payment_intent") == []


async def test_a_payer_can_see_another_currency_while_ours_is_charged(play: Playground) -> None:
    session, intent = await paid(play, presentment="usd", rates={"usd": 0.8})
    shown = {"presentment_amount": 6250, "presentment_currency": "usd"}
    assert (session["presentment_details"], session["amount_total"]) == (shown, 5000)
    assert (intent["presentment_details"], intent["currency"]) == (shown, "eur")


async def test_an_invoice_shows_its_tax_and_discount(play: Playground) -> None:
    await subscribed(play)
    await play.post("faults", tax_percent=20, discount_percent=25)
    invoice = await renewed(play)
    sums = ("subtotal", "total_excluding_tax", "total", "amount_due", "amount_paid")
    assert [invoice[name] for name in sums] == [2000, 1500, 1800, 1800, 1800]
    assert [it["amount"] for it in invoice["total_taxes"]] == [300]
    assert [it["amount"] for it in invoice["total_discount_amounts"]] == [500]
    assert play.stored("payment_intent")[-1]["amount_received"] == 1800
    assert play.stored("invoice_payment")[-1]["amount_paid"] == 1800


async def test_what_a_customer_is_owed_pays_first(play: Playground) -> None:
    who = await subscribed(play)
    await play.post(f"customers/{who}/balance", balance=-2500)
    invoice = await renewed(play)
    assert (invoice["starting_balance"], invoice["ending_balance"]) == (-2500, -500)
    assert (invoice["amount_due"], invoice["amount_paid"], invoice["status"]) == (0, 0, "paid")
    before = len(play.stored("payment_intent"))
    invoice = await renewed(play)
    assert (invoice["amount_due"], invoice["amount_paid"]) == (1500, 1500)
    assert len(play.stored("payment_intent")) == before + 1
    assert play.stored("customer")[-1]["balance"] == 0


async def test_what_is_below_the_minimum_is_carried_into_the_next_invoice(
    play: Playground,
) -> None:
    who = await subscribed(play)
    await play.post(f"customers/{who}/balance", balance=-1970)
    invoice = await renewed(play)
    assert (invoice["amount_due"], invoice["amount_paid"], invoice["status"]) == (0, 0, "paid")
    assert (invoice["ending_balance"], play.stored("customer")[-1]["balance"]) == (30, 30)
    assert "invoice.paid" in [event["type"] for event in play.stored("event")][-4:]
    invoice = await renewed(play)
    assert (invoice["subtotal"], invoice["amount_paid"]) == (2000, 2030)


async def test_a_subscription_can_begin_with_nothing_to_pay(play: Playground) -> None:
    who = (await play.sdk.v1.customers.create_async({"name": "Acme"})).id
    line = {"quantity": 1, "price_data": PRICE | {"product_data": {"name": "Acme"}}}
    about: Any = {"mode": "subscription", "customer": who, "payment_intent_data": None}
    session = await play.session(line_items=[line], **about)
    await play.post("faults", discount_percent=100)
    done = await play.pay(session.id, SUCCEEDS)
    assert (done["status"], done["payment_status"]) == ("complete", "no_payment_required")
    [subscription] = play.stored("subscription")
    assert (subscription["status"], play.stored("charge")) == ("active", [])
    await play.post("faults")
    assert (await renewed(play))["amount_paid"] == 2000
