"""How amounts are read: one table of texts, the API's routes, the command, and every currency."""

import json
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from babel import Locale
from hypothesis import given, settings, strategies as some

from backend import schemas
from backend.errors import AmountRefused
from backend.http.openapi import document
from backend.http.routes import ROUTES
from backend.schemas import CURRENCIES, AmountError, Money, money_of, read_money
from backend.wallets import money
from bot.locales.key import Key
from bot.locales.translator import Price, Translator
from tests.backend.commands.test_commands import GOOD, run
from tests.backend.conftest import ANA, System, system, token

__all__ = ["system"]

UNREADABLE, PRECISE = "amount_unreadable", "amount_too_precise"
NBSP, NARROW = "\u00a0", "\u202f"
# What is typed: what it is in euros, in yen, in Kuwaiti dinars. Two amounts: refused with both.
TEXTS = [
    ("50", "50.00", "50", "50.000"),
    (" 050 ", "50.00", "50", "50.000"),
    ("-5", "-5.00", "-5", "-5.000"),  # below every minimum, and refused as that
    ("12.5", "12.50", PRECISE, "12.500"),
    ("12,50", "12.50", PRECISE, "12.500"),
    ("10.00", "10.00", "10", "10.000"),
    ("1000.00", "1000.00", "1000", "1000.000"),
    ("1,000", "1.00 1000.00", "1 1000", "1.000"),
    ("1.000", "1.00 1000.00", "1 1000", "1.000"),
    ("10,000", "10.00 10000.00", "10 10000", "10.000"),
    ("1.234", "1.234 1234.00", "1.234 1234", PRECISE),
    ("10.500", "10.50 10500.00", "10.5 10500", "10.500"),
    ("0.500", "0.50 500.00", "0.5 500", "0.500"),
    ("1000.000", "1000.00 1000000.00", "1000 1000000", "1000.000"),
    ("1\uff0c000", "1.00 1000.00", "1 1000", "1.000"),
    ("1\uff0e000", "1.00 1000.00", "1 1000", "1.000"),
    ("1\u066b000", "1.00 1000.00", "1 1000", "1.000"),
    ("1\u066c000", "1.00 1000.00", "1 1000", "1.000 1000.000"),
    ("1'000", "1.00 1000.00", "1 1000", "1.000 1000.000"),
    ("1\u2019000", "1.00 1000.00", "1 1000", "1.000 1000.000"),
    ("1 000", "1.00 1000.00", "1 1000", "1.000 1000.000"),
    (f"1{NBSP}000", "1.00 1000.00", "1 1000", "1.000 1000.000"),
    ("1,000.000", "1000.00 1000000.00", "1000 1000000", "1000.000"),
    ("1,000.00", "1000.00", "1000", "1000.000"),
    ("1.000,50", "1000.50", PRECISE, "1000.500"),
    ("1,234,567", "1234567.00", "1234567", "1234567.000"),
    ("1.234.567", "1234567.00", "1234567", "1234567.000"),
    ("1,234,567.89", "1234567.89", PRECISE, "1234567.890"),
    ("1.234.567,89", "1234567.89", PRECISE, "1234567.890"),
    ("1 234,56", "1234.56", PRECISE, "1234.560"),
    (f"1{NARROW}234,56", "1234.56", PRECISE, "1234.560"),
    ("1'234.50", "1234.50", PRECISE, "1234.500"),
    ("1.0000", PRECISE, PRECISE, PRECISE),
    ("1,0050", PRECISE, PRECISE, PRECISE),
    ("€50", "50.00", UNREADABLE, UNREADABLE),  # the sign of the currency, on either side
    ("50€", "50.00", UNREADABLE, UNREADABLE),
    (f"50,00{NBSP}€", "50.00", UNREADABLE, UNREADABLE),
    (f"1{NBSP}000,00{NBSP}€", "1000.00", UNREADABLE, UNREADABLE),
    (f"1{NARROW}000,00{NARROW}€", "1000.00", UNREADABLE, UNREADABLE),
    ("\u20681.234,50 €\u2069", "1234.50", UNREADABLE, UNREADABLE),
    ("€1,234.50", "1234.50", UNREADABLE, UNREADABLE),
    ("€1.000", "1.00 1000.00", UNREADABLE, UNREADABLE),
    ("EUR 50", "50.00", UNREADABLE, UNREADABLE),
    ("50 eur", "50.00", UNREADABLE, UNREADABLE),
    ("€50 EUR", "50.00", UNREADABLE, UNREADABLE),
    ("50 евро", "50.00", UNREADABLE, UNREADABLE),
    ("\uffe51000", UNREADABLE, "1000", UNREADABLE),
    (f"KWD{NBSP}1.000", UNREADABLE, UNREADABLE, "1.000"),
    ("$50", *[UNREADABLE] * 3),
    ("€$50", *[UNREADABLE] * 3),
    ("€ € 50", *[UNREADABLE] * 3),
    ("50 €!", *[UNREADABLE] * 3),
    ("€", *[UNREADABLE] * 3),
    ("€50 and 5", *[UNREADABLE] * 3),
    ("1,00,000", *[UNREADABLE] * 3),
    ("12,34.56", *[UNREADABLE] * 3),
    ("1.000.00", *[UNREADABLE] * 3),
    ("0.000.000", *[UNREADABLE] * 3),
    ("1 50", *[UNREADABLE] * 3),
    ("1 234'567.00", *[UNREADABLE] * 3),
    ("1  000", *[UNREADABLE] * 3),
    (".5", *[UNREADABLE] * 3),
    ("5.", *[UNREADABLE] * 3),
    ("1e3", *[UNREADABLE] * 3),
    ("+5", *[UNREADABLE] * 3),
    ("", *[UNREADABLE] * 3),
    ("\u0665\u0660", *[UNREADABLE] * 3),  # 50 in Arabic digits
    ("\uff15\uff10", *[UNREADABLE] * 3),  # and in full-width ones
    ("1" * 16, *[UNREADABLE] * 3),
    ("1" * 40 + ".000", *[UNREADABLE] * 3),
]


def reading(text: str, currency: str) -> str:
    """The amount, or both readings, or the code of the refusal."""
    try:
        return read_money(text, currency).amount
    except AmountError as fault:
        return fault.facts.get("readings", fault.code)


@pytest.mark.parametrize(("text", "euros", "yen", "dinars"), TEXTS, ids=lambda text: repr(text))
def test_a_text_is_one_amount_or_refused(text: str, euros: str, yen: str, dinars: str) -> None:
    result = reading(text, "eur"), reading(text, "jpy"), reading(text, "kwd")
    assert result == (euros, yen, dinars)


def test_a_currency_that_is_not_taken_is_no_currency() -> None:
    assert reading("50", "xxx") == "currency_unknown"


@pytest.mark.parametrize("code", [code for code in CURRENCIES if CURRENCIES[code].exponent < 3])
@pytest.mark.parametrize("separator", [*".,' ", "\uff0c", "\uff0e", "\u066b", "\u066c", NARROW])
def test_three_digits_after_one_separator_mean_two_amounts(code: str, separator: str) -> None:
    for whole, rest in (("1", "000"), ("10", "000"), ("999", "999"), ("1", "250")):
        less, more = reading(f"{whole}{separator}{rest}", code).split()
        assert Decimal(less) == Decimal(f"{whole}.{rest}")
        minor = int(whole + rest) * 10 ** CURRENCIES[code].exponent
        assert read_money(more, code) == money_of(minor, code)


@some.composite
def amounts(draw: some.DrawFn) -> Money:
    """Any amount that can be charged, in any currency."""
    code, digits = draw(some.sampled_from(list(CURRENCIES.items())))
    return money_of(draw(some.integers(0, 99_999_999 // digits.step)) * digits.step, code)


# Every way to group and to point that Babel knows of, our own two languages first.
LANGUAGES = ("en", "ru", "de", "de_CH", "fr", "es", "pt_BR", "pl", "sv", "hi", "ja", "ar_EG", "fa")
OURS = ("en", "ru")
IT = Key("it", "it")
TRANSLATORS = {tag: Translator(Locale.parse(tag), {"it": "{it}"}) for tag in LANGUAGES}


@settings(deadline=None)  # a language is loaded when it is first needed
@given(amounts(), some.sampled_from(LANGUAGES))
def test_what_a_person_is_shown_is_read_as_that_amount_or_refused(
    amount: Money, language: str
) -> None:
    shown = TRANSLATORS[language].text(IT, it=amount)
    bare = shown.strip("".join(char for char in shown if not char.isnumeric()))
    for text in (shown, bare):
        result = reading(text, amount.currency)
        if language in OURS:  # where there are no decimals, "¥10,000" is also ten
            assert amount.amount in result.split()
        else:
            assert result in (amount.amount, UNREADABLE) or amount.amount in result.split()


@settings(deadline=None)
@given(amounts())
def test_what_the_api_and_a_button_carry_is_read_as_the_same_amount(amount: Money) -> None:
    assert read_money(amount.amount, amount.currency) == amount
    price = Price(amount.amount, amount.currency)
    assert TRANSLATORS["en"].text(IT, it=price) == TRANSLATORS["en"].text(IT, it=amount)
    body = schemas.RefundRequest(amount=float(amount.amount))  # type: ignore[arg-type]
    assert read_money(str(body.amount), amount.currency) == amount


@given(some.decimals(0, 10**9, places=4) | some.floats(0, 10**9))
def test_a_json_number_has_one_meaning(number: Decimal | float) -> None:
    text = schemas.RefundRequest.model_validate_json(json.dumps({"amount": float(number)})).amount
    for code in CURRENCIES:
        result = reading(str(text), code)
        assert result in (PRECISE, UNREADABLE) or Decimal(result) == Decimal(str(float(number)))


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [
        ("50", "eur", "€50.00"),
        ("7.5", "eur", "€7.50"),
        ("10000", "jpy", "¥10,000"),
        ("1", "kwd", "KWD\u00a01.000"),
        ("500.00", "isk", "ISK\u00a0500.00"),  # more than it has, where there are more
        ("1.234", "eur", "€1.234"),
    ],
)
def test_an_amount_is_shown_with_the_decimals_of_its_currency(
    amount: str, currency: str, shown: str
) -> None:
    assert TRANSLATORS["en"].text(IT, it=Price(amount, currency)) == shown


async def post(system: System, path: str, **body: Any) -> tuple[int, Any]:
    """What one of the API's routes answers Ana."""
    headers = {"Authorization": f"Bearer {token(sub=str(ANA))}", "Idempotency-Key": str(body)}
    method = body.pop("method", "POST")
    request = system.http.request(method, system.url + path, json=body, headers=headers)
    async with request as answer:
        return answer.status, await answer.json()


async def test_every_route_refuses_two_amounts_with_both_readings(system: System) -> None:
    payment = await system.topup("5000")
    await system.pay(payment)
    await system.until(payment, lambda seen: seen.status == "succeeded")
    place: dict[str, Any] = {"organization_id": str(system.world.acme), "currency": "eur"}
    made = await post(system, "/api/payments/subscriptions", **place, amount="50")
    form = {**place, "action": "purchase_credits"}
    bodies: dict[str, dict[str, Any]] = {
        "/api/payments/checkout": place,
        "/api/payments/create-intent": place,
        "/api/payments/payment-intents": place,
        "/api/payments/charge": place,
        "/api/payment": form,
        "/api/payments/subscriptions": place,
        f"/api/payments/subscriptions/{made[1]['id']}": {"method": "PATCH"},
        f"/api/payments/{payment}/refund": {},
    }
    for path, body in bodies.items():
        for text in ("1,000", "1.000"):
            status, answer_body = await post(system, path, **body, amount=text)
            assert (status, answer_body["error"]["code"]) == (422, "amount_ambiguous"), path
            assert answer_body["error"]["facts"] == {"readings": "1.00 1000.00", "currency": "eur"}
            assert "in eur: 1.00 or 1000.00." in answer_body["error"]["message"]
    seen = await system.see(payment)
    assert (seen.refunds, seen.refundable and seen.refundable.amount) == ([], "5000.00")
    walked = {path.replace(str(payment), "{id}").replace(made[1]["id"], "{id}") for path in bodies}
    assert amount_routes() == walked


def amount_routes() -> set[str]:
    """The paths of all routes that take an amount, by the API's own document."""
    shapes = document()["components"]["schemas"]
    routes = set()
    for route in ROUTES:
        name = route.request_model.__name__ if route.request_model else ""
        parts = str(shapes.get(name, {}))
        inner = [shape for key, shape in shapes.items() if f"/{key}'" in parts]
        if any("amount" in shape.get("properties", {}) for shape in (shapes.get(name, {}), *inner)):
            routes.add(route.path)
    return routes


def test_every_amount_of_a_request_is_read_by_the_one_rule() -> None:
    for route in ROUTES:
        fields = route.request_model.model_fields if route.request_model else {}
        if "amount" in fields:
            assert "amount_ambiguous" in {refusal.code for refusal in route.raises}, route.path
            text = json.dumps(document()["components"]["schemas"][route.request_model.__name__])  # type: ignore[union-attr]
            assert "amount_ambiguous" in text, route.path


async def test_an_api_amount_in_plain_words_or_as_a_number_is_that_amount(system: System) -> None:
    place = {"organization_id": str(system.world.acme)}
    for sent, currency, minor in (
        ("1000.00", "eur", 100_000),
        (50.5, "eur", 5050),
        (1000, "jpy", 1000),
        (1000.0, "jpy", 1000),
        ("1,000.50", "eur", 100_050),
        ("1.000", "kwd", 1000),
        ("1,000", "kwd", 1000),
    ):
        parameters = {**place, "amount": sent, "currency": currency}
        status, body = await post(system, "/api/payments/checkout", **parameters)
        assert status == 201, body
        payment = UUID(body["payment_id"])
        session = await system.services.stripe.get_session(await system.session(payment))
        assert (session.amount_total, session.currency) == (minor, currency)


async def test_the_command_refuses_two_amounts_with_both_readings(
    system: System, database_url: str
) -> None:
    settings = {**GOOD, "SUPABASE_DB_URL": database_url}
    code, output, errors = await run("packages", "add", "T", "1.000", "eur", "month", **settings)
    assert (code, output, "in eur: 1.00 or 1000.00." in errors) == (1, "", True)
    code, output, _ = await run("packages", "add", "T", "1000", "eur", "month", **settings)
    assert (code, json.loads(output)["money"]["amount_minor"]) == (0, 100_000)


def test_every_fault_of_a_text_is_a_refusal_of_the_api() -> None:
    for text, code in (("x", "eur"), ("1,000", "eur"), ("1.0001", "eur"), ("1", "xxx")):
        with pytest.raises(AmountRefused):
            money.minor_units(text, code)
