"""/recurring: an organization's recurring top-ups, in one message that changes in place.

The list, one of them, a question before one ends. How a new one begins is in `bot/packages.py`.
"""

from functools import partial
from typing import Final

from telegram import InlineKeyboardButton

from backend import schemas
from bot.cards import link_lines, link_rows, pair
from bot.context import BotContext
from bot.doors import at_home
from bot.membership import NotTheirs, may_top_up, place_in
from bot.screens import Row, Screen, button
from bot.texts import Fact, Price, Words, short

ACTS: Final[dict[schemas.SubscriptionStatus, tuple[str, ...]]] = {
    "incomplete": ("look", "end"),
    "active": ("change", "pause", "end"),
    "past_due": ("change", "end"),
    "paused": ("change", "resume", "end"),
    "canceled": (),
}


@at_home
async def recurring(place: schemas.Membership, context: BotContext) -> None:
    """/recurring, and whatever leads back there.

    A line for each; to who may change them, a button too, and the way to another.
    """
    asked = schemas.SubscriptionsQuery(organization_id=place.organization_id)
    found = (await context.backend.subscriptions(context.speaker.id, asked)).subscriptions
    words, title = context.words, "recurring.title" if found else "recurring.none"
    lines = [words.say(title, organization=short(place.organization_name))]
    lines += [line(one, words) for one in found]
    rows: list[Row] = []
    if may_top_up(place):
        rows += [(button(called(one, words), f"sub_look:{pair(one)}"),) for one in found]
        new = f"sub_new:{place.organization_id.hex}"
        each = (button(words.plain(f"button.{i}ly"), f"{new}:{i}") for i in ("week", "month"))
        rows.append(tuple(each))
    await context.show(Screen("\n".join(lines), tuple(rows)))


async def act_tapped(context: BotContext) -> None:
    """Look at one, change, pause, resume or end it; before the end, a question."""
    one, words, act = await named(context), context.words, context.part("act")
    if act == "change":
        context.memory.question = partial(amount_written, one)
        await context.show(Screen(words.say("recurring.change", **facts_of(one, words))))
        return
    if act == "end":
        sure = button(words.plain("button.end_now"), f"sub_end_now:{pair(one)}")
        back = button(words.plain("button.back"), f"sub_look:{pair(one)}")
        await context.show(
            Screen(words.say("recurring.end", **facts_of(one, words)), ((sure, back),))
        )
        return
    if act == "end_now":
        one = await context.backend.end_subscription(context.speaker.id, one.id)
    elif act != "look":
        change = schemas.SubscriptionChange(paused=act == "pause")
        one = await context.backend.change_subscription(context.speaker.id, one.id, change)
    await context.show(one_screen(one, words))


async def amount_written(one: schemas.Subscription, context: BotContext) -> None:
    """The amount that was asked for, which stays asked until it is one."""
    await context.introduce()
    change = schemas.SubscriptionChange(amount=context.text[:64])
    changed = await context.backend.change_subscription(context.speaker.id, one.id, change)
    context.memory.question = None
    await context.reply(one_screen(changed, context.words))


async def named(context: BotContext) -> schemas.Subscription:
    """The one that a button names, if the person may act for its organization."""
    place = place_in(await context.introduce(), context.id("organization"))
    if not may_top_up(place):
        raise NotTheirs("refusal.not_found")
    return await context.backend.subscription(context.speaker.id, context.id("subscription"))


def one_screen(one: schemas.Subscription, words: Words) -> Screen:
    """How one stands, what to pay where it waits for that, and what can be done with it."""
    lines = [line(one, words), words.say(f"recurring.{one.status}", **facts_of(one, words))]
    rows: list[Row] = []
    if one.url:
        lines += link_lines(one.url, words)
        rows += link_rows(one.url, words.plain("button.pay", amount=one.money))
    acts = (button(words.plain(f"act.{act}"), f"sub_{act}:{pair(one)}") for act in ACTS[one.status])
    rows += [tuple(acts), (back_button(one.organization_id.hex, words),)]
    return Screen("\n".join(lines), tuple(row for row in rows if row))


def line(one: schemas.Subscription, words: Words) -> str:
    """One in a line: how much, how often, how it stands."""
    return words.say("recurring.line", **facts_of(one, words))


def facts_of(one: schemas.Subscription, words: Words) -> dict[str, Fact]:
    """What sentences say of one."""
    ends = one.current_period_end
    return {
        "organization": short(one.organization_name),
        "amount": one.money,
        "interval": words.plain(f"interval.{one.interval}"),
        "status": words.plain(f"status.{one.status}"),
        "package": one.package or "",
        "day": words.day_of(ends) if ends else "",
    }


def called(one: schemas.Subscription, words: Words) -> str:
    """One on a button."""
    return words.plain("button.subscription", **facts_of(one, words))


def back_button(organization: str, words: Words) -> InlineKeyboardButton:
    """To the list."""
    return button(words.plain("button.back"), f"subs:{organization}")


def news_screen(notification: schemas.Notification, words: Words) -> Screen:
    """What became of one: it began, it ended, or it could not be charged and can be paid now."""
    said = {name: str(value) for name, value in notification.facts.items()}
    price, url = Price(said["amount"], said["currency"]), said.get("url", "")
    text = words.say(
        f"recurring.{said['news']}",
        organization=short(said["organization_name"]),
        amount=price,
        interval=words.plain(f"interval.{said['interval']}"),
    )
    if not url:
        return Screen(text)
    label = words.plain("button.pay", amount=price)
    return Screen("\n".join([text, *link_lines(url, words)]), link_rows(url, label))
