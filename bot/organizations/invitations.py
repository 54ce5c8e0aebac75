"""The open invitations of an organization, with a button to revoke each."""

from typing import Final

from backend.schemas import Invitation, Membership
from bot.locales import keys
from bot.locales.translator import Translator, short
from bot.organizations.membership import GRANTABLE_ROLES, membership_in, require_manager
from bot.telegram.context import BotContext
from bot.telegram.screens import Row, Screen, back_button, button, packed

MAX_INVITATIONS: Final = 10  # in a message
BUTTONS_IN_A_ROW: Final = 3


async def invitations_tapped(context: BotContext) -> None:
    """Show the invitations that still work, the newest first."""
    membership = membership_in(await context.introduce(), context.id("organization"))
    await show_invitations(require_manager(membership), context)


async def revoke_listed_tapped(context: BotContext) -> None:
    """Revoke one of the list, and show the list without it."""
    membership = membership_in(await context.introduce(), context.id("organization"))
    await context.backend.revoke_invitation(
        context.speaker.id, membership.organization_id, context.id("invitation")
    )
    await show_invitations(require_manager(membership), context)


async def show_invitations(membership: Membership, context: BotContext) -> None:
    """Show an organization's open invitations."""
    listed = await context.backend.list_invitations(context.speaker.id, membership.organization_id)
    screen = invitations_screen(membership, listed.invitations, context.translator)
    await context.reply_or_edit(screen)


def invitations_screen(
    membership: Membership, invitations: list[Invitation], translator: Translator
) -> Screen:
    """Return the invitations, numbered, and a button for each that the person can revoke."""
    name = short(membership.organization_name)
    title = keys.Invitation.OPEN if invitations else keys.Invitation.NONE_OPEN
    lines = [translator.html(title, organization=name)]
    buttons = []
    for number, invitation in enumerate(invitations[:MAX_INVITATIONS], start=1):
        lines.append(invitation_line(number, invitation, translator))
        if invitation.role in GRANTABLE_ROLES[membership.role]:
            ids = f"{packed(membership.organization_id)}:{packed(invitation.id)}"
            label = translator.text(keys.Button.REVOKE_ONE, number=number)
            buttons.append(button(label, f"revoke_listed:{ids}"))
    hidden = len(invitations) - MAX_INVITATIONS
    if hidden > 0:
        lines.append(translator.html(keys.Invitation.MORE, count=hidden))
    starts = range(0, len(buttons), BUTTONS_IN_A_ROW)
    rows: list[Row] = [tuple(buttons[start : start + BUTTONS_IN_A_ROW]) for start in starts]
    return Screen("\n".join(lines), (*rows, (back_button("org", translator),)))


def invitation_line(number: int, invitation: Invitation, translator: Translator) -> str:
    """Return an invitation in one line: what it gives, to how many, until when, and whose it is."""
    return translator.html(
        keys.Invitation.LINE,
        number=number,
        role=translator.text(keys.ROLE_NAMES[invitation.role]),
        count=invitation.uses_left,
        day=translator.day_of(invitation.expires_at),
        time=invitation.expires_at,
        name=short(invitation.invited_by or translator.text(keys.AuditLog.OPERATOR)),
    )
