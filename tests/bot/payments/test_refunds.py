"""Refund in the chat, what is told of disputes, and a wallet that owes."""

from typing import Any

import pytest

from bot.locales.texts import load_texts
from bot.payments.message import credited_screen, payment_screen
from tests.bot.conftest import Person, buttons
from tests.bot.fake_backend import (
    ACME,
    ANA,
    BEN,
    FakeBackend,
    euros,
    membership,
    notification,
    payment,
    refund,
)

ENGLISH = load_texts().translator("en")


@pytest.fixture
def paid(backend: FakeBackend) -> Any:
    """A payment of EUR 50 of which EUR 30 can go back."""
    left = {"refunded": euros(2000), "refundable": euros(3000), "balance": euros(5000)}
    made = payment(status="succeeded", url=None, succeeded_at=payment().created_at, **left)
    backend.payments[made.id] = made
    return made


async def test_all_that_is_left_goes_back_after_a_question(
    ana: Person, backend: FakeBackend, paid: Any
) -> None:
    await ana.writes("/start")
    backend.outbox.put_nowait(notification(paid))
    shown = await ana.sees("€20.00 of it was refunded.")
    await ana.taps(shown, "Refund")
    sure = await ana.sees("Refund €30.00 to Ana")
    assert backend.refunds == {}
    await ana.taps(sure, "Refund €30.00")
    done = await ana.sees("Refunded. €30.00 from Acme is on its way to Ana")
    assert (done["message_id"], buttons(done)) == (sure["message_id"], {})
    key = f"{ANA}:{sure['message_id']}:refund:30.00"
    assert {key: request.amount for key, request in backend.refunds.items()} == {key: "30.00"}


async def test_a_part_is_typed_and_what_is_no_amount_is_asked_again(
    ana: Person, backend: FakeBackend, paid: Any
) -> None:
    await ana.writes("/start")
    backend.outbox.put_nowait(notification(paid))
    await ana.taps(await ana.sees("of it was refunded"), "Refund")
    await ana.taps(await ana.sees("Refund €30.00 to"), "Other amount")
    await ana.sees("Type the amount to refund, at most €30.00")
    for text in ("all of it", "1" * 40, "-5", "10 usd", "0,00"):
        await ana.writes(text)
        await ana.sees("Type a number above zero")
    await ana.writes("31")
    await ana.sees("at most €30.00 of this payment can be refunded")
    await ana.writes("12,5")
    backend.refuse(
        "POST /api/payments/{id}/refund", "refund_too_large", most="10.00", currency="eur"
    )
    sure = await ana.sees("Refund €12.50 to")
    await ana.taps(sure, "Refund €12.50")
    await ana.sees("at most €10.00")


@pytest.mark.parametrize(
    ("code", "facts", "sentence"),
    [
        ("stripe_unavailable", {}, "never refunds twice"),
        ("stripe_refused", {}, "Look at the payment in Stripe's dashboard"),
        ("stripe_refused", {"resolved_by": "operator"}, "Only whoever runs the service can"),
    ],
)
async def test_what_stripe_does_not_do_is_said_and_leaves_the_button(
    ana: Person,
    backend: FakeBackend,
    paid: Any,
    code: str,
    facts: dict[str, str],
    sentence: str,
) -> None:
    await ana.writes("/start")
    backend.outbox.put_nowait(notification(paid))
    await ana.taps(await ana.sees("of it was refunded"), "Refund")
    sure = await ana.sees("Refund €30.00 to")
    backend.refuse("POST /api/payments/{id}/refund", code, **facts)
    await ana.taps(sure, "Refund €30.00")
    still = await ana.sees(sentence)
    assert "Refund €30.00" in buttons(still)
    await ana.taps(still, "Cancel")
    assert buttons(await ana.sees("Nothing was started.")) == {}


async def test_members_get_a_plain_sentence_and_an_admin_finds_the_way_by_the_receipt(
    ben: Person, backend: FakeBackend, paid: Any
) -> None:
    await ben.writes("/start")
    receipts = []
    for role in ("member", "admin"):
        backend.memberships[BEN] = [membership(ACME, "Acme", role)]
        backend.outbox.put_nowait(notification(paid, kind="wallet_credited", chat_id=BEN))
        await ben.taps(await ben.sees("Ana added €50.00 to Acme"), "Receipt")
        receipts.append(await ben.sees("Receipt\n€50.00 to Acme"))
    timeline = {"What happened": f"steps:{paid.id.hex}"}  # the stand-in refuses nobody
    refund = {"Refund": f"refund:{paid.id.hex}"}
    assert list(map(buttons, receipts)) == [timeline, refund | timeline]
    backend.memberships[BEN] = [membership(ACME, "Acme", "member")]
    assert "Only an admin or higher" in (await ben.taps(receipts[1], "Refund"))["text"]


async def test_a_warning_brings_the_button_and_a_dispute_its_deadline(
    ana: Person, backend: FakeBackend, paid: Any
) -> None:
    facts = {"organization_name": "Acme", "payment": paid.id.hex, "reference": "AB12"}
    facts |= {"amount": "50.00", "currency": "eur", "reason": "fraudulent"}
    await ana.writes("/start")
    for kind, more, sentence in (
        (
            "fraud_warned",
            {"reason": "made_with_stolen_card"},
            "may be fraudulent (paid with a stolen card)",
        ),
        ("fraud_warned", {"status": "over"}, "nothing to do about the warning"),
        ("dispute_opened", {"due_by": 1_795_000_000}, "Respond by November 18, 2026."),
        ("dispute_closed", {"status": "lost"}, "The dispute was lost."),
        ("refund_failed", {}, "€50.00 is in the wallet of Acme again"),
        ("refund_made", {}, "Somebody in Stripe's dashboard refunded €50.00"),
        ("refund_made", {"status": "requires_action"}, "the payer's bank is still processing it"),
    ):
        notified = notification(payment(), kind=kind, payment=None, facts=facts | more)
        backend.outbox.put_nowait(notified)
        shown = await ana.sees(sentence)
        advised = kind == "fraud_warned" and "status" not in more
        assert ("Refund" in buttons(shown)) is advised


async def test_a_wallet_that_owes_shows_it_as_debt_and_before_paying(
    ana: Person, backend: FakeBackend
) -> None:
    own = membership(ACME, "Acme", "owner")
    wallet = own.wallets[0].model_copy(update={"balance": euros(-4000)})
    backend.memberships[ANA] = [own.model_copy(update={"wallets": [wallet]})]
    await ana.writes("/balance")
    await ana.sees("Debt: €40.00.")
    await ana.writes("/topup")
    await ana.sees("The wallet owes €40.00: what you add pays that off first.")
    await ana.writes("/recurring")
    await ana.taps(await ana.sees("no recurring top-up"), "New: every week")
    await ana.sees("The wallet owes €40.00: what you add pays that off first.")
    assert "€40.00 of it pays off what the wallet owed" in (
        payment_screen(payment(debt=euros(4000)), ENGLISH).text
    )
    still = payment(status="succeeded", balance=euros(-1000))
    assert "still owes <b>€10.00</b>" in credited_screen(still, ENGLISH).text


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"refunded": euros(5000)}, "<b>Refunded.</b> €50.00 was sent back"),
        ({"dispute_status": "needs_response"}, "disputes this payment"),
        ({"dispute_status": "won"}, "you won the dispute"),
        (
            {"refunded": euros(5000), "refunds": [refund(ACME, euros(5000), status="pending")]},
            "<b>Being refunded.</b> €50.00 is on its way back",
        ),
        (
            {"refunded": euros(500), "refunds": [refund(ACME, euros(500), status="pending")]},
            "€5.00 of it is on its way back",
        ),
        ({"refunds": [refund(ACME, euros(500), status="failed")]}, "<b>Paid.</b>"),
    ],
)
def test_the_payments_own_message_says_what_went_back(changed: Any, sentence: str) -> None:
    shown = payment_screen(payment(status="succeeded", balance=euros(5000), **changed), ENGLISH)
    assert sentence in shown.text
    assert "New balance" not in shown.text
