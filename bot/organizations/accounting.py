"""The time zone of an organization's books: its owners choose by which clock months begin and end.

It is one for everybody in the organization, whatever time zone they have set for themselves, so
that all of them see the same month.
"""

from collections.abc import Mapping
from uuid import UUID

from backend.schemas import Accounting, AccountingRequest, Membership
from bot.locales import keys
from bot.locales.translator import MonthName, short
from bot.organizations.membership import membership_in
from bot.personal_settings.labels import offered_time_zones, zone_label
from bot.telegram.context import BotContext
from bot.telegram.refusals import BotRefusal
from bot.telegram.screens import Screen, back_button, button


async def accounting_tapped(context: BotContext) -> None:
    """Show the time zone of the tapped organization's books, with others to choose."""
    membership = await owned_membership(context.id("organization"), context)
    screen = accounting_screen(membership, membership.accounting, context)
    await context.reply_or_edit(screen)


async def zone_tapped(context: BotContext) -> None:
    """Set the tapped time zone, and show from when on it counts."""
    membership = await owned_membership(context.id("organization"), context)
    await set_time_zone(membership, context.part("zone"), context)


async def other_zone_tapped(context: BotContext) -> None:
    """Ask for another time zone in the same message; the next message is the answer."""
    membership = await owned_membership(context.id("organization"), context)
    context.open_question("accounting_time_zone", organization=membership.organization_id.hex)
    await context.reply_or_edit(Screen(context.translator.html(keys.Settings.TIMEZONE_QUESTION)))


async def zone_written(facts: Mapping[str, str], context: BotContext) -> None:
    """Set the typed time zone; the question stays open until it is one."""
    membership = await owned_membership(UUID(facts["organization"]), context)
    await set_time_zone(membership, context.text.strip()[:64], context)
    context.close_question()


async def set_time_zone(membership: Membership, time_zone: str, context: BotContext) -> None:
    """Set the time zone, and show it."""
    changed = await context.backend.set_accounting_time_zone(
        context.speaker.id, membership.organization_id, AccountingRequest(time_zone=time_zone)
    )
    screen = accounting_screen(membership, changed.accounting, context)
    await context.reply_or_edit(screen)


async def owned_membership(organization_id: UUID, context: BotContext) -> Membership:
    """Return the person's membership as an owner; raise BotRefusal for others."""
    membership = membership_in(await context.introduce(), organization_id)
    if membership.role != "owner":
        raise BotRefusal(keys.Notice.OWNERS_ONLY)
    return membership


def accounting_screen(
    membership: Membership, accounting: Accounting, context: BotContext
) -> Screen:
    """Return the time zone in force and the one that comes next, and buttons to choose another."""
    translator, texts = context.translator, context.bot_data.texts
    id = membership.organization_id.hex
    lines = [
        translator.html(
            keys.Accounting.TEXT,
            organization=short(membership.organization_name),
            zone=zone_label(accounting.time_zone),
        )
    ]
    if accounting.next_time_zone and accounting.next_from:
        lines.append(
            translator.html(
                keys.Accounting.NEXT,
                month=MonthName(accounting.next_from),
                zone=zone_label(accounting.next_time_zone),
            )
        )
    lines.append(translator.html(keys.Accounting.QUESTION))
    chosen = accounting.next_time_zone or accounting.time_zone
    rows = []
    for row in offered_time_zones(texts):
        buttons = []
        for zone in row:
            label = zone_label(zone)
            if zone == chosen:
                label = translator.text(keys.Button.CHOSEN, choice=label)
            buttons.append(button(label, f"books_zone:{id}:{zone}"))
        rows.append(tuple(buttons))
    other = button(translator.text(keys.Button.OTHER), f"books_other:{id}")
    return Screen("\n".join(lines), (*rows, (other,), (back_button("org", translator),)))
