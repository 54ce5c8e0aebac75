"""What a card number is: length, issuer, check digit and grouping together, in whatever script."""

import random
import sys
import unicodedata
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg
import pytest

from backend.database.postgres import PostgresDatabase
from backend.schemas import CARD_REMOVED, without_card_numbers
from tests.backend.conftest import ANA, System
from tests.backend.organizations.test_organizations import code, request_api
from tests.conftest import World

if TYPE_CHECKING:
    Connection = asyncpg.Connection[Any]
else:
    Connection = asyncpg.Connection

VISA = "4242424242424242"
PREFIXES = ("", "", "order ", "Visa", "pi_", "imei ", "7 ", "a1b", "x_")
# Published test numbers and others with a right check digit, as people write them.
CARD_NUMBERS = (
    VISA, "4242 4242 4242 4242", "4242-4242-4242-4242", "4242 4242-42424242", "42424242 42424242",
    "4242.4242.4242.4242", "4242/4242/4242/4242", "4242_4242_4242_4242",
    "4242 – 4242 – 4242 – 4242",
    "4242\n4242\n4242\n4242", "4242\t4242\u20094242\N{NO-BREAK SPACE}4242",
    "4 2 4 2 4 2 4 2 4 2 4 2 4 2 4 2",
    "4222222222222", "4222 2222 2222 2", "4000 0000 0000 0000 006",  # Visa of 13 and 19
    # Mastercard, American Express
    "5555 5555 5555 4444", "5105105105105100", "2223 0031 2200 3222", "2720-9999-9999-9996",
    "378282246310005", "3782 822463 10005", "3714-496353-98431", "3714 4963 5398 431",
    "3056 930902 5904", "30569309025904", "3622 720627 1667", "3622 7206 2716 67",  # Diners Club
    "6011 1111 1111 1117", "6011000990139424", "6445644564456445",  # Discover
    "3566 0020 2036 0505", "3530111333300000",  # JCB
    "6200 0000 0000 0005", "6205500000000000004", "620550 0000000000004",
    "6205 5000 0000 0000 004",  # UnionPay
    # Maestro
    "6304000000000000", "5018 0000 0000 7", "6759649826438453", "6759 6498 2643 8453 003",
    "2200 0000 0000 0004", "9792 0000 0000 0003", "8600 0000 0000 0007",  # Mir, Troy, UzCard
    "٤٢٤٢ ٤٢٤٢ ٤٢٤٢ ٤٢٤٢", "۴۲۴۲۴۲۴۲۴۲۴۲۴۲۴۲", "４２４２４２４２４２４２４２４２",
    "𝟒𝟐𝟒𝟐 4242 4242 ४२४२",
    "4242\u200b4242\u200b4242\u200b4242", "42\u200d42\u206042\ufeff42 42\u00ad42 4242",
    "4\u034f2\u200e42424242424242", "4242\u00b24242\u00b24242\u00b24242",
    "4242\u00bd424242424242",
)  # fmt: skip
# In each of these a card number and nothing else goes.
SENTENCES = (
    "my card: {}, ok?", "Visa{}", "карта{}", "PAN={}", "({})", "*{}*", "_{}_", "{} 12/34 123",
    "{} 12 34 123",
    "12/35 {}", "7 {}-123", "№ {}.", "INV-7: {}", "x\n{}", '{{"label": "{}"}}', "{}exp",
    "imei? no: {}",
)  # fmt: skip
# Nothing of these goes.
OTHERS = (
    # Another length, issuer or check digit.
    "4242424242424241", "42424242424242", "424242424242424242424", "4111 1111 1111 1112",
    "41111111",
    "1234567890123452", "0000 0000 0000 0000", "7000000000000005", "3742424242424243",
    "5555555555554",
    # Another grouping: an order and a time (which alone have a right check digit), amounts, dates.
    "400123-1764444896", "400123-1764444891", "400123 1764444891",
    "424-242-424-242-4242", "42 42 42 42 42 42 42 42", "4.242.424.242.424.242", "4242424 242424242",
    "3782-8224-6310-0-05", "555-555-555-555-4444", "6205-50000-00000-00004",
    "30.11.2026 - 09.12.2026", "4/12/2026, 5-1-2027 6/10/2027", "2026-11-21 14:15:16.123",
    # Moments: seconds, milliseconds, microseconds, nanoseconds; and in digits alone.
    "1790000000", "1790000000000", "1790000000000007", "1790000000000000000", "20261121141516",
    "20261121141516123",
    # Telephones, Telegram's and Stripe's ids, references.
    "+49 30 123456", "+7 (495) 123-45-67, +7 (495) 765-43-21", "-1001234567897",
    "pi_4111111111111111",
    "cus_4242424242424242", "pm_1A4242424242424242", "ch_3Ox4242424242424242aB",
    "4242424242424242a1",
    "v1.4242424242424242z9", "re_4242424242424242_secret",
    # UUIDs of every version, in capitals, and without hyphens; hashes.
    "12345678-1234-4234-8234-123456789012", "42424242-4242-4242-8242-424242424242",
    "42424242-4242-7242-9242-424242424242", "00004242-4242-4242-4242-424242424242",
    "urn:uuid:42424242-4242-1242-8242-424242424242", "{{42424242-4242-4242-B242-4242424242AB}}",
    "ABCDEF12-4242-4242-8424-424242424242", f"{UUID(int=10**37)}",
    "aaaaaaaa4242424242424242aaaaaaaa",
    "4242424242424242aaaaaaaaaaaaaaaa", "AAAAAAAAAAAAAAAA4242424242424242",
    "ab" * 12 + VISA,
    # IMEIs that are said to be some (any 15 digits with a right check digit).
    "IMEI 490154203237518", "imei: 356938035643809", "IMEI1: 501800000000007",
    "IMEI 2 = 378282246310005",
    "35-693803-564380-9",
)  # fmt: skip


@pytest.mark.parametrize("number", CARD_NUMBERS)
def test_a_card_number_goes_whatever_it_is_written_in(number: str) -> None:
    assert without_card_numbers(number) == CARD_REMOVED
    assert without_card_numbers(f"my card: {number}, ok?") == f"my card: {CARD_REMOVED}, ok?"


@pytest.mark.parametrize("sentence", SENTENCES)
@pytest.mark.parametrize("number", [VISA, "4242 4242 4242 4242", "3782 822463 10005"])
def test_a_card_number_goes_wherever_it_stands(sentence: str, number: str) -> None:
    assert without_card_numbers(sentence.format(number)) == sentence.format(CARD_REMOVED)


@pytest.mark.parametrize("text", OTHERS)
def test_what_only_resembles_one_stays(text: str) -> None:
    assert without_card_numbers(f"see {text}.") == f"see {text}."


def test_all_of_several_go_and_what_is_between_them_stays() -> None:
    text = "{} and {}; id 12345678-1234-4234-8234-123456789012; {}"
    numbers = (VISA, "3782 822463 10005", "４２４２ 4242 4242 4242")
    assert without_card_numbers(text.format(*numbers)) == text.format(*[CARD_REMOVED] * 3)


async def test_sql_says_the_same_of_all_of_them_and_of_random_ones(owner: Connection) -> None:
    source = random.Random(7)  # noqa: S311
    texts = [*(text for text in CARD_NUMBERS), *OTHERS]
    texts += [sentence.format(VISA) for sentence in SENTENCES]
    for _ in range(1500):
        number = digits(source, source.randrange(13, 20))
        cut = source.choice((4, 6, 8, len(number)))
        texts.append(f"{source.choice(PREFIXES)}{number[:cut]} {number[cut:]}")
    found = await owner.fetch(
        "select t.content, private.has_card_number(t.content) as is_card from unnest($1::text[])"
        " as t (content)",
        texts,
    )
    differing = [
        row["content"]
        for row in found
        if row["is_card"] is not (without_card_numbers(row["content"]) != row["content"])
    ]
    assert differing == []


async def test_sql_reads_digits_of_every_script(owner: Connection) -> None:
    every = [chr(code) for code in range(128, sys.maxunicode) if chr(code).isdecimal()]
    plain = await owner.fetchval("select private.with_plain_digits($1)", "".join(every))
    assert plain == "".join(str(unicodedata.decimal(each)) for each in every)


async def test_what_one_of_the_two_refuses_is_no_error_of_ours(system: System) -> None:
    name = "4242\u00b24242\u00b24242\u00b24242"  # signs that are numbers and no digits
    status, body = await request_api(system, ANA, "PATCH", "/organizations/{acme}", name=name)
    assert (status, code(body)) == (400, "invalid_request")


@pytest.mark.parametrize("number", [VISA, "３７８２ 822463 10005"])
async def test_who_calls_sql_straight_puts_it_into_no_text_that_others_see(
    database: PostgresDatabase, world: World, owner: Connection, number: str
) -> None:
    acme = {"organization_id": world.acme}
    await owner.execute("update private.installation set signup_open = true")
    method = await owner.fetchval(
        "insert into payment_methods (organization_id, stripe_payment_method_id, type, last_four)"
        " values ($1, 'pm_1', 'card', '4242') returning id",
        world.acme,
    )
    for function, facts in (
        ("set_payment_method_label", {"payment_method_id": method, "label": f"my {number}"}),
        ("rename_organization", {**acme, "name": f"Acme {number}"}),
        ("create_organization", {"name": number}),
        ("create_payment", {
            **acme, "amount": 5000, "currency": "eur", "flow": "charge", "order_reference": number,
            "payment_method_id": method,
        }),
    ):  # fmt: skip
        with pytest.raises(Exception, match="is_no_card_number"):
            await database.call(function, world.ana, **facts)


def rate(make: Callable[[random.Random], str], count: int = 2000) -> float:
    """The share of random texts, the same in each run, in which a card number is seen."""
    source = random.Random(7)  # noqa: S311
    return sum(CARD_REMOVED in without_card_numbers(make(source)) for _ in range(count)) / count


def digits(source: random.Random, length: int) -> str:
    """Random digits."""
    return "".join(source.choices("0123456789", k=length))


@pytest.mark.parametrize(
    ("length", "most"),
    [(13, 0.02), (14, 0.015), (15, 0.012), (16, 0.05), (17, 0.015), (18, 0.015), (19, 0.035)],
)
def test_of_random_digits_few_are_taken_for_a_card(length: int, most: float) -> None:
    assert 0 < rate(lambda source: digits(source, length)) < most


@pytest.mark.parametrize(
    "make",
    [
        lambda source: str(UUID(int=source.getrandbits(128), version=4)),
        lambda source: UUID(int=source.getrandbits(128), version=4).hex,
        lambda source: str(UUID(int=source.getrandbits(128))).upper(),
        lambda source: str(source.randrange(1_500_000_000_000, 2_100_000_000_000)),
        lambda source: str(source.randrange(10**18, 2 * 10**18)),
        lambda source: f"{digits(source, 6)}-{source.randrange(10**9, 2 * 10**9)}",
        lambda source: f"ORD-2026-{digits(source, 6)}-{digits(source, 4)}",
        lambda source: f"20261130{digits(source, 6)}",
    ],
    ids=["uuid", "hex", "capitals", "milliseconds", "nanoseconds", "order", "reference", "moment"],
)
def test_no_id_time_or_order_reference_is_taken_for_a_card(
    make: Callable[[random.Random], str],
) -> None:
    assert rate(make) == 0
