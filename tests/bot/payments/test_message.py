"""A payment's message in every state."""

from typing import Any

import pytest

from backend.schemas import Payment
from bot.locales.texts import load_texts
from bot.payments.message import credited_screen, payment_screen
from bot.telegram.screens import Screen, fits_a_button
from tests.bot.fake_backend import LINK, euros, payment

ENGLISH = load_texts().translator("en")
CARD = {"flow": "charge", "paid_with": "Visa •••• 4242"}


def labels(screen: Screen) -> list[str]:
    return [button.text for row in screen.rows for button in row]


def shown(**changed: Any) -> Screen:
    return payment_screen(payment(**changed), ENGLISH)


@pytest.mark.parametrize(
    ("changed", "beginning", "under"),
    [
        ({"status": "created", "url": None}, "Preparing the link to add <b>€50.00</b>", []),
        (
            {},
            "Add <b>€50.00</b> to <b>Acme</b>.\nThe link is open until 12:00 UTC.",
            ["Pay €50.00", "Check again", "Cancel"],
        ),
        ({"status": "processing"}, "<b>Your bank is processing the payment.</b>", ["Check again"]),
        (
            {"status": "succeeded", "balance": euros(123_456_00)},
            "<b>Paid.</b> Ana added <b>€50.00</b> to <b>Acme</b>.\nNew balance: <b>€123,456.00</b>",
            ["Receipt", "Top up again"],
        ),
        ({"status": "failed"}, "<b>The payment did not go through.</b>", ["New link"]),
        ({"status": "expired"}, "<b>This link has expired.</b>", ["New link"]),
        ({"status": "canceled"}, "<b>Canceled.</b>", ["New link"]),
        (
            CARD | {"status": "created", "url": None},
            "Charging Visa •••• 4242: <b>€50.00</b> for <b>Acme</b> ...",
            ["Check again"],
        ),
        (
            CARD,
            "<b>Your bank wants you to confirm this payment.</b>\n€50.00 from Visa •••• 4242",
            ["Confirm with your bank", "Check again", "Cancel"],
        ),
        (
            CARD | {"status": "succeeded", "balance": euros(5000)},
            "<b>Paid</b> with Visa •••• 4242. Ana added <b>€50.00</b> to <b>Acme</b>.\nNew balance",
            ["Receipt", "Top up again"],
        ),
        (
            CARD | {"status": "failed", "last_decline": "insufficient_funds"},
            "<b>Visa •••• 4242 was declined: not enough money.</b>\n€50.00 for <b>Acme</b>.",
            ["Pay another way"],
        ),
        (
            CARD | {"status": "failed", "last_decline": "do_not_honor"},
            "<b>Visa •••• 4242 was declined.</b> Your bank can say why.",
            ["Pay another way"],
        ),
        (CARD | {"status": "expired"}, "<b>Not finished in time.</b>", ["Pay another way"]),
        ({"under_review": "amount_differs"}, "<b>Received by Stripe, being checked.</b>", []),
        (
            {"status": "expired", "under_review": "currency_differs"},
            "<b>Received by Stripe, being checked.</b>",
            [],
        ),
        (
            {"status": "succeeded", "under_review": "paid_twice"},
            "<b>Paid.</b>",
            ["Receipt", "Top up again"],
        ),
    ],
)
def test_each_state_says_what_is_and_offers_what_can_be_done(
    changed: dict[str, Any], beginning: str, under: list[str]
) -> None:
    screen = shown(**changed)
    assert screen.text.startswith(beginning)
    assert screen.text.endswith("Reference <code>AB12</code>")
    assert labels(screen) == under


def test_a_second_payment_is_told_below_the_first() -> None:
    screen = shown(status="succeeded", under_review="paid_twice")
    assert "Stripe received a second payment for this link." in screen.text


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("insufficient_funds", "not enough money"),
        ("expired_card", "it has expired"),
        ("incorrect_cvc", "the security code was wrong"),
        ("card_declined", "<b>The card was declined.</b>"),
        ("payment_intent_authentication_failure", "You did not confirm"),
        ("lost_card", "<b>The card was declined.</b>"),  # Stripe: never tell the person why
    ],
)
def test_a_decline_says_what_to_do_and_keeps_the_link(code: str, sentence: str) -> None:
    screen = shown(last_decline=code)
    assert sentence in screen.text.splitlines()[0]
    assert labels(screen) == ["Pay €50.00", "Check again", "Cancel"]


def test_names_are_escaped_and_cannot_make_lines_of_their_own() -> None:
    screen = shown(
        status="succeeded",
        paid_by="<b>Eve</b>\n& \u202eevE",
        organization_name="<a href='https://evil.example'>Acme</a>",
    )
    assert "&lt;b&gt;Eve&lt;/b&gt;&amp; evE added" in screen.text
    address = "https:\u2060//evil.\u2060example"  # linked by no client
    assert f"&lt;a href='{address}'&gt;Acme&lt;/a&gt;" in screen.text
    assert len(screen.text.splitlines()) == 2


def test_who_paid_may_be_unknown() -> None:
    assert "Somebody added" in shown(status="succeeded", paid_by=None).text


@pytest.mark.parametrize(
    ("url", "fits"),
    [
        (LINK, True),
        ("https://checkout.stripe.com/c/pay/cs_test_1#x", True),
        ("http://localhost:8090/pay/1", False),
        ("http://pay.localhost/1", False),
        ("http://127.0.0.1:8090/pay/1", False),
        ("http://[::1]:8090/pay/1", False),
        ("http://sandbox:8090/pay/1", False),
    ],
)
def test_a_link_that_telegram_refuses_on_a_button_is_told_as_text(url: str, fits: bool) -> None:
    screen = shown(url=url)
    assert fits_a_button(url) is fits
    assert ("Pay €50.00" in labels(screen)) is fits
    assert (f"Pay here: {url}" in screen.text) is not fits


def test_the_digits_are_the_backends_not_babels() -> None:
    yen: Payment = payment(money={"amount": "5000", "amount_minor": 5000, "currency": "jpy"})
    forints = payment(money={"amount": "5000.00", "amount_minor": 500000, "currency": "huf"})
    dinars = payment(money={"amount": "5.250", "amount_minor": 5250, "currency": "kwd"})
    assert "<b>¥5,000</b>" in payment_screen(yen, ENGLISH).text
    assert "<b>HUF\u00a05,000.00</b>" in payment_screen(forints, ENGLISH).text
    assert "<b>KWD\u00a05.250</b>" in payment_screen(dinars, ENGLISH).text


def test_another_member_reads_no_link_and_no_reference() -> None:
    screen = credited_screen(payment(status="succeeded", balance=euros(5000)), ENGLISH)
    assert LINK not in screen.text
    assert labels(screen) == ["Balance", "Receipt"]
    renewed = credited_screen(payment(status="succeeded", flow="invoice"), ENGLISH)
    assert renewed.text == "The recurring top-up added <b>€50.00</b> to <b>Acme</b>."
