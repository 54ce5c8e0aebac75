"""A credit balance that the operator gave the customer at Stripe pays a part of a renewal."""

import pytest

from backend.schemas import Money
from bot.locales.texts import load_texts
from bot.payments.message import credited_screen, receipt_screen
from sandbox.telegram.text import plain_text
from tests.backend.conftest import System
from tests.backend.subscriptions.test_subscriptions import (
    advance,
    begun,
    has_balance,
    request_api,
    until,
)
from tests.bot.fake_backend import payment
from tests.bot.fake_backend.examples import euros
from tests.cases.stripe_objects import Connection, movements

WAITING = "select count(*) from stripe_events where state in ('failed', 'dead_letter')"


async def give(system: System, balance: int) -> None:
    """Set the customer's balance in the dashboard; below 0 it is credit."""
    [(_, customer)] = system.store.list("customer")
    await system.sandbox("POST", f"/stripe/customers/{customer['id']}/balance", balance=balance)


async def test_what_the_card_paid_is_credited_once_and_the_rest_is_no_money(
    system: System, owner: Connection
) -> None:
    made = await begun(system)
    await give(system, -500)
    await system.sandbox("POST", "/stripe/faults", twice=True)
    await advance(system, days=32)
    await until(system, lambda: has_balance(system, 5000 + 4500))
    assert await movements(owner) == [("invoice", 5000), ("invoice", 4500)]
    assert await owner.fetchval(WAITING) == 0
    listed = await request_api(system, "GET", f"/api/payments?organization_id={system.world.acme}")
    newest, first = listed["payments"]
    assert (newest["money"]["amount"], newest["requested"]["amount"]) == ("45.00", "50.00")
    assert (newest["refundable"]["amount"], first["requested"]) == ("45.00", None)
    await advance(system, days=32)
    await until(system, lambda: has_balance(system, 5000 + 4500 + 5000))
    assert made.money.amount_minor == 5000


async def test_one_that_the_balance_pays_alone_credits_nothing(
    system: System, owner: Connection
) -> None:
    await begun(system)
    await give(system, -7000)
    await advance(system, days=32)
    await until(system, lambda: has_balance(system, 5000))
    assert await movements(owner) == [("invoice", 5000)]
    assert await owner.fetchval(WAITING) == 0
    await advance(system, days=32)  # 20 of credit are left
    await until(system, lambda: has_balance(system, 5000 + 3000))


async def test_what_the_customer_owed_elsewhere_waits_for_the_operator(
    system: System, owner: Connection
) -> None:
    await begun(system)
    await give(system, 300)
    await advance(system, days=32)
    state = "select reason from stripe_events where state = 'dead_letter' limit 1"

    async def waits() -> bool:
        return str(await owner.fetchval(state)) == "amount_differs"

    await until(system, waits)
    assert await movements(owner) == [("invoice", 5000)]


@pytest.mark.parametrize("language", sorted(load_texts().languages))
@pytest.mark.parametrize(("requested", "is_less"), [(None, False), (5000, True), (4000, False)])
def test_the_chat_says_that_it_was_to_be_more(
    language: str, requested: int | None, is_less: bool
) -> None:
    translator = load_texts().translator(language)
    price: Money | None = None if requested is None else euros(requested)
    credited = payment(
        status="succeeded", flow="invoice", money=euros(4500), requested=price, balance=euros(9500)
    )
    for screen in (credited_screen(credited, translator), receipt_screen(credited, translator)):
        shown = plain_text({"text": screen.text}).replace("\xa0", " ")
        assert ("50.00" in shown or "50,00" in shown) is is_less
