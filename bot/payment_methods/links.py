"""Links to Stripe's pages: the setup link to add a payment method, and the customer portal."""

from backend import schemas
from bot.locales import keys
from bot.locales.translator import short
from bot.organizations.membership import membership_in
from bot.payment_methods.screens import methods_button, setup_link_screen
from bot.telegram.context import BotContext
from bot.telegram.screens import with_link_button


async def add_tapped(context: BotContext) -> None:
    """Make a setup link; the tapped message becomes its message."""
    membership = membership_in(await context.introduce(), context.id("organization"))
    request = schemas.NewMethod(
        organization_id=membership.organization_id,
        link=True,
        shown_in=schemas.ShownIn(chat_id=context.chat_id, message_id=context.message_id),
    )
    added = await context.backend.add_payment_method(context.speaker.id, request)
    if added.link:
        await context.reply_or_edit(
            setup_link_screen(context.named(added.link), context.translator)
        )


async def check_link_tapped(context: BotContext) -> str | None:
    """Refetch a setup link from Stripe; the message changes when the notification arrives.

    Returns a notice while the link is open.
    """
    await context.introduce()
    link = await context.backend.check_payment_method_link(context.speaker.id, context.id("link"))
    return context.translator.text(keys.Notice.STILL_WAITING) if link.state == "open" else None


async def portal_tapped(context: BotContext) -> None:
    """Show a link to Stripe's customer portal, with payment methods and invoices."""
    membership = membership_in(await context.introduce(), context.id("organization"))
    organization_id, translator = membership.organization_id, context.translator
    portal = await context.backend.create_portal_session(context.speaker.id, organization_id)
    name = short(membership.organization_name)
    text = translator.html(keys.PaymentMethods.PORTAL, organization=name)
    back_row = (methods_button(organization_id, translator),)
    screen = with_link_button(text, portal.url, keys.Button.PORTAL, translator, back_row)
    await context.reply_or_edit(screen)
