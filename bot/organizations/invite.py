"""/invite: a link that lets people into an organization; and what happens to who opens it.

The code in the link is told once, here: the backend keeps only its hash. Who loses the message
makes another link.
"""

import re
from typing import Final

from pydantic import ValidationError
from telegram import InlineKeyboardButton
from telegram.helpers import create_deep_linked_url

from backend.schemas import Invitation, InvitationRequest, Membership, Role
from bot.locales.texts import Words, short
from bot.organizations.membership import (
    MAY_GIVE,
    balance_lines,
    current,
    managed,
    menu,
    place_in,
    use_button,
)
from bot.telegram.context import BotContext, BotRefusal
from bot.telegram.routing import at_home
from bot.telegram.screens import Screen, button, packed

USES: Final = (1, 5, 20)
HOURS: Final = (24, 48, 168, 720)
ARGUMENTS: Final = r"(owner|admin|member)? ?([0-9]{1,3}\b)? ?(?:([0-9]{1,3})([hdw]))?"
HOURS_IN: Final = {"h": 1, "d": 24, "w": 168}
CODE_LENGTH: Final = 64  # Telegram carries no more in a link


@at_home
async def invite(place: Membership, context: BotContext) -> None:
    """/invite [role] [how many people] [how long]: offer the choices, or make the link at once."""
    managed(place)
    said = " ".join(context.text.lower().split()[1:])
    if not said:
        await context.reply(offer_screen(place, InvitationRequest(), context.words))
    else:
        await make_link(place, read_offer(said), context)


async def offer_tapped(context: BotContext) -> None:
    """Invite, and every choice: the same message with this choice marked."""
    place = managed(place_in(await context.introduce(), context.id("organization")))
    await context.show(offer_screen(place, tapped_offer(context), context.words))


async def make_link_tapped(context: BotContext) -> None:
    """Make the link: it takes the place of the choices, so that they make one link only."""
    place = place_in(await context.introduce(), context.id("organization"))
    await make_link(place, tapped_offer(context), context)


async def make_link(place: Membership, wanted: InvitationRequest, context: BotContext) -> None:
    """Have the invitation made, and show its link to be passed on."""
    invitation = await context.backend.create_invitation(
        context.speaker.id, place.organization_id, wanted
    )
    url = create_deep_linked_url(context.bot.username, f"invite_{invitation.code}")
    await context.show(link_screen(invitation, url, context.words))


async def revoke_tapped(context: BotContext) -> None:
    """Revoke: nobody gets in by this link any more."""
    await context.introduce()
    organization_id, invitation_id = context.id("organization"), context.id("invitation")
    await context.backend.revoke_invitation(context.speaker.id, organization_id, invitation_id)
    await context.show(Screen(context.words.say("invite.revoked")))


async def joined(context: BotContext, code: str) -> None:
    """/start invite_<code>: the person belongs to the organization at once.

    Nobody is asked again: to open a bot by a link, Telegram makes people tap Start, and to join
    shows colleagues one's name and nothing else. The current organization stays what it was, so
    that nobody's next /topup goes to where a link of a stranger led them; and one can leave.
    """
    await context.introduce()
    # What cannot be a code is refused by the backend like any code that does not work.
    code = code[:CODE_LENGTH] or "-"
    accepted = await context.backend.accept_invitation(context.speaker.id, code)
    me, words = await context.introduce(), context.words
    place, meant = place_in(me, accepted.id), current(me)
    name, role = short(place.organization_name), words.plain(f"role.{place.role}")
    lines = [words.say("invite.joined", organization=name, role=role), *balance_lines(place, words)]
    rows = menu(me, words)
    if meant and meant != place:
        lines.append(words.say("invite.still", organization=short(meant.organization_name)))
        rows = ((use_button(place, words),),)
    await context.reply(Screen("\n".join(lines), rows))


def read_offer(said: str) -> InvitationRequest:
    """`admin 5 7d`, any of them left out; raises BotRefusal for anything else."""
    if (found := re.fullmatch(ARGUMENTS, said)) is None:
        raise BotRefusal("invite.usage")
    role, uses, length, unit = found.groups()
    hours = length and int(length) * HOURS_IN[unit]
    wanted = {"role": role, "uses": uses, "hours": hours}
    try:
        return InvitationRequest.model_validate({k: v for k, v in wanted.items() if v is not None})
    except ValidationError as error:
        raise BotRefusal("invite.usage") from error


def tapped_offer(context: BotContext) -> InvitationRequest:
    """What the tapped button's data says."""
    said = {name: context.part(name) for name in ("role", "uses", "hours")}
    return InvitationRequest.model_validate(said)


def offer_screen(place: Membership, offer: InvitationRequest, words: Words) -> Screen:
    """For which role, how many people and how long: a row each, the choice marked, one tap left."""

    def choice(label: str, **changed: Role | int) -> InlineKeyboardButton:
        chosen = offer.model_copy(update=changed)
        shown = words.plain("button.chosen", choice=label) if chosen == offer else label
        return button(shown, f"invite:{data(chosen)}")

    def data(offer: InvitationRequest) -> str:
        return f"{place.organization_id.hex}:{offer.role}:{offer.uses}:{offer.hours}"

    roles = (choice(words.plain(f"role.{role}"), role=role) for role in MAY_GIVE[place.role])
    uses = (choice(words.plain("button.people", count=count), uses=count) for count in USES)
    hours = (choice(words.plain(f"hours.{count}"), hours=count) for count in HOURS)
    make = button(words.plain("button.make_link"), f"make_link:{data(offer)}")
    text = words.say("invite.offer", organization=short(place.organization_name))
    return Screen(text, (tuple(roles), tuple(uses), tuple(hours), (make,)))


def link_screen(invitation: Invitation, url: str, words: Words) -> Screen:
    """The link, what it does, and the way to take it back."""
    name, role = short(invitation.organization_name), words.plain(f"role.{invitation.role}")
    count, end = invitation.uses_left, invitation.expires_at
    facts = {"organization": name, "role": role, "url": url}
    text = words.say("invite.link", **facts, count=count, day=words.day_of(end), time=end)
    both = f"{packed(invitation.organization_id)}:{packed(invitation.id)}"
    return Screen(text, ((button(words.plain("button.revoke"), f"revoke:{both}"),),))
