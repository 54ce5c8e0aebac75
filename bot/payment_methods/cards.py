"""/cards: what an organization has saved to pay with, in one message that changes in place.

The list, one card, a question before one is removed, and the link to add another. What comes of
the link, the delivery worker writes into that message (see `notifications`).
"""

from functools import partial
from typing import Final
from uuid import UUID

from telegram import InlineKeyboardButton

from backend import schemas
from bot.locales.texts import Words, short
from bot.organizations.membership import managed, may_top_up, place_in
from bot.payments.message import fits_a_button
from bot.telegram.context import BotContext, BotRefusal
from bot.telegram.routing import at_home
from bot.telegram.screens import Row, Screen, back_button, button, packed

MOST_CARDS: Final = 30  # as they fit into a message
LONGEST_LABEL: Final = 50  # as the backend takes it


@at_home
async def cards(place: schemas.Membership, context: BotContext) -> None:
    """/cards, and whatever leads back there.

    A line and a button per card; to members, what the default one is called.
    """
    found = await saved_methods(place.organization_id, context)
    words, id = context.words, place.organization_id.hex
    title = "title" if found else "none"
    lines = [words.say(f"cards.{title}", organization=short(place.organization_name))]
    lines += [line(method, words) for method in found[:MOST_CARDS]]
    if (more := len(found) - MOST_CARDS) > 0:
        lines.append(words.say("cards.more", count=more))
    rows: list[Row] = []
    if may_top_up(place):
        rows += [(button(called(method), f"card:{pair(method)}"),) for method in found[:MOST_CARDS]]
        add = button(words.plain("button.add_card"), f"add_card:{id}")
        rows.append((add, button(words.plain("button.portal"), f"portal:{id}")))
    await context.show(Screen("\n".join(lines), tuple(rows)))


async def card_tapped(context: BotContext) -> None:
    """One card, and what can be done with it."""
    await context.show(card_screen(await named(context), context.words))


async def default_tapped(context: BotContext) -> None:
    """Pay with this one unless somebody says otherwise; then the list as it is now."""
    method = await named(context)
    await context.backend.set_default_payment_method(context.speaker.id, method.id)
    await cards(context)


async def label_tapped(context: BotContext) -> None:
    """Ask for a name of one's own for a card; the next message is the answer."""
    method, words = await named(context), context.words
    context.memory.question = partial(label_written, method)
    back = back_button(f"card:{pair(method)}", words)
    await context.show(Screen(words.say("cards.label", card=called(method)), ((back,),)))


async def label_written(method: schemas.PaymentMethod, context: BotContext) -> None:
    """The label that was asked for, which stays asked until it fits."""
    if len(context.text) > LONGEST_LABEL:
        raise BotRefusal("cards.label_too_long", count=LONGEST_LABEL)
    await context.introduce()
    wanted = schemas.MethodChange(label=context.text)
    changed = await context.backend.change_payment_method(context.speaker.id, method.id, wanted)
    context.memory.question = None
    await context.reply(card_screen(changed, context.words))


async def remove_tapped(context: BotContext) -> None:
    """Remove: a question first."""
    await context.show(await remove_question(await named(context), context))


async def remove_question(method: schemas.PaymentMethod, context: BotContext) -> Screen:
    """Whether they are sure, and what is paid with it."""
    words = context.words
    remove = button(words.plain("button.remove_card"), f"remove_card_now:{pair(method)}")
    back = back_button(f"card:{pair(method)}", words)
    lines = [words.say("cards.remove", card=called(method))]
    asked = await context.backend.list_subscriptions(context.speaker.id, method.organization_id)
    for one in asked.subscriptions:
        if one.payment_method_id == method.id:
            every = words.plain(f"interval.{one.interval}")
            lines.append(words.say("cards.pays", amount=one.money, interval=every))
    return Screen("\n".join(lines), ((remove, back),))


async def remove_now_tapped(context: BotContext) -> str:
    """Remove, for sure; twice is harmless. Then the list as it is now."""
    await context.introduce()
    await context.backend.remove_payment_method(context.speaker.id, context.id("card"))
    await cards(context)
    return context.words.plain("notice.card_removed")


async def keep_tapped(context: BotContext) -> None:
    """Whoever added a card has left, and it stays."""
    method = await named(context)
    await context.show(Screen(context.words.say("cards.kept", card=called(method))))


async def add_tapped(context: BotContext) -> None:
    """Add a card: this message becomes the link's."""
    place = place_in(await context.introduce(), context.id("organization"))
    wanted = schemas.NewMethod(
        organization_id=place.organization_id,
        link=True,
        shown_in=schemas.ShownIn(chat_id=context.chat_id, message_id=context.message_id),
    )
    added = await context.backend.add_payment_method(context.speaker.id, wanted)
    if added.link:
        await context.show(link_screen(added.link, context.words))


async def check_link_tapped(context: BotContext) -> str | None:
    """Check again: ask Stripe now; the message itself changes when the notification arrives."""
    await context.introduce()
    link = await context.backend.check_payment_method_link(context.speaker.id, context.id("link"))
    return context.words.plain("notice.still_waiting") if link.state == "open" else None


async def portal_tapped(context: BotContext) -> None:
    """The way into Stripe's own page of cards and invoices."""
    place = place_in(await context.introduce(), context.id("organization"))
    portal = await context.backend.create_portal_session(context.speaker.id, place.organization_id)
    words, back = context.words, cards_button(context.words, place.organization_id.hex)
    text = words.say("cards.portal", organization=short(place.organization_name))
    await context.show(leading(text, portal.url, "button.portal", words, (back,)))


async def saved_methods(organization_id: UUID, context: BotContext) -> list[schemas.PaymentMethod]:
    """What an organization has to pay with, the default one first."""
    saved = await context.backend.list_payment_methods(context.speaker.id, organization_id)
    return saved.methods


async def named(context: BotContext) -> schemas.PaymentMethod:
    """The card that a button names, if the person may still act for its organization."""
    place = managed(place_in(await context.introduce(), context.id("organization")))
    for method in await saved_methods(place.organization_id, context):
        if method.id == context.id("card"):
            return method
    raise BotRefusal("refusal.not_found_payment method")


def card_screen(method: schemas.PaymentMethod, words: Words) -> Screen:
    """A card with all that is known of it, and a button for each thing to do."""
    text = [line(method, words)]
    if method.added_by:
        text.append(words.say("cards.added_by", name=short(method.added_by)))
    default = () if method.is_default else ("default_card",)
    acts = (*default, "label_card", "remove_card")
    rows = [(button(words.plain(f"button.{act}"), f"{act}:{pair(method)}"),) for act in acts]
    back = back_button(f"cards:{method.organization_id.hex}", words)
    return Screen("\n".join(text), (*rows, (back,)))


def link_screen(link: schemas.MethodLink, words: Words) -> Screen:
    """The message of a link to add a card, in each state of it."""
    organization, card = short(link.organization_name), link.method and link.method.display_name
    facts = {"organization": organization, "card": card or ""}
    back = cards_button(words, link.organization_id.hex)
    text = words.say(f"card_link.{link.state}", until=link.expires_at, **facts)
    if link.state != "open":
        return Screen(text, ((back,),))
    if link.last_decline:
        decline = words.first(f"decline.{link.last_decline}", "decline.card_declined")
        text = f"{words.say(decline)}\n{text}"
    check = button(words.plain("button.check"), f"check_link:{link.link_id.hex}")
    return leading(text, link.url, "button.add_card", words, (check, back))


def news_of_card(notification: schemas.Notification, words: Words) -> Screen:
    """What happened to a card; the owners are asked about that of somebody who left."""
    told = {name: short(str(value)) for name, value in notification.facts.items()}
    happened, organization = told["happened"], UUID(told["organization_id"])
    by_itself = () if "name" in told else (f"card_news.{happened}_by_itself",)
    text = words.say(words.first(*by_itself, f"card_news.{happened}"), **told)
    if happened != "left":
        return Screen(text, ((cards_button(words, organization.hex),),))
    card = f"{packed(organization)}:{packed(UUID(told['method_id']))}"
    acts = ("keep_card", "remove_card")
    answers = tuple(button(words.plain(f"button.{act}"), f"{act}:{card}") for act in acts)
    return Screen(text, (answers,))


def line(method: schemas.PaymentMethod, words: Words) -> str:
    """A card in one line: its name, its label, which it is and until when it works."""
    until = f"{method.exp_month:02}/{method.exp_year}" if method.exp_month else ""
    parts = {
        "name": True,
        "labeled": method.label,
        "default": method.is_default,
        method.standing: until,
    }
    facts = {"card": method.display_name, "label": method.label or "", "until": until}
    return ", ".join(words.say(f"cards.{name}", **facts) for name, so in parts.items() if so)


def called(method: schemas.PaymentMethod) -> str:
    """A card on a button."""
    return ", ".join(filter(None, (method.display_name, short(method.label or "", 20))))


def cards_button(words: Words, organization_id: str) -> InlineKeyboardButton:
    """Back to the organization's list."""
    return button(words.plain("button.cards"), f"cards:{organization_id}")


def leading(text: str, url: str | None, label: str, words: Words, *rows: Row) -> Screen:
    """With the way to an address, if there is one: a button, or text where no button takes it."""
    if url and fits_a_button(url):
        rows = ((InlineKeyboardButton(words.plain(label), url=url),), *rows)
    elif url:
        text += "\n" + words.say("cards.link", url=url)
    return Screen(text, rows)


def pair(owned: schemas.PaymentMethod | schemas.Subscription) -> str:
    """How a button names a card, or a recurring top-up, of an organization."""
    return f"{packed(owned.organization_id)}:{packed(owned.id)}"
