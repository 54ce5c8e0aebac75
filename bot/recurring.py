"""/recurring: an organization's recurring top-ups."""

from telegram import InlineKeyboardButton

from backend.schemas import Notification
from bot.payment_message import fits_a_button
from bot.screens import Screen
from bot.texts import Fact, Price, Words, short


def news_screen(notification: Notification, words: Words) -> Screen:
    """What became of one: it began, it ended, or it could not be charged and can be paid now."""
    said = {name: str(value) for name, value in notification.facts.items()}
    facts: dict[str, Fact] = {
        "organization": short(said["organization_name"]),
        "amount": Price(said["amount"], said["currency"]),
        "interval": words.plain(f"interval.{said['interval']}"),
    }
    text, url = words.say(f"recurring.{said['news']}", **facts), said.get("url")
    if url is None:
        return Screen(text)
    if not fits_a_button(url):
        return Screen(f"{text}\n{words.say('payment.link', url=url)}")
    label = words.plain("button.pay", amount=facts["amount"])
    return Screen(text, ((InlineKeyboardButton(label, url=url),),))
