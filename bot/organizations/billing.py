"""The billing e-mail address of an organization: its owners see, change and remove it in /org."""

from collections.abc import Mapping
from uuid import UUID

from pydantic import ValidationError

from backend.schemas import Billing, BillingRequest, Membership
from bot.locales import keys
from bot.locales.translator import Translator, short
from bot.organizations.accounting import owned_membership
from bot.telegram.context import BotContext
from bot.telegram.refusals import BotRefusal
from bot.telegram.screens import Screen, back_button, button


async def billing_tapped(context: BotContext) -> None:
    """Show the address of the tapped organization, with buttons to change and remove it."""
    membership = await owned_membership(context.id("organization"), context)
    billing = await context.backend.get_billing(context.speaker.id, membership.organization_id)
    await context.reply_or_edit(billing_screen(membership, billing, context.translator))


async def change_tapped(context: BotContext) -> None:
    """Ask for another address in the same message; the next message is the answer."""
    membership = await owned_membership(context.id("organization"), context)
    id = membership.organization_id.hex
    context.open_question("billing_email", organization=id)
    translator = context.translator
    question = translator.html(
        keys.Billing.QUESTION, organization=short(membership.organization_name)
    )
    back = back_button(f"billing:{id}", translator)
    await context.reply_or_edit(Screen(question, ((back,),)))


async def email_written(facts: Mapping[str, str], context: BotContext) -> None:
    """Set the typed address; the question stays open until Stripe takes it.

    Raises BotRefusal for what is no address.
    """
    membership = await owned_membership(UUID(facts["organization"]), context)
    try:
        request = BillingRequest(email=context.text.strip())
    except ValidationError as error:
        raise BotRefusal(keys.Billing.BAD_EMAIL) from error
    await set_billing(membership, request, context)
    context.close_question()


async def remove_tapped(context: BotContext) -> None:
    """Remove the address; repeating it changes nothing."""
    membership = await owned_membership(context.id("organization"), context)
    await set_billing(membership, BillingRequest(email=None), context)


async def set_billing(membership: Membership, request: BillingRequest, context: BotContext) -> None:
    """Set or remove the address, and show what is so."""
    changed = await context.backend.set_billing(
        context.speaker.id, membership.organization_id, request
    )
    await context.reply_or_edit(billing_screen(membership, changed, context.translator))


def billing_screen(membership: Membership, billing: Billing, translator: Translator) -> Screen:
    """Return the address that was chosen, or that there is none, and what can be done."""
    name, id = short(membership.organization_name), membership.organization_id.hex
    change = button(translator.text(keys.Button.CHANGE_EMAIL), f"billing_change:{id}")
    back = (back_button("org", translator),)
    if billing.email is None:
        text = translator.html(keys.Billing.NONE, organization=name)
        return Screen(text, ((change,), back))
    text = translator.html(keys.Billing.CHOSEN, organization=name, email=billing.email)
    remove = button(translator.text(keys.Button.REMOVE_EMAIL), f"billing_remove:{id}")
    return Screen(text, ((change, remove), back))
