"""Paying with a saved card over HTTP, with the real Stripe SDK against the local Stripe."""

from typing import Any

from tests.backend.conftest import BEN, EVE, House, token

Json = dict[str, Any]


async def charge(
    house: House, key: str | None = "key", user: int = 1001, status: int = 201, **changed: Any
) -> Json:
    """POST /api/payments/charge of EUR 50, unless `changed`, by its status and answer."""
    order: Json = {"organization_id": str(house.world.acme), "amount": "50", "currency": "eur"}
    headers = {"Authorization": f"Bearer {token(sub=str(user))}"}
    headers |= {"Idempotency-Key": key} if key else {}
    path = f"{house.url}/api/payments/charge"
    async with house.http.post(path, json=order | changed, headers=headers) as answer:
        said: Json = await answer.json()
        assert answer.status == status, said
        return said


async def test_who_may_not_pay_has_no_card_or_names_no_key_charges_nothing(house: House) -> None:
    for user, key, status, code in (
        (BEN, "key", 403, "role_too_low"),
        (EVE, "key", 404, "not_found"),
        (1001, "key", 404, "not_found"),
        (1001, None, 400, "invalid_request"),
    ):
        said = await charge(house, key, user, status)
        assert said["error"]["code"] == code
