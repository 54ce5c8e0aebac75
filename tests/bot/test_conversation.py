"""What people write and tap, and what they then see: the whole bot over real HTTP."""

import asyncio

import pytest

from backend.schemas import ShownIn
from bot.telegram.context import BotContext
from tests.bot.conftest import Person, buttons
from tests.bot.fake_backend import ACME, ANA, LINK, FakeBackend, notification, payment


async def test_start_shows_organizations_balances_and_the_next_step(
    ana: Person, backend: FakeBackend
) -> None:
    await ana.writes("/start")
    message = await ana.sees("Hello, Ana.")
    assert "Acme (your role: owner)\nBalance: €12.34" in message["text"]
    assert "/topup 50" in message["text"]
    assert list(buttons(message)) == ["Top up", "Balance"]
    user, sent = backend.introductions[0]
    assert (user, sent.name, sent.language, sent.chat_id) == (ANA, "Ana", "en", ANA)


async def test_a_stranger_is_told_how_to_get_in_and_shown_nothing(eve: Person) -> None:
    for command in ("/start", "/balance", "/topup 50", "/topup"):
        await eve.writes(command)
        message = await eve.sees("You are not in any organization here yet.")
        assert "invitation" in message["text"]
        assert "/org new" in message["text"]
        assert "Acme" not in message["text"]
        assert list(buttons(message)) == ["New organization"]


async def test_a_member_is_told_which_role_a_top_up_takes(ben: Person) -> None:
    await ben.writes("/topup 50")
    await ben.sees("Only an admin or higher")
    await ben.writes("/start")
    assert list(buttons(await ben.sees("Hello, Ben."))) == ["Balance"]


async def test_topup_with_an_amount_is_answered_by_the_link_and_nothing_else(
    ana: Person, backend: FakeBackend
) -> None:
    written = await ana.writes("/topup 50")
    link = await ana.sees("Add €50.00 to Acme.")
    assert buttons(link)["Pay €50.00"] == LINK
    assert len(await ana.chat()) == 1
    [(key, request)] = backend.checkouts
    assert key == f"{ANA}:{written['message_id']}:topup"
    assert (request.organization_id, request.amount, request.currency) == (ACME, "50.00", "eur")
    assert request.shown_in == ShownIn(chat_id=ANA)


@pytest.mark.parametrize(
    ("amount", "sentence"),
    [
        ("0", "the smallest amount is €0.50"),
        ("-5", "the smallest amount is €0.50"),
        ("20000", "the largest amount is €10,000.00"),
    ],
)
async def test_an_amount_that_cannot_be_charged_is_told_in_a_plain_sentence(
    ana: Person, backend: FakeBackend, amount: str, sentence: str
) -> None:
    await ana.writes(f"/topup {amount}")
    await ana.sees(sentence)
    assert len(await ana.chat()) == 1
    assert not backend.checkouts


async def test_ten_kilobytes_of_digits_are_refused_without_asking_the_backend(
    ana: Person, backend: FakeBackend
) -> None:
    await ana.writes("/topup " + "9" * 10_000)
    await ana.sees("I cannot read that amount")
    assert "POST /api/payments/checkout" not in backend.calls


async def test_without_an_amount_presets_are_offered_and_the_tapped_message_becomes_the_payment(
    ana: Person, backend: FakeBackend
) -> None:
    await ana.writes("/topup")
    offer = await ana.sees("Between €0.50 and €10,000.00 at a time.")
    assert list(buttons(offer)) == ["€10.00", "€25.00", "€50.00", "€100.00", "Other amount"]
    shown = await ana.taps(offer, "€25.00")
    assert shown == {"answered": True, "text": "Preparing your link ...", "show_alert": False}
    link = await ana.sees("Add €25.00 to Acme.")
    assert link["message_id"] == offer["message_id"]
    assert backend.checkouts[0][0] == f"{ANA}:{offer['message_id']}:topup"


async def test_two_taps_on_an_amount_are_one_payment_and_both_are_answered(
    ana: Person, backend: FakeBackend
) -> None:
    await ana.writes("/topup")
    offer = await ana.sees("How much")
    taps = await asyncio.gather(ana.taps(offer, "€25.00"), ana.taps(offer, "€25.00"))
    assert [tap["answered"] for tap in taps] == [True, True]
    await ana.sees("Add €25.00 to Acme.")
    assert len(backend.checkouts) == 1


async def test_a_second_amount_on_one_offer_is_refused_and_the_link_stays(
    ana: Person, backend: FakeBackend
) -> None:
    await ana.writes("/topup")
    offer = await ana.sees("How much")
    first, second = await asyncio.gather(ana.taps(offer, "€25.00"), ana.taps(offer, "€50.00"))
    alerts = sorted([first["show_alert"], second["show_alert"]])
    assert alerts == [False, True]
    await ana.sees("Add €")
    assert len(backend.checkouts) == 1


async def test_another_amount_is_asked_for_until_it_is_one(
    ana: Person, backend: FakeBackend
) -> None:
    await ana.writes("/topup")
    offer = await ana.sees("How much")
    await ana.taps(offer, "Other amount")
    await ana.sees("Type the amount to add to Acme, between €0.50 and €10,000.00, or")
    await ana.writes("a lot")
    await ana.sees("I cannot read that amount")
    await ana.writes("12.50")
    await ana.sees("Add €12.50 to Acme.")
    await ana.writes("13")
    await ana.sees("I did not understand that.")
    assert [request.amount for _, request in backend.checkouts] == ["12.50"]


async def test_cancel_forgets_the_question_and_needs_no_backend(
    ana: Person, backend: FakeBackend
) -> None:
    await ana.writes("/topup")
    await ana.taps(await ana.sees("How much"), "Other amount")
    backend.refuse("PUT /api/me", "internal_error")
    await ana.writes("/cancel")
    await ana.sees("Canceled.")
    await ana.writes("50")
    await ana.sees("I did not understand that.")
    await ana.writes("/cancel")
    await ana.sees("There is nothing to cancel.")


async def test_check_again_says_that_nothing_changed_and_cancel_stays_silent(
    ana: Person, backend: FakeBackend
) -> None:
    await ana.writes("/topup 50")
    link = await ana.sees("Add €50.00")
    assert (await ana.taps(link, "Check again"))["text"] == "Still waiting for Stripe."
    assert await ana.taps(link, "Cancel") == {"answered": True, "text": "", "show_alert": False}
    [created] = backend.payments.values()
    assert created.status == "canceled"


async def test_nobody_says_that_nothing_was_charged_while_stripe_is_silent_about_it(
    ana: Person, backend: FakeBackend
) -> None:
    await ana.writes("/topup 50")
    link = await ana.sees("Add €50.00")
    for act, label in (("check", "Check again"), ("cancel", "Cancel")):
        backend.refuse(f"POST /api/payments/{{id}}/{act}", "stripe_unavailable")
        sent = (await ana.taps(link, label))["text"]
        assert "it is not yet known whether anything was charged" in sent


async def test_cancelling_what_was_paid_says_so(ana: Person, backend: FakeBackend) -> None:
    await ana.writes("/topup 50")
    link = await ana.sees("Add €50.00")
    for id, created in backend.payments.items():
        backend.payments[id] = created.model_copy(update={"status": "succeeded"})
    assert (await ana.taps(link, "Cancel"))["text"] == "It has already been paid."


async def test_a_new_link_is_one_payment_in_its_own_message_however_often_it_is_tapped(
    ana: Person, backend: FakeBackend
) -> None:
    expired = payment(status="expired", url=None)
    backend.payments[expired.id] = expired
    await ana.writes("/start")
    backend.outbox.put_nowait(notification(expired))
    old = await ana.sees("This link has expired.")
    await asyncio.gather(ana.taps(old, "New link"), ana.taps(old, "New link"))
    link = await ana.sees("Add €50.00 to Acme.")
    assert link["message_id"] != old["message_id"]
    [(key, _)] = backend.checkouts
    assert key == f"{ANA}:{old['message_id']}:again"
    assert sum("This link has expired." in text for text in await ana.chat()) == 1
    assert len(await ana.chat()) == 3


async def test_a_refusal_of_a_tap_is_an_alert_and_leaves_the_message(
    ana: Person, backend: FakeBackend
) -> None:
    await ana.writes("/topup")
    offer = await ana.sees("How much")
    backend.refuse("POST /api/payments/checkout", "stripe_unavailable")
    shown = await ana.taps(offer, "€25.00")
    assert shown["show_alert"] is True
    assert shown["text"].startswith("Stripe is not answering right now.")
    backend.refuse_no_more()
    await ana.taps(offer, "€25.00")
    await ana.sees("Add €25.00 to Acme.")


async def test_no_message_says_that_a_link_is_coming_which_may_never_come(
    ana: Person, backend: FakeBackend
) -> None:
    backend.lose_connections("POST /api/payments/checkout", times=3)
    await ana.writes("/topup 50")
    await ana.sees("I cannot reach the wallet right now.")
    [shown] = await ana.chat()
    assert "Preparing" not in shown


async def test_a_backend_that_breaks_down_is_an_apology_without_its_inside(
    ana: Person, backend: FakeBackend
) -> None:
    backend.refuse("PUT /api/me", "internal_error", sql="select secret")
    await ana.writes("/balance")
    await ana.sees("I cannot reach the wallet right now. Nothing is lost; try again in a minute.")


async def test_a_crash_is_one_traceback_and_an_apology(
    ana: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(BotContext, "introduce")
    await ana.writes("/balance")
    message = await ana.sees("Sorry, something went wrong here.")
    assert "introduce" not in message["text"]


@pytest.mark.parametrize(
    "data", ["", "check:1", "check:" + "g" * 32, "topup\n", "pay:x:eur:5", "nonsense"]
)
async def test_a_button_that_is_not_ours_is_too_old(
    ana: Person, backend: FakeBackend, data: str
) -> None:
    await ana.writes("/help")
    message = await ana.sees("What you can do here")
    tap = {"chat_id": ANA, "message_id": message["message_id"], "text": "x"}
    rows = [[{"text": "Odd", "callback_data": data or " "}]]
    await ana.telegram.bot("editMessageText", **tap, reply_markup={"inline_keyboard": rows})
    assert "too old" in (await ana.taps(await ana.sees("x"), "Odd"))["text"]
    assert {*backend.calls} <= {"PUT /api/me"}


async def test_a_new_button_of_an_old_payment_is_checked_again_by_the_backend(
    ana: Person, backend: FakeBackend
) -> None:
    await ana.writes("/topup 50")
    link = await ana.sees("Add €50.00")
    backend.refuse("POST /api/payments/{id}/check", "not_found")
    assert "I cannot find that any more." in (await ana.taps(link, "Check again"))["text"]


async def test_help_and_paysupport_answer_while_the_backend_is_away(
    ana: Person, backend: FakeBackend
) -> None:
    backend.refuse("PUT /api/me", "internal_error")
    await ana.writes("/help")
    assert "/balance: What is in the wallet\n" in (await ana.sees("/topup 50"))["text"]
    await ana.writes("/paysupport")
    await ana.sees("write to @acme_help and give the reference")
    await ana.writes("/nonsense")
    await ana.sees("I did not understand that.")


async def test_where_topups_are_kept_out_of_the_chat_nothing_leads_to_one(
    ana: Person, backend: FakeBackend
) -> None:
    backend.topups_in_chat = False
    await ana.writes("/start")
    message = await ana.sees("Money is added elsewhere")
    assert list(buttons(message)) == ["Balance"]
    for command in ("/topup", "/topup 50"):
        await ana.writes(command)
        await ana.sees("Money is added elsewhere, not in this chat. Ask the owner")
    assert backend.checkouts == []
