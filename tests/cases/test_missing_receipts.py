"""A receipt or an invoice that Stripe does not show takes no other with it out of /invoices."""

from typing import Any
from uuid import UUID

import aiohttp
import pytest

from sandbox.telegram.text import plain_text
from tests.backend.conftest import System
from tests.backend.subscriptions.test_subscriptions import begun, request_api
from tests.bot.conftest import Person, backend_url, client, system, telegram
from tests.bot.payments.test_charges import ana, ben
from tests.cases.stripe_objects import intent_of

__all__ = ["ana", "backend_url", "ben", "client", "system", "telegram"]

Json = dict[str, Any]


async def paid(system: System, key: str) -> UUID:
    payment = await system.topup(key=key)
    await system.pay(payment)
    await system.until(payment, lambda seen: seen.status == "succeeded")
    return payment


def forget(system: System, kind: str, id: str) -> None:
    """Delete one object at the local Stripe, as when test data are deleted."""
    others = [each for _, each in system.store.list(kind) if each["id"] != id]
    system.store.delete(kind)
    for each in others:
        system.store.put(kind, each["id"], each)


async def listed(system: System) -> list[Json]:
    """Return the invoices as the API lists them, newest first."""
    path = f"/api/payments/invoices?organization_id={system.world.acme}"
    invoices: list[Json] = (await request_api(system, "GET", path))["invoices"]
    return invoices


async def test_the_others_are_shown_with_theirs(system: System, ana: Person) -> None:
    payments = [await paid(system, key) for key in "abc"]
    forget(system, "payment_intent", intent_of(system, payments[1]))
    addresses = [invoice["url"] for invoice in await listed(system)]
    assert [url is None for url in addresses] == [False, True, False]
    await ana.writes("/invoices")
    shown = plain_text(await ana.sees("invoices and receipts"))
    assert shown.count("/pay/cs_") == 2
    assert shown.count("Stripe shows no invoice or receipt for this payment.") == 1


async def test_an_invoice_that_is_missing_is_the_same_and_so_is_a_list_of_one(
    system: System,
) -> None:
    await begun(system)
    [(_, invoice)] = system.store.list("invoice")
    forget(system, "invoice", invoice["id"])
    [missing] = await listed(system)
    assert (missing["url"], missing["pdf"]) == (None, None)


async def test_one_that_stripe_does_not_answer_for_is_the_same(system: System) -> None:
    await begun(system)
    await paid(system, "a")
    await system.sandbox("POST", "/stripe/faults", unreadable=["invoice"])
    assert [invoice["url"] is None for invoice in await listed(system)] == [False, True]


@pytest.mark.parametrize(
    ("fault", "code"),
    [({"unreadable": ["payment_intent"]}, "stripe_unavailable"), ({"key_rolled": True}, "stripe_")],
)
async def test_where_stripe_answers_for_none_that_is_the_answer(
    system: System, fault: Json, code: str
) -> None:
    for key in "ab":
        await paid(system, key)
    await system.sandbox("POST", "/stripe/faults", **fault)
    with pytest.raises(aiohttp.ClientError, match=code):
        await listed(system)
