"""/invite: links by which people join an organization, and what happens when one is opened.

Only the answer to the creation has the code of the link: the backend stores its hash. Whoever loses
the message makes another link.
"""

import re
from typing import Any, Final

from pydantic import ValidationError
from telegram import InlineKeyboardButton
from telegram.helpers import create_deep_linked_url

from backend.schemas import Invitation, InvitationRequest, Membership, Role
from bot.locales import keys
from bot.locales.translator import Translator, short
from bot.organizations.membership import (
    GRANTABLE_ROLES,
    balance_lines,
    default_membership,
    membership_in,
    menu_rows,
    require_manager,
    use_button,
)
from bot.organizations.organization import in_organization
from bot.telegram.context import BotContext
from bot.telegram.refusals import BotRefusal
from bot.telegram.screens import Screen, button, packed

USES: Final = (1, 5, 20)
ARGUMENTS: Final = r"(owner|admin|member)? ?([0-9]{1,3}\b)? ?(?:([0-9]{1,3})([hdw]))?"
HOURS_IN: Final = {"h": 1, "d": 24, "w": 168}
CODE_LENGTH: Final = 64  # Telegram carries no more in a link


@in_organization
async def invite(membership: Membership, context: BotContext) -> None:
    """Answer /invite [role] [people] [duration]: offer the choices, or make the link at once."""
    require_manager(membership)
    arguments = " ".join(context.text.lower().split()[1:])
    if not arguments:
        screen = offer_screen(membership, InvitationRequest(), context.translator)
        await context.reply(screen)
    else:
        await create_link(membership, parse_offer(arguments), context)


async def offer_tapped(context: BotContext) -> None:
    """Show the choices with the tapped one marked."""
    membership = membership_in(await context.introduce(), context.id("organization"))
    require_manager(membership)
    screen = offer_screen(membership, offer_of_tap(context), context.translator)
    await context.reply_or_edit(screen)


async def make_link_tapped(context: BotContext) -> None:
    """Make the link; it replaces the choices, so that they make one link only."""
    membership = membership_in(await context.introduce(), context.id("organization"))
    await create_link(membership, offer_of_tap(context), context)


async def create_link(
    membership: Membership, request: InvitationRequest, context: BotContext
) -> None:
    """Create an invitation, and show its link."""
    invitation = await context.backend.create_invitation(
        context.speaker.id, membership.organization_id, request
    )
    url = create_deep_linked_url(context.bot.username, f"invite_{invitation.code}")
    await context.reply_or_edit(link_screen(context.named(invitation), url, context.translator))


async def revoke_tapped(context: BotContext) -> None:
    """Revoke the invitation: nobody can join by its link any more."""
    await context.introduce()
    organization_id, invitation_id = context.id("organization"), context.id("invitation")
    await context.backend.revoke_invitation(context.speaker.id, organization_id, invitation_id)
    await context.reply_or_edit(Screen(context.translator.html(keys.Invitation.REVOKED)))


async def accept_invitation(context: BotContext, code: str) -> None:
    """Make the person a member, as /start invite_<code> asks.

    There is no further question: Telegram makes people tap Start, and joining shows only one's name
    to the members. The default organization stays, so that no later /topup goes to the organization
    of a stranger's link.
    """
    await context.introduce()
    # What cannot be a code is refused by the backend like any code that does not work.
    accepted = await context.backend.accept_invitation(
        context.speaker.id, code[:CODE_LENGTH] or "-"
    )
    me, translator = await context.introduce(), context.translator
    membership, default = membership_in(me, accepted.id), default_membership(me)
    name = short(membership.organization_name)
    role = translator.text(keys.ROLE_NAMES[membership.role])
    lines = [
        translator.html(keys.Invitation.JOINED, organization=name, role=role),
        *balance_lines(membership, translator),
    ]
    rows = menu_rows(me, translator)
    if default and default != membership:
        default_name = short(default.organization_name)
        lines.append(translator.html(keys.Invitation.STILL, organization=default_name))
        rows = ((use_button(membership, translator),),)
    await context.reply(Screen("\n".join(lines), rows))


def parse_offer(arguments: str) -> InvitationRequest:
    """Parse `admin 5 7d`, any of them left out; raise BotRefusal for anything else."""
    match = re.fullmatch(ARGUMENTS, arguments)
    if match is None:
        raise BotRefusal(keys.Invitation.USAGE)
    role, uses, length, unit = match.groups()
    fields: dict[str, Any] = {}
    if role:
        fields["role"] = role
    if uses:
        fields["uses"] = uses
    if length:
        fields["hours"] = int(length) * HOURS_IN[unit]
    try:
        return InvitationRequest.model_validate(fields)
    except ValidationError as error:
        raise BotRefusal(keys.Invitation.USAGE) from error


def offer_of_tap(context: BotContext) -> InvitationRequest:
    """Return the choices that the tapped button's data carries."""
    fields = {name: context.part(name) for name in ("role", "uses", "hours")}
    return InvitationRequest.model_validate(fields)


def offer_screen(
    membership: Membership, offer: InvitationRequest, translator: Translator
) -> Screen:
    """Return the choices of role, number of people and duration, and the button to make it."""

    def choice(label: str, **changed: Role | int) -> InlineKeyboardButton:
        chosen = offer.model_copy(update=changed)
        if chosen == offer:
            label = translator.text(keys.Button.CHOSEN, choice=label)
        return button(label, f"invite:{offer_data(membership, chosen)}")

    roles = tuple(
        choice(translator.text(keys.ROLE_NAMES[role]), role=role)
        for role in GRANTABLE_ROLES[membership.role]
    )
    uses = tuple(
        choice(translator.text(keys.Button.PEOPLE, count=count), uses=count) for count in USES
    )
    hours = tuple(
        choice(translator.text(key), hours=count) for count, key in keys.INVITATION_HOURS.items()
    )
    make = button(
        translator.text(keys.Button.MAKE_LINK), f"make_link:{offer_data(membership, offer)}"
    )
    name = short(membership.organization_name)
    text = translator.html(keys.Invitation.OFFER, organization=name)
    return Screen(text, (roles, uses, hours, (make,)))


def offer_data(membership: Membership, offer: InvitationRequest) -> str:
    """Return the choices as a button carries them."""
    return f"{membership.organization_id.hex}:{offer.role}:{offer.uses}:{offer.hours}"


def link_screen(invitation: Invitation, url: str, translator: Translator) -> Screen:
    """Return the link, its terms, and the button to revoke it."""
    text = translator.html(
        keys.Invitation.LINK,
        organization=short(invitation.organization_name),
        role=translator.text(keys.ROLE_NAMES[invitation.role]),
        url=url,
        count=invitation.uses_left,
        day=translator.day_of(invitation.expires_at),
        time=invitation.expires_at,
    )
    ids = f"{packed(invitation.organization_id)}:{packed(invitation.id)}"
    return Screen(text, ((button(translator.text(keys.Button.REVOKE), f"revoke:{ids}"),),))
