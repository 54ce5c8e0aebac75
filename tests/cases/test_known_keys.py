"""A key that began something is answered again, whatever its caller has begun since."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg
import pytest
from limits import RateLimitItemPerMinute

from backend.http import rate_limits
from tests.backend.conftest import ANA, System
from tests.backend.payments.test_charges import Json, post, saved
from tests.backend.payments.test_refunds import credited
from tests.cases.test_limits_and_strangers import copies

if TYPE_CHECKING:
    Connection = asyncpg.Connection[Any]
else:
    Connection = asyncpg.Connection


class Keyed:
    """Requests of Ana's that take an Idempotency-Key, by name; each begins something."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.acme: Json = {"organization_id": str(system.world.acme)}
        self.paid: UUID | None = None

    async def post(self, name: str, key: str, amount: str = "50") -> Json:
        """What the route answers."""
        path, body = self.requests(amount)[name]
        return await post(self.system, path, key, ANA, **body)

    def requests(self, amount: str) -> dict[str, tuple[str, Json]]:
        """Path and body of each request."""
        order: Json = {**self.acme, "amount": amount, "currency": "eur"}
        return {
            "checkout": ("payments/checkout", order),
            "intent": ("payments/create-intent", order),
            "charge": ("payments/charge", order),
            "form": ("payment", {"action": "purchase_credits", **order}),
            "subscription": ("payments/subscriptions", {**order, "interval": "month"}),
            "link": ("payments/methods", {**self.acme, "link": True}),
            "refund": (f"payments/{self.paid}/refund", {"amount": amount}),
        }


@pytest.fixture
async def keyed(system: System) -> Keyed:
    return Keyed(system)


def identity(answer: Json) -> Any:
    """What names the thing that an answer is about."""
    inner = answer.get("link") or answer.get("checkout") or answer
    return inner.get("payment_id"), inner.get("id"), inner.get("link_id")


TABLES = [
    ("checkout", "payments", 60),
    ("intent", "payments", 60),
    ("charge", "payments", 60),
    ("form", "payments", 60),
    ("subscription", "subscriptions", 20),
    ("link", "setup_links", 20),
    ("refund", "refunds", 60),
]


@pytest.mark.parametrize(("name", "table", "most"), TABLES)
async def test_a_known_key_is_answered_above_the_quota_and_a_new_one_hears_when_it_may(
    keyed: Keyed, owner: Connection, name: str, table: str, most: int
) -> None:
    await saved(keyed.system)
    if name == "refund":
        keyed.paid = await credited(keyed.system)
    first = await keyed.post(name, "first", "7")
    assert first["http"] == 201, first
    if table == "refunds":  # none of them holds anything
        await owner.execute("update refunds set status = 'failed', stripe_refund_id = 're_1'")
    await copies(owner, table, most)
    refused = await keyed.post(name, "another", "7")
    assert (refused["http"], refused["error"]["code"]) == (429, "too_many_requests")
    assert 540 <= int(refused["error"]["facts"]["retry_after"]) <= 600
    again = await keyed.post(name, "first", "7")
    assert (again["http"], identity(again)) == (201, identity(first))
    # The one that has to leave the ten minutes was made longest ago of the newest so many.
    age = f"update {table} set created_at = now() - interval '430 seconds'"  # noqa: S608
    await owner.execute(age)
    refused = await keyed.post(name, "another", "7")
    assert 165 <= int(refused["error"]["facts"]["retry_after"]) <= 170
    if name != "link":  # which has no amount
        other = await keyed.post(name, "first", "8")
        assert (other["http"], other["error"]["code"]) == (409, "idempotency_key_reused")


async def test_a_package_that_is_offered_no_more_and_a_removed_card_still_answer_their_key(
    keyed: Keyed, owner: Connection
) -> None:
    card = await saved(keyed.system)
    package = await owner.fetchval(
        "insert into packages (name, amount, currency, interval)"
        " values ('Team', 5000, 'eur', 'month') returning id"
    )
    bodies = [
        {**keyed.acme, "package_id": str(package)},
        {**keyed.acme, "amount": "9", "interval": "month", "payment_method_id": card},
    ]
    path = "payments/subscriptions"
    began = [
        await post(keyed.system, path, str(number), ANA, **body)
        for number, body in enumerate(bodies)
    ]
    await owner.execute("update packages set active = false")
    await owner.execute("update payment_methods set is_active = false, is_default = false")
    for number, body in enumerate(bodies):
        again = await post(keyed.system, path, str(number), ANA, **body)
        assert (again["http"], again["id"]) == (201, began[number]["id"])
        refused = await post(keyed.system, path, f"new {number}", ANA, **body)
        assert (refused["http"], refused["error"]["code"]) == (404, "not_found")


async def test_a_repeat_is_not_counted_and_is_answered_when_nothing_new_is(
    keyed: Keyed, monkeypatch: pytest.MonkeyPatch
) -> None:
    await saved(keyed.system)
    monkeypatch.setattr(rate_limits, "LIMIT_PER_PERSON", RateLimitItemPerMinute(2))
    first = await keyed.post("charge", "first", "7")
    for _ in range(5):
        assert (await keyed.post("charge", "first", "7"))["id"] == first["id"]
    assert (await keyed.post("checkout", "second"))["http"] == 201
    refused = await keyed.post("checkout", "third")
    assert (refused["http"], refused["error"]["code"]) == (429, "too_many_requests")
    assert (await keyed.post("charge", "first", "7"))["id"] == first["id"]
    assert (await keyed.post("charge", "first", "8"))["error"]["code"] == "idempotency_key_reused"
    # What takes no key is counted all the same.
    path = f"payments/{first['id']}/check"
    assert (await post(keyed.system, path, "first", ANA))["http"] == 429


async def test_an_organization_is_founded_once_by_a_key_above_the_limit_of_changes(
    keyed: Keyed, owner: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    await owner.execute("update private.installation set signup_open = true")
    monkeypatch.setattr(rate_limits, "CHANGES_PER_PERSON", RateLimitItemPerMinute(1))
    first = await post(keyed.system, "organizations", "k", ANA, name="Branch")
    assert (await post(keyed.system, "organizations", "l", ANA, name="Branch"))["http"] == 429
    assert (await post(keyed.system, "organizations", "k", ANA, name="Branch")) == first


async def test_repeats_have_a_limit_of_their_own(
    keyed: Keyed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_limits, "KEYS_PER_PERSON", RateLimitItemPerMinute(2))
    statuses = [(await keyed.post("checkout", "k"))["http"] for _ in range(3)]
    assert statuses == [201, 201, 429]
