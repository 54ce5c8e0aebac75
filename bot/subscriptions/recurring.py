"""/recurring: an organization's recurring top-ups, in one message that changes in place.

The list, one of them, a question before one ends. How a new one begins is in `packages`.
"""

from functools import partial
from typing import Final

from backend import schemas
from bot.amounts import carried_amount, typed_amount
from bot.locales.texts import Fact, Price, Words, short
from bot.organizations.membership import managed, may_top_up, place_in
from bot.payment_methods.cards import leading, pair
from bot.telegram.context import BotContext, BotRefusal
from bot.telegram.errors import unless_unclear
from bot.telegram.routing import at_home
from bot.telegram.screens import Row, Screen, back_button, button

ACTS: Final[dict[schemas.SubscriptionStatus, tuple[str, ...]]] = {
    "incomplete": ("look", "end"),
    "active": ("change", "pause", "end"),
    "past_due": ("change", "end"),
    "paused": ("change", "resume", "end"),
    "canceled": (),
}
LONGEST_AMOUNT: Final = 15  # as it fits a button, beside the organization and which one
QUESTIONS: Final = ("change", "end")


@at_home
async def recurring(place: schemas.Membership, context: BotContext) -> None:
    """/recurring, and whatever leads back there.

    A line for each; to who may change them, a button too, and the way to another.
    """
    listed = await context.backend.list_subscriptions(context.speaker.id, place.organization_id)
    found = listed.subscriptions
    words, title = context.words, "recurring.title" if found else "recurring.none"
    lines = [words.say(title, organization=short(place.organization_name))]
    lines += [line(one, words) for one in found]
    rows: list[Row] = []
    if may_top_up(place):
        rows += [(button(called(one, words), f"sub_look:{pair(one)}"),) for one in found]
        new = f"sub_new:{place.organization_id.hex}"
        each = (button(words.plain(f"button.{i}ly"), f"{new}:{i[0]}") for i in ("week", "month"))
        rows.append(tuple(each))
    await context.show(Screen("\n".join(lines), tuple(rows)))


async def act_tapped(context: BotContext) -> None:
    """Look at one, change, pause, resume or end it; before a change and the end, a question."""
    one, words, act = await named(context), context.words, context.part("act")
    if act == "change":
        context.memory.question = partial(amount_written, one)
    if act in QUESTIONS:
        await context.show(question(one, act, words))
        return
    if act == "to":
        amount = carried_amount(context.part("amount"), one.money.currency)
        change = schemas.SubscriptionChange(amount=amount.amount)
        one = await context.backend.change_subscription(context.speaker.id, one.id, change)
    elif act == "end_now":
        one = await context.backend.cancel_subscription(context.speaker.id, one.id)
    elif act == "look" and one.url:
        one = await unless_unclear(context.backend.check_subscription(context.speaker.id, one.id))
    elif act != "look":
        change = schemas.SubscriptionChange(paused=act == "pause")
        one = await context.backend.change_subscription(context.speaker.id, one.id, change)
    await context.show(one_screen(one, words))


async def amount_written(one: schemas.Subscription, context: BotContext) -> None:
    """The amount that was asked for, which stays asked until it is one."""
    await context.introduce()
    amount = typed_amount(context.text, one.money.currency, above_zero=True)
    if len(amount.amount) > LONGEST_AMOUNT:
        raise BotRefusal("refusal.number_unreadable")
    context.memory.question = None
    await context.reply(amount_question(one, amount, context.words))


def question(one: schemas.Subscription, act: str, words: Words) -> Screen:
    """What the new amount is; or whether one really ends."""
    answers = [back_button(f"sub_look:{pair(one)}", words)]
    if act == "end":
        answers.insert(0, button(words.plain("button.end_now"), f"sub_end_now:{pair(one)}"))
    return Screen(words.say(f"recurring.{act}", **facts_of(one, words)), (tuple(answers),))


def amount_question(one: schemas.Subscription, amount: schemas.Money, words: Words) -> Screen:
    """Whether it is really this from now on: words alone, which may have waited, bind nothing."""
    facts = facts_of(one, words) | {"new": amount}
    yes = button(words.plain("button.change_to", **facts), f"to:{pair(one)}:{amount.amount}")
    back = back_button(f"sub_look:{pair(one)}", words)
    return Screen(words.say("recurring.sure", **facts), ((yes, back),))


async def named(context: BotContext) -> schemas.Subscription:
    """The one that a button names, if the person may act for its organization."""
    managed(place_in(await context.introduce(), context.id("organization")))
    return await context.backend.get_subscription(context.speaker.id, context.id("subscription"))


def one_screen(one: schemas.Subscription, words: Words) -> Screen:
    """How one stands, what to pay where it waits for that, and what can be done with it."""
    stands = "declined" if one.status == "incomplete" and one.paid_with else one.status
    text = f"{line(one, words)}\n{words.say(f'recurring.{stands}', **facts_of(one, words))}"
    acts = (button(words.plain(f"act.{act}"), f"sub_{act}:{pair(one)}") for act in ACTS[one.status])
    back = back_button(f"subs:{one.organization_id.hex}", words)
    rows = [row for row in (tuple(acts), (back,)) if row]
    return leading(text, one.url, "button.payment_page", words, *rows)


def line(one: schemas.Subscription, words: Words) -> str:
    """One in a line: how much, how often, how it stands, as what and with what it is paid."""
    facts = facts_of(one, words)
    parts = ("line", *(name for name in ("package", "card") if facts[name]))
    return ", ".join(words.say(f"recurring.{name}", **facts) for name in parts)


def called(one: schemas.Subscription, words: Words) -> str:
    """One on a button."""
    said = words.plain("button.subscription", **facts_of(one, words))
    return ", ".join(filter(None, (said, short(one.package or "", 20), one.paid_with)))


def facts_of(one: schemas.Subscription, words: Words) -> dict[str, Fact]:
    """What sentences say of one."""
    ends = one.current_period_end
    return {
        "organization": short(one.organization_name),
        "amount": one.money,
        "interval": words.plain(f"interval.{one.interval}"),
        "status": words.plain(f"subscription.{one.status}"),
        "package": short(one.package or ""),
        "card": one.paid_with or "",
        "day": words.day_of(ends) if ends else "",
    }


def news_screen(notification: schemas.Notification, words: Words) -> Screen:
    """What became of one: it began, it ended, or it could not be charged and can be paid now."""
    said = {name: str(value) for name, value in notification.facts.items()}
    text = words.say(
        f"recurring.{said['news']}",
        organization=short(said["organization_name"]),
        amount=Price(said["amount"], said["currency"]),
        interval=words.plain(f"interval.{said['interval']}"),
    )
    return leading(text, said.get("url"), "button.payment_page", words)
