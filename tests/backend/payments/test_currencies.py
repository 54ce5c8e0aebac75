"""Currencies of every kind through the whole path: text, SQL, Stripe's page, webhook, wallet."""

from typing import Any

import pytest
from hypothesis import assume, given, strategies as some

from backend.database.protocol import TelegramUser
from backend.errors import AmountTooPrecise, CurrencyUnknown
from backend.schemas import Introduction
from backend.wallets.money import CURRENCIES, major_units, minor_units
from bot.backend_api.errors import BackendRefusal
from tests.backend.conftest import ANA, System


@some.composite
def charges(draw: some.DrawFn) -> tuple[str, int]:
    """A currency and an amount that can be charged in it."""
    code, digits = draw(some.sampled_from(list(CURRENCIES.items())))
    return code, draw(some.integers(0, 99_999_999 // digits.step)) * digits.step


@given(charges())
def test_what_is_written_is_read_as_the_same_amount(charge: tuple[str, int]) -> None:
    code, amount = charge
    written = major_units(amount, code)
    assert minor_units(written, code) == amount
    assert len(written.partition(".")[2]) == CURRENCIES[code].shown


@given(charges(), some.integers(1, 9))
def test_what_lies_between_two_steps_is_refused(charge: tuple[str, int], more: int) -> None:
    code, amount = charge
    assume(CURRENCIES[code].step > 1)
    with pytest.raises(AmountTooPrecise):
        minor_units(major_units(amount + more, code), code)


@pytest.mark.parametrize(
    ("amount", "currency", "charged", "shown"),
    [
        ("1000", "jpy", 1_000, "1000"),
        ("500", "isk", 50_000, "500"),
        ("3000.0", "ugx", 300_000, "3000"),
        ("5.12", "kwd", 5_120, "5.120"),
        ("175.50", "huf", 17_550, "175.50"),
    ],
)
async def test_a_payment_is_charged_and_credited_exactly(
    system: System, amount: str, currency: str, charged: int, shown: str
) -> None:
    payment = await system.topup(amount, currency=currency)
    await system.pay(payment)
    paid = await system.until(payment, lambda seen: seen.status == "succeeded")
    assert paid.balance == paid.money
    assert (paid.money.amount, paid.money.amount_minor) == (shown, charged)
    session = await system.services.stripe.get_session(await system.session(payment))
    assert (session.amount_total, session.currency) == (charged, currency)
    introduction = Introduction(name="Ana", language="en", chat_id=ANA)
    [acme] = (await system.client.introduce(ANA, introduction)).organizations
    balances = [(wallet.balance.currency, wallet.balance.amount) for wallet in acme.wallets]
    assert balances == [("eur", "0.00"), (currency, shown)]


@pytest.mark.parametrize(
    ("amount", "currency", "code", "facts"),
    [
        ("10.5", "jpy", "amount_too_precise", {"step": "1"}),
        ("500.5", "isk", "amount_too_precise", {"step": "1"}),
        ("1.005", "kwd", "amount_too_precise", {"step": "0.010"}),
        ("49", "jpy", "amount_too_small", {"minimum": "50"}),
        ("1000000", "ugx", "amount_too_large", {"maximum": "999999"}),
    ],
)
async def test_what_stripe_would_refuse_is_refused_in_words(
    system: System, amount: str, currency: str, code: str, facts: dict[str, str]
) -> None:
    with pytest.raises(BackendRefusal) as refused:
        await system.topup(amount, currency=currency)
    assert (refused.value.code, refused.value.facts) == (code, {**facts, "currency": currency})


async def test_steps_and_unknown_currencies_are_refused_in_sql_too(system: System) -> None:
    async def create(amount: int, currency: str) -> Any:
        return await system.services.database.call(
            "create_payment", TelegramUser(ANA),
            organization_id=system.world.acme, amount=amount, currency=currency,
        )  # fmt: skip

    for currency, amount, step in (("isk", 50_050, "1"), ("kwd", 5_121, "0.010")):
        with pytest.raises(AmountTooPrecise) as refused:
            await create(amount, currency)
        assert refused.value.facts == {"step": step, "currency": currency}
    with pytest.raises(CurrencyUnknown) as unknown:
        await create(5_000, "xxx")
    assert unknown.value.facts["currencies"].split() == sorted(CURRENCIES)
