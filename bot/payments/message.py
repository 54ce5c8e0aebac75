"""A payment as people see it: the text and the buttons for every state it can be in."""

import ipaddress
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from telegram import InlineKeyboardButton

from backend.schemas import Payment
from bot.locales.texts import Fact, Words
from bot.organizations.membership import balance_button, debt
from bot.telegram.screens import Row, Screen, button

# What is under the message in each state, row by row: the names are those of the buttons' data.
BUTTONS: Final[dict[str, tuple[tuple[str, ...], ...]]] = {
    "created": (),
    "created_charge": (("check",),),
    "pending": (("pay",), ("check", "cancel")),
    "processing": (("check",),),
    "succeeded": (("receipt", "topup"), ("refund",)),
    **dict.fromkeys(("failed", "expired", "canceled"), (("again",),)),
}

ON_ITS_WAY: Final = ("pending", "requires_action")  # out of the wallet, but not with the payer


def payment_screen(payment: Payment, words: Words) -> Screen:
    """The message of the payment itself, which changes in place."""
    lines = (words.say(key, **_facts(payment, words)) for key in _keys(payment, words))
    if payment.under_review and payment.status != "succeeded":
        return Screen("\n".join(lines))  # nobody should pay again before this is cleared up
    return Screen("\n".join(lines), tuple(_rows(payment, words)))


def receipt_screen(payment: Payment, words: Words, may_refund: bool = False) -> Screen:
    """What happened, to keep or to pass on; only a payment that succeeded has one."""
    paid_at = payment.succeeded_at or payment.created_at
    facts = _facts(payment, words) | {"day": words.day_of(paid_at), "time": paid_at}
    lines = [words.say(key, **facts) for key in ("receipt.text", *_gone(payment, words))]
    refund = _button("refund", payment, words) if may_refund else None
    return Screen("\n".join(lines), ((refund,),) if refund else ())


def credited_screen(payment: Payment, words: Words) -> Screen:
    """What another member reads when money has been added."""
    keys = (words.first(f"credited.{payment.flow}", "credited.text"), *_after(payment))
    lines = (words.say(key, **_facts(payment, words)) for key in keys)
    receipt = button(words.plain("button.receipt"), f"receipt:{payment.id.hex}")
    return Screen("\n".join(lines), ((balance_button(words), receipt),))


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
    if payment.flow == "charge" and payment.status == "failed":
        yield words.first(f"charge.{payment.last_decline}", "charge.card_declined")
    yield words.first(f"{payment.flow}.{payment.status}", f"payment.{payment.status}")
    if payment.status == "pending" and payment.url and not fits_a_button(payment.url):
        yield words.first(f"{payment.flow}.link", "payment.link")
    if payment.debt:
        yield "payment.debt"
    if payment.status == "succeeded":
        yield from _gone(payment, words) or _after(payment)
    if payment.under_review:
        yield review
    yield "payment.reference"


def _after(payment: Payment) -> list[str]:
    """What the wallet has by this payment, or still owes; not after something of it went back."""
    if payment.balance is None or payment.refunds or payment.disputes:
        return []
    return ["payment.owed" if debt(payment.balance) else "payment.balance"]


def _gone(payment: Payment, words: Words) -> list[str]:
    """What went back of it, or may."""
    refunded = payment.refunded.amount_minor if payment.refunded else 0
    said = "refunded" if refunded >= payment.money.amount_minor else "partly_refunded"
    if any(one.status in ON_ITS_WAY for one in payment.refunds):
        said += "_pending"
    keys = [f"payment.{said}"] if refunded else []
    if status := payment.dispute_status:
        keys.append(words.first(f"dispute.{status}", "dispute.other"))
    return keys


def _facts(payment: Payment, words: Words) -> dict[str, Fact]:
    facts: dict[str, Fact] = {
        "organization": payment.organization_name,
        "payer": payment.paid_by or words.plain("payment.somebody"),
        "amount": payment.money,
        "until": payment.expires_at,
        "reference": payment.reference,
        "url": payment.url or "",
        "card": payment.paid_with or words.plain("charge.card"),
    }
    balance = payment.balance and (debt(payment.balance) or payment.balance)
    sums = {"debt": payment.debt, "refunded": payment.refunded, "balance": balance}
    return facts | {name: sum for name, sum in sums.items() if sum}


def _rows(payment: Payment, words: Words) -> Iterator[Row]:
    for names in BUTTONS.get(f"{payment.status}_{payment.flow}", BUTTONS[payment.status]):
        if row := tuple(shown for name in names if (shown := _button(name, payment, words))):
            yield row


def _button(name: str, payment: Payment, words: Words) -> InlineKeyboardButton | None:
    key = words.first(f"button.{name}_{payment.flow}", f"button.{name}")
    label = words.plain(key, amount=payment.money)
    if name == "pay":
        fits = payment.url and fits_a_button(payment.url)
        return InlineKeyboardButton(label, url=payment.url) if fits else None
    if name == "refund" and not (payment.refundable and payment.refundable.amount_minor):
        return None
    return button(label, name if name == "topup" else f"{name}:{payment.id.hex}")
