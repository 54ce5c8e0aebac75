"""The card stories of the usual guides, by curl: list, add, set default, remove; add and pay.

The guides' own field names are mapped in docs/decisions/0017.
"""

import json
from typing import Any

from backend.schemas import Json
from tests.backend.conftest import System
from tests.scenarios.conftest import typed

CURL = 'curl -s -X {method} http://localhost:8080{path} -H "Authorization: Bearer YOUR_TOKEN"'
SENDING = ' -H "Content-Type: application/json" -H "Idempotency-Key: {key}" -d \'{body}\''


async def curl(system: System, method: str, path: str, key: str = "key", **body: Any) -> Json:
    """What the guide's curl prints; a body of JSON where there is one."""
    command = CURL.format(method=method, path=path)
    if body:
        command += SENDING.format(key=key, body=json.dumps(body))
    return await typed(system, command)


async def test_list_add_by_token_set_default_remove(system: System) -> None:
    acme = str(system.world.acme)
    methods = f"/api/payments/methods?organization_id={acme}"
    assert await curl(system, "GET", methods) == {"methods": []}
    for number, named in (("pm_card_visa", "Visa"), ("pm_card_mastercard", "Mastercard")):
        added = await curl(
            system, "POST", "/api/payments/methods", number,
            organization_id=acme, payment_method_id=number,
        )  # fmt: skip
        assert added["method"]["display_name"].startswith(f"{named} •••• ")
    visa, mastercard = (await curl(system, "GET", methods))["methods"]
    assert (visa["last_four"], visa["is_default"], mastercard["is_default"]) == (
        "4242", True, False,
    )  # fmt: skip
    await curl(system, "POST", f"/api/payments/methods/{mastercard['id']}/set-default")
    assert await curl(system, "DELETE", f"/api/payments/methods/{visa['id']}") == {}
    assert await curl(system, "DELETE", f"/api/payments/methods/{visa['id']}") == {}
    [left] = (await curl(system, "GET", methods))["methods"]
    assert (left["id"], left["is_default"]) == (mastercard["id"], True)


async def test_add_a_test_card_and_pay_in_the_unified_form(system: System) -> None:
    acme = str(system.world.acme)
    added = await curl(
        system, "POST", "/api/payment", "add", action="add_payment_method", organization_id=acme,
        card_number="4242 4242 4242 4242", exp_month=12, exp_year=2034, cvc="123",
    )  # fmt: skip
    card = added["method"]
    assert (card["display_name"], card["is_default"]) == ("Visa •••• 4242", True)
    paid = await curl(
        system, "POST", "/api/payment", "pay", action="purchase_credits", organization_id=acme,
        amount=100.00, payment_method_id=card["id"],
    )  # fmt: skip
    assert (paid["payment"]["status"], paid["payment"]["money"]["amount"]) == (
        "succeeded", "100.00",
    )  # fmt: skip
    declined = await curl(
        system, "POST", "/api/payment", "no", action="add_payment_method", organization_id=acme,
        card_number="4000000000000002", exp_month=12, exp_year=2034, cvc="123",
    )  # fmt: skip
    assert declined["error"]["code"] == "card_declined"
    wallets = await curl(system, "GET", f"/api/organizations/{acme}/wallets")
    assert wallets["wallets"][0]["balance"]["amount"] == "100.00"
