"""Acts between Stripe and us: API versions, other installations, and the operator."""

from backend.operator_errors import CannotBeAccepted
from backend.stripe import dead_letter_actions
from backend.wallets import adjustments
from sandbox.stripe.objects import new
from tests.backend.books.story import Act, Json, Story

VERSIONS = [None, None, "2025-02-24.acacia", "2022-08-01", "2025-08-27.basil"]


async def some_events_arrive(story: Story) -> None:
    """Deliver up to three events, chosen at random."""
    events = story.stored("event")
    await story.deliver(story.chance.sample(events, min(3, len(events))))


async def another_version(story: Story) -> None:
    """Change the API version of events, or set it back to ours."""
    await story.faults(api_version=story.chance.choice(VERSIONS))


async def other_installation_pays(story: Story) -> None:
    """Pay a session of another installation; some of it is clawed back."""
    made = await story.at_stripe("neighbour", amount=story.chance.choice([500, 5000]))
    if "payment_intent" in made:
        story.other_installations.add(made["payment_intent"])
        if story.likely(0.5):
            step = story.chance.choice(["refund", "dispute", "warn"])
            await story.at_stripe(f"clawbacks/{made['payment_intent']}", step=step)


async def a_connected_account_forges(story: Story) -> None:
    """Make events of a connected account that say our unpaid pages and intents are paid."""
    for session in story.stored("checkout.session"):
        if session["mode"] == "payment" and session["status"] != "complete":
            paid = {"status": "complete", "payment_status": "paid"}
            page = session | paid | {"payment_intent": session["payment_intent"] or "pi_forged"}
            story.forged.append(forged("checkout.session.completed", page))
    for intent in story.stored("payment_intent"):
        if not intent["amount_received"]:
            paid = {"status": "succeeded", "amount_received": intent["amount"]}
            story.forged.append(forged("payment_intent.succeeded", intent | paid))


def forged(type: str, thing: Json) -> Json:
    """Return an event of a connected account."""
    return new("event", type=type, data={"object": thing}, account="acct_1Connected")


async def the_operator_adjusts(story: Story) -> None:
    """Post an adjustment, perhaps twice under the same reference."""
    amount = story.chance.choice(["5", "-3.50", "0.01"])
    reference = f"note-{story.chance.randint(1, 10**9)}"
    for _ in range(story.chance.choice([1, 2])):
        await adjustments.post_adjustment(
            story.system.services.database, organization_id=story.system.world.acme, currency="eur",
            amount=amount, reference=reference, reason="a story", operator="teller", dry_run=False,
        )  # fmt: skip
    story.adjusted["eur"] += round(float(amount) * 100)


async def settle_dead_letters(story: Story) -> None:
    """Accept every dead letter; dismiss those for which Stripe received nothing."""
    for _ in range(3):  # what is accepted may let others be applied
        letters = await dead_letter_actions.list_dead_letters(story.system.services, False)
        for letter in letters:
            try:
                await dead_letter_actions.accept_dead_letter(
                    story.system.services,
                    letter.id,
                    adopting=False,
                    organization_id=None,
                    dry_run=False,
                )
            except CannotBeAccepted:
                await dead_letter_actions.dismiss_dead_letter(
                    story.system.services, letter.id, "teller", "no money"
                )
        if not letters:
            return
    assert not letters, [(letter.type, letter.reason) for letter in letters]


ACTS: list[Act] = [
    some_events_arrive, some_events_arrive, another_version, another_version,
    other_installation_pays, a_connected_account_forges, the_operator_adjusts,
]  # fmt: skip
