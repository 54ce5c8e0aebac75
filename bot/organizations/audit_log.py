"""The audit log of an organization in the chat, for its owners, page by page."""

from collections.abc import Iterator
from typing import Final
from uuid import UUID

from backend.schemas import AuditEntries, AuditEntry, AuditQuery, Membership
from bot.locales import keys
from bot.locales.translator import Fact, Price, Translator, short
from bot.organizations.membership import membership_in
from bot.telegram.context import BotContext
from bot.telegram.screens import Screen, back_button, button, packed

PAGE_SIZE: Final = 12  # lines in a message
REFERENCE_LENGTH: Final = 10  # of a payment's id, as people read it


async def audit_log_tapped(context: BotContext) -> None:
    """Show a page of what was done; the backend shows it to owners only."""
    membership = membership_in(await context.introduce(), context.id("organization"))
    cursor = context.part("cursor") or None
    page = await context.backend.list_audit_log(
        context.speaker.id,
        membership.organization_id,
        AuditQuery(cursor=cursor, limit=PAGE_SIZE),
    )
    screen = audit_log_screen(membership, page, context.translator, is_newest=cursor is None)
    await context.reply_or_edit(screen)


def audit_log_screen(
    membership: Membership, page: AuditEntries, translator: Translator, *, is_newest: bool
) -> Screen:
    """Return a page of the log, with buttons to older entries and back to the newest."""
    name = short(membership.organization_name)
    lines = [translator.html(keys.AuditLog.TITLE, organization=name)]
    lines += entry_lines(page.entries, translator)
    if not page.entries:
        lines.append(translator.html(keys.AuditLog.NONE))
    data = f"audit:{packed(membership.organization_id)}"
    arrows = []
    if not is_newest:
        arrows.append(button(translator.text(keys.Button.NEWEST), f"{data}:"))
    if page.next_cursor:
        arrows.append(button(translator.text(keys.Button.OLDER), f"{data}:{page.next_cursor}"))
    rows = (tuple(arrows),) if arrows else ()
    return Screen("\n".join(lines), (*rows, (back_button("org", translator),)))


def entry_lines(entries: list[AuditEntry], translator: Translator) -> Iterator[str]:
    """Yield a line for each entry, the first of each day below its date."""
    previous_day = None
    for entry in entries:
        day = translator.day_of(entry.created_at)
        if day != previous_day:
            yield translator.html(keys.History.DAY, day=day)
        previous_day = day
        yield entry_line(entry, translator)


def entry_line(entry: AuditEntry, translator: Translator) -> str:
    """Return who did what, with the amount and the payment's reference where it has them."""
    line = translator.html(
        keys.AuditLog.LINE,
        time=entry.created_at,
        who=short(entry.name or who_acted(entry, translator)),
        what=translator.text(
            keys.AUDIT_ACTIONS.get(entry.action, keys.Action.OTHER),
            **entry_facts(entry, translator),
        ),
    )
    amount, currency = entry.facts.get("amount"), entry.facts.get("currency")
    parts = [line]
    if isinstance(amount, str) and isinstance(currency, str):
        parts.append(translator.html(keys.AuditLog.AMOUNT, amount=Price(amount, currency)))
    if payment_id := entry.facts.get("payment_id"):
        reference = f"P-{UUID(str(payment_id)).hex[:REFERENCE_LENGTH].upper()}"
        parts.append(translator.html(keys.AuditLog.REFERENCE, reference=reference))
    return ", ".join(parts)


def who_acted(entry: AuditEntry, translator: Translator) -> str:
    """Return who it was, where it was no person that is known."""
    if entry.through == "service":
        return translator.text(keys.AuditLog.SERVICE)
    if entry.through == "operator":
        return translator.text(keys.AuditLog.OPERATOR)
    return translator.text(keys.Payment.SOMEBODY)


def entry_facts(entry: AuditEntry, translator: Translator) -> dict[str, Fact]:
    """Return what the sentence of an action names."""
    role = str(entry.facts.get("role", ""))
    return {
        "action": entry.action.replace("_", " "),
        "about": short(entry.about or translator.text(keys.Payment.SOMEBODY)),
        "role": translator.text(keys.ROLE_NAMES[role]) if role in keys.ROLE_NAMES else role,
    }
