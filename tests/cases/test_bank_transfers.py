"""A bank transfer that comes in parts: each is shown, and the whole is credited, once."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from backend.schemas import Payment
from bot.locales.texts import load_texts
from bot.payments.message import payment_screen
from sandbox.telegram.text import plain_text
from tests.backend.conftest import System
from tests.backend.payments.test_intents import confirm, intent
from tests.bot.fake_backend import payment
from tests.bot.fake_backend.examples import euros
from tests.cases.stripe_objects import Connection, balance, intent_of, post

Json = dict[str, Any]


async def begin_on_page(system: System) -> tuple[UUID, str]:
    """Choose the transfer on Stripe's page; return the payment and the page."""
    made = await system.topup()
    await system.pay(made, "bank_transfer")
    return made, await system.session(made)


async def begin_on_own_page(system: System) -> tuple[UUID, str]:
    """Choose the transfer on a page of the payer's own; return the payment and the intent."""
    made = await intent(system)
    await confirm(system, made, "bank_transfer")
    return UUID(made["payment_id"]), made["payment_intent_id"]


def has_come(seen: Payment) -> str | None:
    """Return what has come of the transfer, as decimal text."""
    return seen.funded.amount if seen.funded else None


def comes_to(funded: str) -> Callable[[Payment], bool]:
    """Return whether so much has come, as a test of a payment."""
    return lambda seen: has_come(seen) == funded


async def transfer(system: System, page: str, amount: int) -> None:
    await system.sandbox("POST", f"/stripe/sessions/{page}/transfer", amount=amount)


@pytest.mark.parametrize(
    ("facts", "is_shown"),
    [
        ({"status": "processing"}, True),
        ({"status": "processing", "flow": "charge"}, False),  # of a saved debit
        ({"status": "processing", "flow": "invoice"}, False),
        ({"status": "processing", "funded": euros(1200)}, False),  # it is on its way
        ({"status": "pending"}, False),
    ],
)
def test_who_chose_a_transfer_reads_that_it_is_theirs_to_send(facts: Json, is_shown: bool) -> None:
    for language, sentence in (("en", "you still have to send it"), ("ru", "ещё нужно отправить")):
        screen = payment_screen(payment(**facts), load_texts().translator(language))
        assert (sentence in screen.text) is is_shown


@pytest.mark.parametrize("begin", [begin_on_page, begin_on_own_page])
async def test_each_part_is_shown_and_the_whole_is_credited_once(
    system: System, owner: Connection, begin: Any
) -> None:
    await system.sandbox("POST", "/stripe/faults", twice=True)
    made, page = await begin(system)
    for amount, funded in ((1200, "12.00"), (800, "20.00")):
        await transfer(system, page, amount)
        seen = await system.until(made, comes_to(funded))
        assert (seen.status, seen.balance) == ("processing", None)
    assert await balance(owner) == 0
    await transfer(system, page, 3000)
    paid = await system.until(made, lambda seen: seen.status == "succeeded")
    assert (paid.funded, await balance(owner)) == (None, 5000)


@pytest.mark.parametrize("begin", [begin_on_page, begin_on_own_page])
async def test_with_webhooks_off_asking_stripe_shows_each_part(
    system: System, owner: Connection, begin: Any
) -> None:
    await system.sandbox("POST", "/stripe/faults", drop=True)
    made, page = await begin(system)
    for amount, funded in ((1200, "12.00"), (800, "20.00")):
        await transfer(system, page, amount)
        await owner.execute("update payments set checked_at = null")
        seen = await system.client.check_payment(1001, made)
        assert (seen.status, has_come(seen)) == ("processing", funded)


async def test_an_earlier_part_that_is_told_later_takes_nothing_back(system: System) -> None:
    made, page = await begin_on_page(system)
    await transfer(system, page, 1200)
    earlier = dict(system.store.get("payment_intent", intent_of(system, made)) or {})
    await transfer(system, page, 800)
    await system.until(made, comes_to("20.00"))
    assert await post(system, "payment_intent.partially_funded", earlier) == (200, "done")
    assert has_come(await system.see(made)) == "20.00"


@pytest.mark.parametrize("language", sorted(load_texts().languages))
def test_the_chat_says_how_much_has_come(language: str) -> None:
    translator = load_texts().translator(language)
    shown = payment_screen(payment(status="processing", funded=euros(1234)), translator)
    text = plain_text({"text": shown.text})
    assert "12.34" in text or "12,34" in text
