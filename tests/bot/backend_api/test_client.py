"""How the bot speaks to the backend: what is repeated, what is a refusal, what is not known."""

import asyncio
from collections.abc import Callable

import pytest
from pydantic import SecretStr

from backend.schemas import CheckoutRequest, Introduction
from bot.backend_api.client import BackendClient
from bot.backend_api.errors import BackendRefusal, BackendUnavailable
from bot.backend_api.transport import new_session
from bot.locales.texts import load_texts
from bot.telegram.refusals import refusal_sentence
from tests.bot.fake_backend import ACME, ANA, SECRET, FakeBackend

CHECKOUT = "POST /api/payments/checkout"
FIFTY = CheckoutRequest(organization_id=ACME, amount="50", currency="eur")


async def test_a_lost_connection_is_tried_again_under_the_same_key(
    backend: FakeBackend, client: BackendClient
) -> None:
    backend.lose_connections(CHECKOUT, times=2)
    await client.create_checkout(ANA, FIFTY, idempotency_key="key")
    assert backend.calls.count(CHECKOUT) == 3
    assert len(backend.checkouts) == 1


async def test_after_three_lost_connections_the_backend_possibly_executed(
    backend: FakeBackend, client: BackendClient
) -> None:
    backend.lose_connections(CHECKOUT, times=3)
    with pytest.raises(BackendUnavailable) as caught:
        await client.create_checkout(ANA, FIFTY, idempotency_key="key")
    assert caught.value.possibly_executed


async def test_a_backend_that_was_never_reached_has_not_acted(
    unused_tcp_port_factory: Callable[[], int],
) -> None:
    async with new_session() as session:
        base = f"http://127.0.0.1:{unused_tcp_port_factory()}"
        client = BackendClient(session, base, SecretStr(SECRET))
        with pytest.raises(BackendUnavailable) as caught:
            await client.introduce(ANA, Introduction(name="Ana"))
    assert not caught.value.possibly_executed


async def test_a_refusal_is_not_repeated_and_keeps_its_facts(
    backend: FakeBackend, client: BackendClient
) -> None:
    backend.refuse(CHECKOUT, "too_many_requests", retry_after="2.5")
    with pytest.raises(BackendRefusal) as caught:
        await client.create_checkout(ANA, FIFTY, idempotency_key="key")
    assert (caught.value.status, caught.value.code) == (429, "too_many_requests")
    assert backend.calls == [CHECKOUT]
    english = load_texts().translator("en")
    assert refusal_sentence(caught.value, english).startswith("That was too fast. Wait 3 seconds")


async def test_a_claim_waits_as_long_as_it_said_and_comes_back_empty(
    client: BackendClient,
) -> None:
    before = asyncio.get_running_loop().time()
    assert (await client.claim_notifications(wait=1)).notifications == []
    assert asyncio.get_running_loop().time() - before >= 1


@pytest.mark.parametrize(
    ("status", "code", "facts", "sentence"),
    [
        (403, "role_too_low", {"role": "admin"}, "Only an admin or higher"),
        (409, "payment_closed", {"status": "expired"}, "already expired"),
        (422, "amount_too_precise", {"step": "1", "currency": "jpy"}, "multiple of ¥1."),
        (409, "idempotency_key_reused", {}, "You already have a link"),
        (422, "amount_too_small", {}, "That was not possible."),  # its facts are missing
        (418, "a_code_of_tomorrow", {}, "That was not possible."),
        (503, "database_unavailable", {}, "I cannot reach the wallet right now."),
        (429, "too_many_requests", {"retry_after": "119"}, "Wait 119 seconds and try again."),
        (429, "too_many_requests", {"retry_after": "541"}, "Try again in 10 minutes."),
        (422, "stripe_refused", {"stripe_code": "x"}, "It will refuse it again"),
        (502, "stripe_refused", {"stripe_code": "x"}, "Try again in a minute."),
        (409, "stripe_refused", {"resolved_by": "operator"}, "Only whoever runs the service can"),
    ],
)
def test_every_refusal_has_a_sentence(
    status: int, code: str, facts: dict[str, str], sentence: str
) -> None:
    refusal = BackendRefusal(status, code, facts, "r1")
    assert sentence in refusal_sentence(refusal, load_texts().translator("en"))
