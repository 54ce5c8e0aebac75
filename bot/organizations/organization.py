"""/org: the current organization, what you are in it, and the ways to another or a new one.

The current organization is the one that /topup, /balance, /members and /invite mean. The backend
remembers it; every button names its organization, so an old message never acts on another one.
"""

from functools import partial
from uuid import UUID

from pydantic import ValidationError

from backend.schemas import Me, OrganizationRequest
from bot.backend_api.errors import BackendRefusal
from bot.locales.texts import Words, short
from bot.organizations.membership import (
    MAY_GIVE,
    balance_lines,
    in_order,
    managed,
    place_in,
    use_button,
)
from bot.telegram.context import BotContext, BotRefusal
from bot.telegram.screens import Screen, back_button, button


async def organization(context: BotContext) -> None:
    """/org, /org new [name], and whatever leads back there."""
    me = await context.introduce()
    match context.text.split(maxsplit=2)[1:]:
        case []:
            await context.show(organization_screen(me, context.words))
        case ["new"]:
            await new_tapped(context)
        case ["new", name]:
            await give_name(None, name, context)
        case _:
            await context.say("organization.usage")


async def use_tapped(context: BotContext) -> None:
    """Switch: this organization is the current one from now on."""
    await context.introduce()
    organization_id = context.id("organization")
    await context.backend.set_default_organization(context.speaker.id, organization_id)
    await organization(context)


async def new_tapped(context: BotContext) -> None:
    """New organization: ask for its name; the next message is the answer."""
    await context.introduce()
    context.memory.question = partial(name_written, None)
    await context.show(Screen(context.words.say("organization.new")))


async def rename_tapped(context: BotContext) -> None:
    """Rename: ask for the new name; the next message is the answer."""
    place = managed(place_in(await context.introduce(), context.id("organization")))
    context.memory.question = partial(name_written, place.organization_id)
    name = short(place.organization_name)
    await context.show(Screen(context.words.say("organization.rename", organization=name)))


async def name_written(organization_id: UUID | None, context: BotContext) -> None:
    """The name that was asked for, which stays asked until it is one."""
    await context.introduce()
    await give_name(organization_id, context.text, context)


async def give_name(organization_id: UUID | None, name: str, context: BotContext) -> None:
    """Rename an organization, or (None) found one, which is the current one then."""
    try:
        request = OrganizationRequest(name=name)
    except ValidationError as error:
        raise BotRefusal("organization.bad_name") from error
    try:
        if organization_id:
            await context.backend.rename_organization(context.speaker.id, organization_id, request)
        else:
            key = f"{context.chat_id}:{context.message_id}:organization"  # one message founds one
            await context.backend.create_organization(
                context.speaker.id, request, idempotency_key=key
            )
    except BackendRefusal as refusal:
        if refusal.code != "invalid_request":  # nothing in it can be seen
            raise
        raise BotRefusal("organization.bad_name") from refusal
    context.memory.question = None
    await context.reply(organization_screen(await context.introduce(), context.words))


async def leave_tapped(context: BotContext) -> None:
    """Leave: ask whether they are sure."""
    place, words = place_in(await context.introduce(), context.id("organization")), context.words
    leave = button(words.plain("button.leave"), f"leave_now:{place.organization_id.hex}")
    back = back_button("org", words)
    text = words.say("organization.leave", organization=short(place.organization_name))
    await context.show(Screen(text, ((leave, back),)))


async def leave_now_tapped(context: BotContext) -> str:
    """Leave, for sure: the same door that removes others."""
    me, organization_id = await context.introduce(), context.id("organization")
    await context.backend.remove_member(context.speaker.id, organization_id, me.user_id)
    await organization(context)
    return context.words.plain("notice.left")


def organization_screen(me: Me, words: Words) -> Screen:
    """The current organization and what can be done from there, or how to get into one."""
    new = (button(words.plain("button.new_organization"), "new_org"),)
    if not me.organizations:
        return Screen(words.say("start.stranger"), (new,))
    place, *others = in_order(me)
    id = place.organization_id.hex
    people = [button(words.plain("button.members"), f"members:{id}:0")]
    itself = [button(words.plain("button.leave"), f"leave:{id}")]
    if MAY_GIVE[place.role]:
        people.append(button(words.plain("button.invite"), f"invite:{id}:member:1:48"))
        itself.insert(0, button(words.plain("button.rename"), f"rename:{id}"))
    switches = ((use_button(other, words),) for other in others)
    rows = (tuple(people), tuple(itself), *switches, new)
    return Screen("\n".join(balance_lines(place, words)), rows)
