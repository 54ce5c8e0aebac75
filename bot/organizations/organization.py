"""/org: the default organization, one's role in it, and switching to another or a new one.

The default organization is that of /topup, /balance, /members and /invite. The backend stores it;
every button names its organization, so that an old message never acts on another one.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
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
from bot.telegram.pages import MAX_BUTTONS, arrow_row
from bot.telegram.refusals import BotRefusal
from bot.telegram.screens import Screen, back_button, button, packed


def in_organization(act: Callable[[Membership, BotContext], Awaitable[None]]) -> Handler:
    """Return a handler that calls `act` with the tapped or the default organization.

    A person without any reads how to join one.
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
    """Answer /org, /org new [name], the buttons back to it, and the arrows below the others."""
    match context.text.split(maxsplit=2)[1:]:
        case []:
            await show_default(context, int(context.part("page") or 0))
        case ["new"]:
            await new_tapped(context)
        case ["new", name]:
            await context.introduce()
            await create_organization(name, context)
        case _:
            await context.introduce()
            await context.reply_text(keys.Organization.USAGE)


async def show_default(context: BotContext, page: int = 0) -> None:
    """Show the default organization, and a page of the others."""
    me = await context.introduce()
    await context.reply_or_edit(organization_screen(me, context.translator, page))


async def use_tapped(context: BotContext) -> None:
    """Make this organization the default one."""
    await context.introduce()
    organization_id = context.id("organization")
    await context.backend.set_default_organization(context.speaker.id, organization_id)
    await show_default(context)


async def new_tapped(context: BotContext) -> None:
    """Ask for the name of a new organization; the next message is the answer."""
    await context.introduce()
    context.open_question("new_organization")
    await context.reply_or_edit(Screen(context.translator.html(keys.Organization.NEW)))


async def new_name_written(_facts: Mapping[str, str], context: BotContext) -> None:
    """Create the organization with the typed name; the question stays open until it is valid."""
    await context.introduce()
    await create_organization(context.text, context)


async def create_organization(name: str, context: BotContext) -> None:
    """Create an organization, which becomes the default one. Raises BotRefusal for a bad name."""
    key = f"{context.chat_id}:{context.message_id}:organization"  # one message founds one
    with refusing_bad_names():
        request = OrganizationRequest(name=name)
        await context.backend.create_organization(context.speaker.id, request, idempotency_key=key)
    await show_named(context)


async def rename_tapped(context: BotContext) -> None:
    """Ask for another name of an organization; the next message is the answer."""
    membership = membership_in(await context.introduce(), context.id("organization"))
    require_manager(membership)
    context.open_question("organization_name", organization=membership.organization_id.hex)
    name = short(membership.organization_name)
    question = context.translator.html(keys.Organization.RENAME, organization=name)
    await context.reply_or_edit(Screen(question))


async def name_written(facts: Mapping[str, str], context: BotContext) -> None:
    """Rename the organization; the question stays open until the name is valid."""
    await context.introduce()
    organization_id = UUID(facts["organization"])
    with refusing_bad_names():
        request = OrganizationRequest(name=context.text)
        await context.backend.rename_organization(context.speaker.id, organization_id, request)
    await show_named(context)


@contextmanager
def refusing_bad_names() -> Iterator[None]:
    """Raise BotRefusal for a name that is too long or empty, or without a visible character."""
    try:
        yield
    except ValidationError as error:
        raise BotRefusal(keys.Organization.BAD_NAME) from error
    except BackendRefusal as refusal:
        if refusal.code != "invalid_request":
            raise
        raise BotRefusal(keys.Organization.BAD_NAME) from refusal


async def show_named(context: BotContext) -> None:
    """Show the default organization after it was named."""
    context.close_question()
    me = await context.introduce()
    await context.reply(organization_screen(me, context.translator))


async def leave_tapped(context: BotContext) -> None:
    """Ask whether to leave the organization."""
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
    """Leave the organization; return the notice."""
    me, organization_id = await context.introduce(), context.id("organization")
    await context.backend.remove_member(context.speaker.id, organization_id, me.user_id)
    await show_default(context)
    return context.translator.text(keys.Notice.LEFT)


def organization_screen(me: Me, translator: Translator, page: int = 0) -> Screen:
    """Return the default organization with its actions, or how to join one.

    Below are buttons to a `page` of the others; for one after the last, to the last.
    """
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
    settings_row = []
    if membership.role == "owner":
        settings_row.append(button(translator.text(keys.Button.BOOKS), f"books:{id}"))
        settings_row.append(button(translator.text(keys.Button.BILLING), f"billing:{id}"))
    oversight_row = []
    if GRANTABLE_ROLES[membership.role]:
        label = translator.text(keys.Button.INVITATIONS)
        oversight_row.append(button(label, f"invitations:{id}"))
    if membership.role == "owner":
        audit_data = f"audit:{packed(membership.organization_id)}:"
        oversight_row.append(button(translator.text(keys.Button.AUDIT_LOG), audit_data))
    last_page = max(0, len(others) - 1) // MAX_BUTTONS
    page = min(page, last_page)
    shown = others[page * MAX_BUTTONS :][:MAX_BUTTONS]
    switch_rows = [(use_button(other, translator),) for other in shown]
    arrows = arrow_row("org", page, last_page)
    all_rows = (
        tuple(people_row),
        tuple(oversight_row),
        tuple(settings_row),
        tuple(own_row),
        *switch_rows,
        arrows,
        new_row,
    )
    rows = tuple(row for row in all_rows if row)
    return Screen("\n".join(balance_lines(membership, translator)), rows)
