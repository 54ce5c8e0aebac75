"""/members: who belongs to an organization, and what somebody with the right to may change.

The list, one person, a question before what cannot be taken back: all in one message.
"""

from typing import Final

from telegram import InlineKeyboardButton

from backend.schemas import Member, Membership, Notification, RoleRequest
from bot.locales.texts import Words, short
from bot.organizations.membership import MAY_GIVE, place_in
from bot.telegram.context import BotContext, BotRefusal
from bot.telegram.routing import at_home
from bot.telegram.screens import Screen, back_button, button, packed

PAGE: Final = 8  # people in a message
ASKED_FIRST: Final = ("owner", "removed")


@at_home
async def members(place: Membership, context: BotContext) -> None:
    """/members, the button Members, and the arrows under them."""
    await show_members(place, int(context.part("page") or 0), context)


async def member_tapped(context: BotContext) -> None:
    """A person: what they are, and a button for each change that the tapping one may make."""
    place, member, page = await named(context)
    words = context.words
    rows = [(change_button(change, place, member, words),) for change in changes(place, member)]
    back = back_button(f"members:{place.organization_id.hex}:{page}", words)
    await context.show(Screen(line("member.text", place, member, words), (*rows, (back,))))


async def ask_tapped(context: BotContext) -> None:
    """Before somebody is removed or made an owner: ask whether they are sure."""
    place, member, _ = await named(context)
    words, change = context.words, context.part("change")
    yes = change_button(change, place, member, words, "change")
    back = back_button(f"member:{pair(place, member)}", words)
    await context.show(Screen(line(f"sure.{change}", place, member, words), ((yes, back),)))


async def change_tapped(context: BotContext) -> None:
    """Give a role, or remove the person; then the list as it is now."""
    place, member, page = await named(context)
    ids = (context.speaker.id, place.organization_id, member.user_id)
    if (change := context.part("change")) == "removed":
        await context.backend.remove_member(*ids)
    else:
        await context.backend.change_role(*ids, RoleRequest.model_validate({"role": change}).role)
    await show_members(place, page, context)


async def named(context: BotContext) -> tuple[Membership, Member, int]:
    """What a button names: the organization as the tapping person sees it, who, on which page."""
    place = place_in(await context.introduce(), context.id("organization"))
    found = await context.backend.list_members(context.speaker.id, place.organization_id)
    for number, member in enumerate(found.members):
        if member.user_id == context.id("person"):
            return place, member, number // PAGE
    raise BotRefusal("refusal.not_found")


async def show_members(place: Membership, page: int, context: BotContext) -> None:
    """A line per person, a button for each whom this role may change, arrows to other pages."""
    found = await context.backend.list_members(context.speaker.id, place.organization_id)
    words, id, count = context.words, place.organization_id.hex, len(found.members)
    pages = range(max(0, count - 1) // PAGE + 1)
    page = min(page, pages[-1])
    shown = found.members[page * PAGE :][:PAGE]
    title = words.say("members.title", organization=short(place.organization_name), count=count)
    lines = [line(f"members.{'me' if one.is_me else 'other'}", place, one, words) for one in shown]
    others = [one for one in shown if changes(place, one)]
    rows = [(button(short(one.name), f"member:{pair(place, one)}"),) for one in others]
    arrows = (("←", page - 1), ("→", page + 1))
    turns = tuple(button(arrow, f"members:{id}:{to}") for arrow, to in arrows if to in pages)
    await context.show(Screen("\n".join([title, *lines]), (*rows, *((turns,) if turns else ()))))


def changes(place: Membership, member: Member) -> tuple[str, ...]:
    """What this role may make of a person: another role, or "removed". Of oneself: see /org."""
    may_give = MAY_GIVE[place.role]
    if member.is_me or member.role not in may_give:
        return ()
    return (*(role for role in may_give if role != member.role), "removed")


def change_button(
    change: str, place: Membership, member: Member, words: Words, act: str | None = None
) -> InlineKeyboardButton:
    """Makes a change, or asks first where it cannot be taken back."""
    act = act or ("ask" if change in ASKED_FIRST else "change")
    return button(words.plain(f"change.{change}"), f"{act}:{pair(place, member)}:{change}")


def pair(place: Membership, member: Member) -> str:
    """How a button names a person of an organization."""
    return f"{packed(place.organization_id)}:{packed(member.user_id)}"


def line(key: str, place: Membership, member: Member, words: Words) -> str:
    """A sentence about a person of an organization."""
    name, role = short(member.name), words.plain(f"role.{member.role}")
    return words.say(key, name=name, role=role, organization=short(place.organization_name))


def news_screen(notification: Notification, words: Words) -> Screen:
    """What is told of a membership: somebody joined, or your own role changed or ended."""
    facts = {name: short(str(value)) for name, value in notification.facts.items()}
    facts["role"] = words.plain(f"role.{facts.get('role', 'member')}")
    return Screen(words.say(f"news.{notification.kind}", **facts))
