"""Acts that take money back: refunds of an admin and the dashboard, disputes of banks."""

from tests.backend.books.story import Act, Json, Story

NEW = [
    "refund", "refund_pending", "refund_without_status", "refund_of_unknown_status", "dispute",
    "dispute", "inquire", "resolve", "block", "warn",
]  # fmt: skip
NEXT = {
    "refund": ["succeed", "fail"],
    "dispute": ["answer", "close", "escalate", "respond", "win", "lose", "lose", "adjust"],
}


async def refund_by_an_admin(story: Story) -> None:
    """Refund a payment as the chat or the API does; more than is left is refused."""
    request: Json = {"reason": "requested_by_customer"}
    if story.likely(0.5):
        request["amount"] = str(story.chance.randint(1, 60))
    if story.paid:
        await story.request_api(f"{story.chance.choice(story.paid)}/refund", **request)


async def something_goes_back(story: Story) -> None:
    """Make a refund, a dispute, an inquiry or a warning at Stripe."""
    intents = [intent for intent in story.stored("payment_intent") if intent["amount_received"]]
    if not intents:
        return
    intent, step = story.chance.choice(intents), story.chance.choice(NEW)
    amount = story.chance.choice([None, None, 700, 1234, 4999, intent["amount_received"] + 43])
    currency = story.chance.choice([None, None, None, "usd", "gbp"])
    refund = step.startswith("refund")
    await story.at_stripe(
        f"clawbacks/{intent['id']}",
        step=step,
        amount=amount,
        currency=None if refund else currency,
    )


async def disputed_after_a_refund(story: Story) -> None:
    """Dispute a whole charge after a part of it was refunded; it may be lost."""
    charges = [charge for charge in story.stored("charge") if charge["paid"]]
    if charges:
        charge = story.chance.choice(charges)
        part = story.chance.randint(1, charge["amount"])
        intent = f"clawbacks/{charge['payment_intent']}"
        await story.at_stripe(intent, step="refund", amount=part)
        made = await story.at_stripe(intent, step="dispute")
        if story.likely(0.7):
            step = story.chance.choice(["lose", "lose", "win"])
            await story.at_stripe(f"clawbacks/{made['id']}", step=step)


async def a_dispute_takes_its_course(story: Story) -> None:
    """Open a dispute of any sum in any currency, and decide it while rates change."""
    charges = [charge for charge in story.stored("charge") if charge["paid"]]
    if not charges:
        return
    charge = story.chance.choice(charges)
    amount = story.chance.choice([None, charge["amount"] // 3, charge["amount"] + 43])
    currency = story.chance.choice([None, None, "usd", "gbp"])
    intent = f"clawbacks/{charge['payment_intent']}"
    made = await story.at_stripe(intent, step="dispute", amount=amount, currency=currency)
    for step in story.chance.choice(
        [["win"], ["respond", "win"], ["lose"], ["respond", "lose"], []]
    ):
        await story.faults(rates=new_rates(story))
        await story.at_stripe(f"clawbacks/{made['id']}", step=step)
    if story.likely(0.3):
        by = story.chance.choice([37, -21, 1])
        await story.at_stripe(f"clawbacks/{made['id']}", step="adjust", amount=by)


def new_rates(story: Story) -> dict[str, float]:
    """Return exchange rates of other currencies."""
    return {name: round(story.chance.uniform(0.7, 1.3), 4) for name in ("usd", "gbp")}


async def a_bank_goes_on(story: Story) -> None:
    """Take a step of an open refund or dispute."""
    things = [(thing["id"], kind) for kind in NEXT for thing in story.stored(kind)]
    if things:
        thing, kind = story.chance.choice(things)
        step = story.chance.choice(NEXT[kind])
        amount = story.chance.choice([37, -21, 1]) if step == "adjust" else None
        await story.at_stripe(f"clawbacks/{thing}", step=step, amount=amount)


async def rates_move(story: Story) -> None:
    """Change exchange rates, and the currency in which the account is paid out."""
    settlement = story.chance.choice([None, None, "usd", "usd", "gbp"])
    await story.faults(rates=new_rates(story), settlement=settlement)


ACTS: list[Act] = [
    refund_by_an_admin, refund_by_an_admin, something_goes_back, something_goes_back,
    disputed_after_a_refund, a_dispute_takes_its_course, a_dispute_takes_its_course,
    a_dispute_takes_its_course, a_bank_goes_on, a_bank_goes_on, a_bank_goes_on, rates_move,
]  # fmt: skip
