"""/invoices: what was paid, with Stripe's invoice or receipt for each, page by page."""

from typing import Final

from backend.schemas import InvoicesQuery, Membership
from bot.locales.texts import short
from bot.telegram.context import BotContext
from bot.telegram.routing import at_home
from bot.telegram.screens import Screen, packed, turning

PAGE: Final = 5  # addresses of Stripe's are long


@at_home
async def invoices(place: Membership, context: BotContext) -> None:
    """/invoices: the newest of the current organization; Newer and Older.

    Each with its day, amount, reference and address.
    """
    words, id, cursor = context.words, place.organization_id, context.part("cursor") or None
    asked = InvoicesQuery(organization_id=id, cursor=cursor, limit=PAGE)
    page = await context.backend.list_invoices(context.speaker.id, asked)
    title = "invoices.title" if page.invoices else "invoices.none"
    lines = [words.say(title, organization=short(place.organization_name))]
    for one in page.invoices:
        paid, day = one.payment, words.day_of(one.payment.succeeded_at or one.payment.created_at)
        facts = {"reference": paid.reference, "url": one.url or ""}
        lines.append(words.say("invoices.line", day=day, amount=paid.money, **facts))
    turns = turning(page, f"bills:{packed(id)}", words)
    await context.show(Screen("\n".join(lines), (tuple(turns),) if turns else ()))
