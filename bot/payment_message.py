"""A payment as people see it: the text and the buttons for every state it can be in."""

import ipaddress
from collections.abc import Callable, Iterator
from typing import Final
from urllib.parse import urlsplit

from telegram import InlineKeyboardButton

from backend.schemas import Payment, PaymentStatus
from bot.membership import balance_button
from bot.screens import Row, Screen, button
from bot.texts import Fact, Words


def payment_screen(payment: Payment, words: Words) -> Screen:
    """The message of the payment itself, which changes in place."""
    lines = (words.say(key, **_facts(payment, words)) for key in _keys(payment, words))
    if payment.under_review and payment.status != "succeeded":
        return Screen("\n".join(lines))  # nobody should pay again before this is cleared up
    return Screen("\n".join(lines), BUTTONS[payment.status](payment, words))


def credited_screen(payment: Payment, words: Words) -> Screen:
    """What another member reads when money has been added."""
    keys = ("credited.text", *(["payment.balance"] if payment.balance else []))
    lines = (words.say(key, **_facts(payment, words)) for key in keys)
    return Screen("\n".join(lines), ((balance_button(words),),))


def fits_a_button(url: str) -> bool:
    """Whether Telegram takes this address on a button.

    It does not for localhost, loopback addresses and names without a dot: "inline keyboard button
    URL is invalid: Wrong HTTP URL".
    """
    host = (urlsplit(url).hostname or "").rstrip(".")
    try:
        return not ipaddress.ip_address(host).is_loopback
    except ValueError:
        return "." in host and not host.endswith(".localhost")


def _keys(payment: Payment, words: Words) -> Iterator[str]:
    """The sentences that belong to this payment now, from top to bottom."""
    review = words.first(f"review.{payment.under_review}", "review.unclear")
    if payment.under_review and payment.status != "succeeded":
        yield from (review, "payment.reference")
        return
    if payment.last_decline and payment.status == "pending":
        yield words.first(f"decline.{payment.last_decline}", "decline.card_declined")
    yield f"payment.{payment.status}"
    if payment.status == "pending" and payment.url and not fits_a_button(payment.url):
        yield "payment.link"
    if payment.balance and payment.status == "succeeded":
        yield "payment.balance"
    if payment.under_review:
        yield review
    yield "payment.reference"


def _facts(payment: Payment, words: Words) -> dict[str, Fact]:
    facts: dict[str, Fact] = {
        "organization": payment.organization_name,
        "payer": payment.paid_by or words.plain("payment.somebody"),
        "amount": payment.money,
        "until": payment.expires_at,
        "reference": payment.reference,
        "url": payment.url or "",
    }
    return facts | ({"balance": payment.balance} if payment.balance else {})


def _no_buttons(_payment: Payment, _words: Words) -> tuple[Row, ...]:
    return ()


def _open(payment: Payment, words: Words) -> tuple[Row, ...]:
    label = words.plain("button.pay", amount=payment.money)
    shown = payment.url and fits_a_button(payment.url)
    pay: Row = (InlineKeyboardButton(label, url=payment.url),) if shown else ()
    cancel = button(words.plain("button.cancel"), f"cancel:{payment.id.hex}")
    return (*([pay] if pay else []), (_check(payment, words), cancel))


def _in_progress(payment: Payment, words: Words) -> tuple[Row, ...]:
    return ((_check(payment, words),),)


def _paid(_payment: Payment, words: Words) -> tuple[Row, ...]:
    return ((button(words.plain("button.top_up_again"), "topup"),),)


def _over(payment: Payment, words: Words) -> tuple[Row, ...]:
    return ((button(words.plain("button.new_link"), f"again:{payment.id.hex}"),),)


def _check(payment: Payment, words: Words) -> InlineKeyboardButton:
    return button(words.plain("button.check_again"), f"check:{payment.id.hex}")


BUTTONS: Final[dict[PaymentStatus, Callable[[Payment, Words], tuple[Row, ...]]]] = {
    "created": _no_buttons,
    "pending": _open,
    "processing": _in_progress,
    "succeeded": _paid,
    "failed": _over,
    "expired": _over,
    "canceled": _over,
}
