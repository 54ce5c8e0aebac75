"""The unified form: one address for what an organization pays with and buys."""

from typing import Any

from tests.backend.conftest import token
from tests.backend.payment_methods.test_cards import TEST_CARD, Cards, Json, cards

__all__ = ["cards"]


async def test_the_unified_form_adds_pays_changes_and_removes(cards: Cards) -> None:
    async def form(method: str, key: str = "", **body: Any) -> Json:
        headers = {"Authorization": f"Bearer {token()}"} | ({"Idempotency-Key": key} if key else {})
        request_arguments: Json = {"params" if method == "GET" or key == "query" else "json": body}
        url = f"{cards.system.url}/api/payment"
        async with cards.system.http.request(
            method, url, headers=headers, **request_arguments
        ) as answer:
            return {
                "status": answer.status,
                **(await answer.json() if answer.content_length else {}),
            }

    acme = {"organization_id": str(cards.system.world.acme)}
    added = await form("POST", action="add_payment_method", **acme, **TEST_CARD)
    method = {"payment_method_id": added["method"]["id"]}
    linked = await form("POST", action="add_payment_method", link=True, **acme)
    assert linked["link"]["state"] == "open"
    parameters: Json = {"action": "purchase_credits", "amount": 50, **acme}
    assert "/pay/cs_" in (await form("POST", **parameters))["checkout"]["url"]
    assert (await form("POST", **parameters, **method))["status"] == 400  # without a key
    assert (await form("POST", **parameters, reference="x"))[
        "status"
    ] == 400  # a page may stay unpaid
    paid = await form("POST", "one", **parameters, **method)
    assert (paid["payment"]["status"], paid["payment"]["paid_with"]) == (
        "succeeded", "Visa •••• 4242",
    )  # fmt: skip
    assert (await form("PUT", **method, label="Office"))["label"] == "Office"
    [listed] = (await form("GET", **acme))["methods"]
    assert listed["label"] == "Office"
    for _ in range(2):
        assert (await form("DELETE", **method))["status"] == 204
    assert (await form("DELETE", "query", **method))["status"] == 204
    assert (await form("GET", **acme))["methods"] == []
    assert (await form("POST", action="dance", **acme))["status"] == 400
