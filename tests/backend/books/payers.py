"""Acts of payers: pages, saved cards, subscriptions, tax and discounts."""

from uuid import UUID, uuid4

from tests.backend.books.story import Act, Json, Story
from tests.backend.conftest import DECLINE, SUCCESS

# Amounts of which parts are not whole cents, and a currency that has none.
PRICES = [("50", "eur")] * 3 + [
    ("20.01", "eur"),
    ("33.33", "eur"),
    ("19.99", "usd"),
    ("3333", "jpy"),
]
TAXES, DISCOUNTS = [7, 7.7, 19, 20], [10, 33.3, 50]


async def new_topup(story: Story) -> UUID:
    """Create a payment of some amount; return its id."""
    amount, currency = story.chance.choice(PRICES)
    return await story.system.topup(amount, key=str(uuid4()), currency=currency)


async def page_of(story: Story, payment: UUID) -> str:
    """Return the id of a payment's Checkout Session."""
    return await story.system.session(payment)


async def topup(story: Story) -> None:
    """Pay on Stripe's page, perhaps after a decline."""
    payment = await new_topup(story)
    if story.likely(0.3):
        await story.system.pay(payment, DECLINE)
    path = f"sessions/{await page_of(story, payment)}/pay"
    await story.at_stripe(path, card=SUCCESS)  # refused where nothing is left to pay
    story.paid.append(payment)


async def unpaid_topup(story: Story) -> None:
    """Open a page that is not paid, or declined."""
    payment = await new_topup(story)
    if story.likely(0.5):
        await story.system.pay(payment, DECLINE)


async def delayed_topup(story: Story) -> None:
    """Pay by a debit that settles, or fails, later."""
    payment = await new_topup(story)
    await story.system.pay(payment, story.chance.choice(["delayed_success", "delayed_failure"]))
    if story.likely(0.7):
        await story.at_stripe(f"sessions/{await page_of(story, payment)}/settle")


async def priced_otherwise(story: Story) -> None:
    """Pay a page with tax, a discount, or in another currency."""
    kind = story.chance.choice(["tax", "tax", "discount", "both", "gift", "presentment"])
    await story.faults(
        tax_percent=story.chance.choice(TAXES) if kind in ("tax", "both") else 0,
        discount_percent={"gift": 100}.get(kind, story.chance.choice(DISCOUNTS))
        if kind in ("discount", "both", "gift")
        else 0,
        presentment="usd" if kind == "presentment" else None,
    )
    await topup(story)
    await story.faults(tax_percent=0, discount_percent=0, presentment=None)


async def saved_card(story: Story) -> None:
    """Save a card and charge it; some are declined."""
    card = story.chance.choice(["pm_card_visa", "pm_card_chargeCustomerFail"])
    place = {"organization_id": str(story.system.world.acme)}
    added = await story.request_api("methods", **place, payment_method_id=card)
    order: Json = {**place, "amount": "50", "payment_method_id": added["method"]["id"]}
    paid = await story.request_api("charge", **order)
    story.paid.append(UUID(paid["id"]))


async def subscription_topup(story: Story) -> None:
    """Start a subscription on Stripe's page, with a card that may fail later."""
    terms = {"amount": "50", "interval": story.chance.choice(["week", "month"])}
    made = await story.request_api(
        "subscriptions", organization_id=str(story.system.world.acme), **terms
    )
    card = story.chance.choice([SUCCESS, DECLINE, "renewals_declined"])
    await story.at_stripe(f"sessions/{made['url'].rpartition('/')[2]}/pay", card=card)


async def weeks_go_by(story: Story) -> None:
    """Advance the billing clock: renewals are paid or not, some with tax, discount or a balance."""
    if story.likely(0.3):
        await story.faults(tax_percent=story.chance.choice(TAXES))
    elif story.likely(0.2):
        await story.faults(discount_percent=story.chance.choice([*DISCOUNTS, 100]))
    if story.likely(0.3):  # of 50: owed a part, all but less than Stripe charges, or more than all
        for customer in story.stored("customer"):
            balance = story.chance.choice([-500, -4980, -7000, 300])
            await story.at_stripe(f"customers/{customer['id']}/balance", balance=balance)
    await story.at_stripe("clock", days=story.chance.randint(7, 31))
    await story.faults(tax_percent=0, discount_percent=0)


async def returning(story: Story) -> None:
    """Refetch a payment, as when a payer returns from the page before any event arrives."""
    if story.paid:
        await story.system.client.check_payment(1001, story.chance.choice(story.paid))


ACTS: list[Act] = [
    topup, topup, unpaid_topup, delayed_topup, priced_otherwise, priced_otherwise, saved_card,
    subscription_topup, weeks_go_by, returning,
]  # fmt: skip
