"""/org: the default organization, what you are in it, and the ways to another or a new one.

The default organization is the one of /topup, /balance, /members and /invite. The backend
remembers it; every button names its organization, so an old message never acts on another one.
"""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from uuid import UUID

from pydantic import ValidationError

from backend.schemas import Me, Membership, OrganizationRequest
from bot.backend_api.errors import BackendRefusal
from bot.locales import keys
from bot.locales.translator import Translator, short
from bot.organizations.membership import (
    GRANTABLE_ROLES,
    balance_lines,
    default_first,
    default_membership,
    membership_in,
    require_manager,
    use_button,
)
from bot.telegram.context import BotContext, Handler
from bot.telegram.refusals import BotRefusal
from bot.telegram.screens import Screen, back_button, button


def in_organization(act: Callable[[Membership, BotContext], Awaitable[None]]) -> Handler:
    """Make a handler of what acts in the organization that a button names, or the default one.

    A stranger reads how to get into one.
    """

    async def handle(context: BotContext) -> None:
        me = await context.introduce()
        if context.part("organization"):
            membership = membership_in(me, context.id("organization"))
        elif (default := default_membership(me)) is not None:
            membership = default
        else:
            await context.reply(organization_screen(me, context.translator))
            return
        await act(membership, context)

    return handle


async def organization(context: BotContext) -> None:
    """/org, /org new [name], and whatever leads back there."""
    me = await context.introduce()
    match context.text.split(maxsplit=2)[1:]:
        case []:
            await context.reply_or_edit(organization_screen(me, context.translator))
        case ["new"]:
            await new_tapped(context)
        case ["new", name]:
            await create_organization(name, context)
        case _:
            await context.reply_text(keys.Organization.USAGE)


async def use_tapped(context: BotContext) -> None:
    """Switch: this organization is the default one from now on."""
    await context.introduce()
    organization_id = context.id("organization")
    await context.backend.set_default_organization(context.speaker.id, organization_id)
    await organization(context)


async def new_tapped(context: BotContext) -> None:
    """New organization: ask for its name; the next message is the answer."""
    await context.introduce()
    context.memory.question = new_name_written
    await context.reply_or_edit(Screen(context.translator.html(keys.Organization.NEW)))


async def new_name_written(context: BotContext) -> None:
    """Take the name of the new organization; the question stays until it is one."""
    await context.introduce()
    await create_organization(context.text, context)


async def create_organization(name: str, context: BotContext) -> None:
    """Found an organization, which is the default one then. Raises BotRefusal for a bad name."""
    key = f"{context.chat_id}:{context.message_id}:organization"  # one message founds one
    with refusing_bad_names():
        request = OrganizationRequest(name=name)
        await context.backend.create_organization(context.speaker.id, request, idempotency_key=key)
    await show_named(context)


async def rename_tapped(context: BotContext) -> None:
    """Rename: ask for the new name; the next message is the answer."""
    membership = membership_in(await context.introduce(), context.id("organization"))
    require_manager(membership)
    context.memory.question = partial(name_written, membership.organization_id)
    name = short(membership.organization_name)
    question = context.translator.html(keys.Organization.RENAME, organization=name)
    await context.reply_or_edit(Screen(question))


async def name_written(organization_id: UUID, context: BotContext) -> None:
    """Take the new name of an organization; the question stays until it is one."""
    await context.introduce()
    with refusing_bad_names():
        request = OrganizationRequest(name=context.text)
        await context.backend.rename_organization(context.speaker.id, organization_id, request)
    await show_named(context)


@contextmanager
def refusing_bad_names() -> Iterator[None]:
    """Raise BotRefusal for a name that is too long or empty, or in which nothing is visible."""
    try:
        yield
    except ValidationError as error:
        raise BotRefusal(keys.Organization.BAD_NAME) from error
    except BackendRefusal as refusal:
        if refusal.code != "invalid_request":
            raise
        raise BotRefusal(keys.Organization.BAD_NAME) from refusal


async def show_named(context: BotContext) -> None:
    """Show the default organization after a name was given."""
    context.memory.question = None
    me = await context.introduce()
    await context.reply(organization_screen(me, context.translator))


async def leave_tapped(context: BotContext) -> None:
    """Leave: ask whether they are sure."""
    membership = membership_in(await context.introduce(), context.id("organization"))
    translator = context.translator
    leave = button(
        translator.text(keys.Button.LEAVE), f"leave_now:{membership.organization_id.hex}"
    )
    back = back_button("org", translator)
    name = short(membership.organization_name)
    question = translator.html(keys.Organization.LEAVE, organization=name)
    await context.reply_or_edit(Screen(question, ((leave, back),)))


async def leave_now_tapped(context: BotContext) -> str:
    """Leave, for sure: by the route that removes others."""
    me, organization_id = await context.introduce(), context.id("organization")
    await context.backend.remove_member(context.speaker.id, organization_id, me.user_id)
    await organization(context)
    return context.translator.text(keys.Notice.LEFT)


def organization_screen(me: Me, translator: Translator) -> Screen:
    """Return the default organization and what can be done from there, or how to get into one."""
    new_row = (button(translator.text(keys.Button.NEW_ORGANIZATION), "new_org"),)
    if not me.organizations:
        return Screen(translator.html(keys.Start.STRANGER), (new_row,))
    membership, *others = default_first(me)
    id = membership.organization_id.hex
    people_row = [button(translator.text(keys.Button.MEMBERS), f"members:{id}:0")]
    own_row = [button(translator.text(keys.Button.LEAVE), f"leave:{id}")]
    if GRANTABLE_ROLES[membership.role]:
        people_row.append(button(translator.text(keys.Button.INVITE), f"invite:{id}:member:1:48"))
        own_row.insert(0, button(translator.text(keys.Button.RENAME), f"rename:{id}"))
    switch_rows = ((use_button(other, translator),) for other in others)
    rows = (tuple(people_row), tuple(own_row), *switch_rows, new_row)
    return Screen("\n".join(balance_lines(membership, translator)), rows)
