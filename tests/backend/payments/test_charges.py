"""Paying with a saved card over HTTP, with the real Stripe SDK against the local Stripe."""

import asyncio
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg
import pytest

from backend.schemas import Payment
from backend.stripe import reconcile
from tests.backend.conftest import ANA, BEN, EVE, SUCCESS, System, token

if TYPE_CHECKING:
    Connection = asyncpg.Connection[Any]
else:
    Connection = asyncpg.Connection
Json = dict[str, Any]
REQUIRES_AUTHENTICATION = "4000002500003155"
A_MINUTE_LATER = "update payments set created_at = created_at - interval '2 minutes'"


async def post(system: System, path: str, key: str | None, user: int, **body: Any) -> Json:
    """What a route of payments answers, with its status as `http`."""
    headers = {"Authorization": f"Bearer {token(sub=str(user))}"}
    headers |= {"Idempotency-Key": key} if key else {}
    path = f"{system.url}/api/{path}"
    async with system.http.post(path, json=body, headers=headers) as answer:
        return {**await answer.json(), "http": answer.status}


async def charge(system: System, key: str | None = "key", user: int = ANA, **changed: Any) -> Json:
    """POST /api/payments/charge of EUR 50 to Acme, unless `changed`."""
    order: Json = {"organization_id": str(system.world.acme), "amount": "50", "currency": "eur"}
    return await post(system, "payments/charge", key, user, **order | changed)


async def saved(system: System, test_card: str = "visa") -> str:
    """Acme's default card from now on: one of Stripe's test methods."""
    request = {"payment_method_id": f"pm_card_{test_card}", "set_as_default": True}
    acme = str(system.world.acme)
    added = await post(system, "payments/methods", None, ANA, organization_id=acme, **request)
    return str(added["method"]["id"])


async def balance(owner: Connection) -> Any:
    return await owner.fetchval(
        "select coalesce(sum(balance), 0) from accounts where kind = 'wallet'"
    )


async def intents(system: System) -> list[Json]:
    """What was charged at Stripe, or tried."""
    path = f"{system.sandbox_url}/v1/events?types[0]=payment_intent.created&limit=100"
    key = {"Authorization": "Bearer sk_test_sandbox"}
    async with system.http.get(path, headers=key) as answer:
        return [event["data"]["object"] for event in (await answer.json())["data"]]


@pytest.mark.parametrize("faults", [{}, {"twice": True}, {"drop": True}])
async def test_a_saved_card_is_credited_at_once_and_once(
    system: System, owner: Connection, faults: Json
) -> None:
    await saved(system)
    await system.sandbox("POST", "/stripe/faults", delay=0.05, **faults)
    paid = await charge(system)
    assert (paid["http"], paid["status"], paid["flow"]) == (201, "succeeded", "charge")
    assert (paid["paid_with"], paid["balance"]["amount"]) == ("Visa •••• 4242", "50.00")
    assert await charge(system) == paid
    await asyncio.sleep(0.3)  # for the events, which come after our answer
    assert await balance(owner) == 5000


async def test_sixteen_at_once_with_one_key_charge_once(system: System, owner: Connection) -> None:
    await saved(system)
    answers = await asyncio.gather(*(charge(system, reference="order 17") for _ in range(16)))
    assert {(answer["http"], answer["id"]) for answer in answers} == {(201, answers[0]["id"])}
    assert (len(await intents(system)), await balance(owner)) == (1, 5000)
    for amount, reference in (("51", "order 17"), ("50", "order 18")):
        refused = await charge(system, amount=amount, reference=reference)
        assert (refused["http"], refused["error"]["code"]) == (409, "idempotency_key_reused")
    again = await charge(system, "another", reference="order 17")
    assert (again["http"], again["error"]["code"]) == (409, "reference_used")
    assert again["error"]["facts"] == {"payment": answers[0]["id"]}


async def test_a_decline_ends_the_payment_and_another_card_pays_the_order(
    system: System, owner: Connection
) -> None:
    await saved(system, "chargeCustomerFail")
    for _ in range(2):
        declined = await charge(system, reference="order 17")
        assert (declined["http"], declined["status"]) == (201, "failed")
        assert declined["last_decline"] == "generic_decline"
    assert len(await intents(system)) == 1
    await saved(system)
    assert (await charge(system, "2", reference="order 17"))["status"] == "succeeded"


@pytest.mark.parametrize(
    ("authenticate", "ends", "page"),
    [(True, "succeeded", "Paid"), (False, "failed", "Not paid")],
)
async def test_the_bank_asks_the_payer_and_the_return_page_settles(
    system: System, owner: Connection, authenticate: bool, ends: str, page: str
) -> None:
    await system.sandbox("POST", "/stripe/faults", drop=True)
    await saved(system, "authenticationRequired")
    requests = await charge(system)
    assert (requests["status"], await charge(system)) == ("pending", requests)
    path = "/stripe/sessions/" + requests["url"].rpartition("/")[2]
    done = await system.sandbox(
        "POST", path + "/pay", card=REQUIRES_AUTHENTICATION, authenticate=authenticate
    )
    async with system.http.get(done["redirect_url"]) as returned:
        assert page in await returned.text()
    ended = await system.see(UUID(requests["id"]))
    assert (ended.status, ended.url) == (ends, None)
    assert len(await intents(system)) == 1


async def test_what_the_payer_did_not_confirm_in_time_is_canceled_at_stripe(
    system: System, owner: Connection
) -> None:
    await saved(system, "authenticationRequired")
    late, canceled = await charge(system, "late"), await charge(system, "canceled")
    assert (await post(system, f"payments/{canceled['id']}/cancel", None, ANA))["http"] == 200
    await owner.execute(
        "update payments set created_at = now() - interval '2 hours',"
        " expires_at = now() - interval '1 hour' where id = $1",
        UUID(late["id"]),
    )
    await reconcile.reconcile_all(system.services)
    for requests, status in ((late, "expired"), (canceled, "canceled")):
        await system.until(UUID(requests["id"]), lambda seen, ends=status: seen.status == ends)  # type: ignore[misc]
        page = f"{system.sandbox_url}/stripe/sessions/{requests['url'].rpartition('/')[2]}/pay"
        async with system.http.post(
            page, json={"card": REQUIRES_AUTHENTICATION, "authenticate": True}
        ) as answer:
            assert answer.status == 409


@pytest.mark.parametrize("test_card", ["visa", "chargeCustomerFail", "authenticationRequired"])
async def test_what_became_of_a_lost_answer_is_read_at_stripe_and_charges_once(
    system: System, owner: Connection, test_card: str
) -> None:
    await saved(system, test_card)
    await system.sandbox("POST", "/stripe/faults", drop=True, api_timeout=3)
    unclear = await charge(system)
    assert (unclear["http"], unclear["error"]["code"]) == (503, "charge_unclear")
    payment = UUID(await owner.fetchval("select id::text from payments"))
    assert (await system.see(payment)).status == "created"
    await owner.execute(A_MINUTE_LATER)
    await reconcile.reconcile_all(system.services)
    ends = {"visa": "succeeded", "chargeCustomerFail": "failed"}.get(test_card, "pending")
    settled: Payment = await system.see(payment)
    assert (settled.status, settled.url is not None) == (ends, ends == "pending")
    assert len(await intents(system)) == 1


async def test_a_500_says_nothing_of_the_charge_so_it_is_never_tried_under_a_new_key(
    system: System, owner: Connection
) -> None:
    await saved(system)
    await system.sandbox("POST", "/stripe/faults", api_500=1)
    assert (await charge(system))["error"]["code"] == "charge_unclear"
    assert (await charge(system))["error"]["code"] == "charge_unclear"  # Stripe remembers it
    assert await intents(system) == []
    await owner.execute("update payments set expires_at = now() - interval '1 second'")
    await reconcile.reconcile_all(system.services)
    assert await owner.fetchval("select status from payments") == "expired"


async def test_a_card_that_was_removed_at_stripe_is_a_failed_payment_and_gone_here_as_well(
    system: System, owner: Connection
) -> None:
    await system.sandbox("POST", "/stripe/faults", drop=True)
    method = await saved(system)
    await system.services.stripe.detach_payment_method(
        await owner.fetchval("select stripe_payment_method_id from payment_methods")
    )
    gone = await charge(system, payment_method_id=method)
    assert (gone["status"], gone["last_decline"]) == ("failed", "resource_missing")
    assert await charge(system, payment_method_id=method) == gone
    assert (await charge(system, "again"))["error"]["code"] == "not_found"


@pytest.mark.parametrize(
    ("amount", "currency", "minor"), [("5000", "jpy", 5000), ("12.340", "kwd", 12_340)]
)
async def test_currencies_without_and_with_three_decimals(
    system: System, owner: Connection, amount: str, currency: str, minor: int
) -> None:
    await saved(system)
    paid = await charge(system, amount=amount, currency=currency)
    assert (paid["status"], paid["balance"]["amount_minor"]) == ("succeeded", minor)
    assert [intent["amount"] for intent in await intents(system)] == [minor]


async def test_who_may_not_pay_has_no_card_or_names_no_key_charges_nothing(
    system: System, owner: Connection
) -> None:
    nothing = await charge(system)
    assert (nothing["http"], nothing["error"]["code"]) == (404, "not_found")
    method = await saved(system)
    other = await owner.fetchval("insert into organizations (name) values ('Other') returning id")
    await owner.execute(
        "insert into memberships select $1, id, 'owner' from private.users where telegram_id = $2",
        other, EVE,
    )  # fmt: skip
    for user, key, changed, status, code in (
        (BEN, "1", {}, 403, "role_too_low"),
        (EVE, "2", {}, 404, "not_found"),
        (EVE, "3", {"organization_id": str(other), "payment_method_id": method}, 404, "not_found"),
        (ANA, None, {}, 400, "invalid_request"),
        (ANA, "4", {"reference": "x" * 101}, 400, "invalid_request"),
    ):
        body = await charge(system, key, user, **changed)
        assert (body["http"], body["error"]["code"]) == (status, code)
    await owner.execute("update payment_methods set is_default = false, is_active = false")
    removed = await charge(system, "5", payment_method_id=method)
    assert (removed["http"], removed["error"]["code"]) == (404, "not_found")
    assert await intents(system) == []


@pytest.mark.parametrize("faults", [{}, {"twice": True}, {"drop": True}])
async def test_a_card_that_a_page_saves_was_added_by_who_paid_and_can_be_charged(
    system: System, owner: Connection, faults: Json
) -> None:
    await system.sandbox("POST", "/stripe/faults", **faults)
    payment = await system.topup()
    session = await system.session(payment)
    await system.sandbox("POST", f"/stripe/sessions/{session}/pay", card=SUCCESS, save=True)
    if faults.get("drop"):
        await system.client.check_payment(ANA, payment)
        await reconcile.reconcile_all(system.services)
    await system.until(payment, lambda seen: seen.status == "succeeded")
    acme = system.world.acme
    async with asyncio.timeout(60):
        while not [
            method
            for method in (await system.client.list_payment_methods(ANA, acme)).methods
            if method.added_by == "Ana" and method.is_default
        ]:
            await asyncio.sleep(0.05)
    assert (await charge(system, "charge"))["paid_with"] == "Visa •••• 4242"
    rows = await owner.fetch("select 1 from audit_log where action = 'method_added'")
    assert len(rows) == 1
