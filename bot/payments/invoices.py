"""/invoices: what was paid, with Stripe's invoice or receipt for each, page by page."""

from typing import Final

from backend.schemas import Invoice, InvoicesQuery, Membership
from bot.locales import keys
from bot.locales.translator import Translator, short
from bot.organizations.organization import in_organization
from bot.payments.lists import payment_rows
from bot.telegram.context import BotContext
from bot.telegram.screens import Screen, packed, page_buttons

PAGE_SIZE: Final = 5  # addresses of Stripe's are long


@in_organization
async def invoices(membership: Membership, context: BotContext) -> None:
    """/invoices: the newest of the default organization; Newer and Older.

    Each with its day, amount, reference and address.
    """
    translator, organization_id = context.translator, membership.organization_id
    cursor = context.part("cursor") or None
    query = InvoicesQuery(organization_id=organization_id, cursor=cursor, limit=PAGE_SIZE)
    page = await context.backend.list_invoices(context.speaker.id, query)
    title = keys.Invoices.TITLE if page.invoices else keys.Invoices.NONE
    lines = [translator.html(title, organization=short(membership.organization_name))]
    lines += [invoice_line(invoice, translator) for invoice in page.invoices]
    buttons = page_buttons(page, f"bills:{packed(organization_id)}", translator)
    rows = payment_rows([invoice.payment for invoice in page.invoices], translator, by_day=True)
    if buttons:
        rows = (*rows, tuple(buttons))
    await context.reply_or_edit(Screen("\n".join(lines), rows))


def invoice_line(invoice: Invoice, translator: Translator) -> str:
    """Return what was paid when, and where its invoice or receipt is, if Stripe shows one."""
    payment = invoice.payment
    paid_at = payment.paid_at or payment.succeeded_at or payment.created_at
    day, amount, reference = translator.day_of(paid_at), payment.money, payment.reference
    if invoice.url is None:
        return translator.html(keys.Invoices.MISSING, day=day, amount=amount, reference=reference)
    return translator.html(
        keys.Invoices.LINE, day=day, amount=amount, reference=reference, url=invoice.url
    )
