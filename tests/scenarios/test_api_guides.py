"""The curl of the usual guides, run as they print it: only host, port and token are filled in."""

from uuid import UUID

import pytest

from tests.backend.conftest import BEN, EVE, System
from tests.scenarios.conftest import typed

CREATE_INTENT = """curl -X POST http://localhost:8080/api/payments/create-intent \\
  -H "Content-Type: application/json" \\
  -H "Authorization: Bearer YOUR_TOKEN" \\
  -d '{"organization_id": "ORGANIZATION_ID", "amount": 100.00}'"""


@pytest.mark.parametrize("path", ["create-intent", "payment-intents"])
async def test_create_intent_with_a_number_and_no_currency(system: System, path: str) -> None:
    command = CREATE_INTENT.replace("create-intent", path)
    made = await typed(system, command)
    assert made.keys() == {"payment_id", "payment_intent_id", "client_secret"}
    assert made["client_secret"].startswith(made["payment_intent_id"])
    shown = await system.see(UUID(made["payment_id"]))
    assert (shown.money.amount, shown.money.amount_minor, shown.money.currency) == (
        "100.00", 10_000, "eur",
    )  # fmt: skip
    assert shown.status == "pending"


async def test_a_colleague_and_a_stranger_are_told_what_it_takes(system: System) -> None:
    error = (await typed(system, CREATE_INTENT, sub=str(BEN)))["error"]
    assert (error["code"], error["facts"]) == ("role_too_low", {"role": "admin"})
    error = (await typed(system, CREATE_INTENT, sub=str(EVE)))["error"]
    assert error["code"] == "not_found"


async def test_what_people_get_wrong_in_that_curl_is_told_in_their_words(system: System) -> None:
    for right, wrong, text in (
        ("100.00", "-1", "amount"),
        ("100.00", '"a lot"', "amount"),
        ('"ORGANIZATION_ID"', '"my-org"', "organization_id"),
        ("organization_id", "organisation", "organization_id"),
        ("}'", "'", "JSON"),
    ):
        error = (await typed(system, CREATE_INTENT.replace(right, wrong)))["error"]
        assert text in error["message"] or error["code"].startswith(text), error
        assert error["request_id"]
