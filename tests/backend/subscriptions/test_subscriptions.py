"""Recurring top-ups over the real routes: each invoice credits once, period after period."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import asyncpg
import pytest

from backend.database.protocol import SERVICE
from backend.schemas import Subscription
from backend.stripe import reconcile
from tests.backend.conftest import ANA, BEN, DECLINE, EVE, SUCCESS, System, token
from tests.sandbox.stripe.contract import MISSING, load_contract

Json = dict[str, Any]
WEBHOOK_PATH = "/api/payments/subscriptions"
FAILS_LATER, REQUIRES_AUTHENTICATION_LATER = "renewals_declined", "4000002760003184"


async def request_api(
    system: System, method: str, path: str, user: int = ANA, key: str = "", **body: Any
) -> Any:
    """The answer of one of the backend's routes, which must not be a refusal."""
    headers = {"Authorization": f"Bearer {token(sub=str(user))}", "Idempotency-Key": key or "k"}
    request = system.http.request(method, system.url + path, json=body or None, headers=headers)
    async with request as answer:
        answer_body = await answer.json()
        if answer.status >= 400:
            raise aiohttp.ClientError(answer_body["error"]["code"])
        return answer_body


async def start(system: System, key: str = "key", **request: Any) -> Subscription:
    """EUR 50 a month for Acme, but for what is `wanted`."""
    terms = {"amount": "50", "interval": "month", **request}
    body = {"organization_id": str(system.world.acme), **terms}
    return Subscription(**await request_api(system, "POST", WEBHOOK_PATH, key=key, **body))


async def see(system: System, made: Subscription, user: int = ANA) -> Subscription:
    return Subscription(**await request_api(system, "GET", f"{WEBHOOK_PATH}/{made.id}", user))


async def pay(system: System, url: str | None, card: str = SUCCESS, **more: Any) -> Json:
    """What the button of Stripe's page at `url` does."""
    page = str(url).rpartition("/")[2]
    return await system.sandbox("POST", f"/stripe/sessions/{page}/pay", card=card, **more)


async def begun(system: System, card: str = SUCCESS, **more: Any) -> Subscription:
    """A subscription whose first invoice is paid and credited."""
    made = await start(system)
    await pay(system, made.url, card, **more)
    await until(system, lambda: has_balance(system, 5000))
    return await see(system, made)


async def advance(system: System, days: float) -> None:
    await system.sandbox("POST", "/stripe/clock", days=days)


async def has_balance(system: System, minor: int) -> bool:
    path = f"/api/organizations/{system.world.acme}/wallets"
    return bool(
        (await request_api(system, "GET", path))["wallets"][0]["balance"]["amount_minor"] == minor
    )


async def has_status(system: System, made: Subscription, status: str) -> bool:
    return (await see(system, made)).status == status


async def until(system: System, holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait for what arrives by itself, and for all deliveries."""
    async with asyncio.timeout(60):
        while not (await holds() and await all_delivered(system)):
            await asyncio.sleep(0.02)


async def all_delivered(system: System) -> bool:
    listed = (await system.sandbox("GET", "/stripe/deliveries"))["deliveries"]
    return not any(delivery["next"] for delivery in listed)


async def subscription_notifications(owner: "asyncpg.Connection[Any]") -> list[str]:
    """What owners and admins have been told of recurring top-ups."""
    rows = await owner.fetch(
        "select facts ->> 'news' from notifications where kind = 'recurring' order by id"
    )
    return [row[0] for row in rows]


async def test_it_begins_on_stripes_page_and_credits_every_period_once(system: System) -> None:
    await system.sandbox("POST", "/stripe/faults", twice=True)
    made = await start(system)
    assert (made.status, made.money.amount, made.interval) == ("incomplete", "50.00", "month")
    await pay(system, made.url)
    await until(system, lambda: has_balance(system, 5000))
    seen = await see(system, made)
    assert (seen.status, seen.url) == ("active", None)
    await advance(system, days=95)
    await until(system, lambda: has_balance(system, 4 * 5000))
    assert (await see(system, made)).current_period_end > seen.current_period_end  # type: ignore[operator]
    path = f"/api/organizations/{system.world.acme}/transactions"
    moved = (await request_api(system, "GET", path))["transactions"]
    assert [one["kind"] for one in moved] == ["invoice"] * 4


async def test_the_same_key_starts_one_and_another_body_is_refused(system: System) -> None:
    first, second = [await start(system, key="one") for _ in range(2)]
    assert first == second
    with pytest.raises(aiohttp.ClientError, match="idempotency_key_reused"):
        await start(system, key="one", amount="60")
    with pytest.raises(aiohttp.ClientError, match="not_found"):
        await start(system, key="two", amount="", package_id=str(first.id))


async def test_with_webhooks_off_coming_back_from_stripe_credits(system: System) -> None:
    await system.sandbox("POST", "/stripe/faults", drop=True)
    made = await start(system)
    back = (await pay(system, made.url))["redirect_url"]
    async with system.http.get(back) as page:
        assert "The wallet is credited" in await page.text()
    assert await has_balance(system, 5000)


async def test_what_webhooks_lost_the_reconciler_finds(system: System) -> None:
    await system.sandbox("POST", "/stripe/faults", drop=True)
    made = await start(system)
    await pay(system, made.url)
    await reconcile.reconcile_all(system.services)
    assert await has_balance(system, 5000)
    assert (await see(system, made)).status == "active"


async def test_the_intent_that_paid_is_learned_so_that_refunds_find_the_payment(
    system: System,
) -> None:
    await begun(system)
    listed = await request_api(system, "GET", f"/api/payments?organization_id={system.world.acme}")
    which = {"payment_id": listed["payments"][0]["id"]}
    row = await system.services.database.call("get_payment_for_service", SERVICE, **which)
    assert row["flow"] == "invoice"
    assert row["stripe_payment_intent_id"].startswith("pi_")


async def test_a_declined_beginning_begins_nothing_and_can_be_tried_again(
    system: System, owner: "asyncpg.Connection[Any]"
) -> None:
    made = await start(system)
    assert (await pay(system, made.url, DECLINE))["decline_code"] == "generic_decline"
    assert (await see(system, made)).status == "incomplete"
    await pay(system, made.url)
    await until(system, lambda: has_balance(system, 5000))
    assert await subscription_notifications(owner) == ["began"]


async def test_a_failed_renewal_is_told_with_a_link_that_pays_it(
    system: System, owner: "asyncpg.Connection[Any]"
) -> None:
    made = await begun(system, FAILS_LATER)
    await advance(system, days=32)
    await until(system, lambda: has_status(system, made, "past_due"))
    assert await subscription_notifications(owner) == ["began", "failed"]
    assert await has_balance(system, 5000)
    await pay(system, (await see(system, made)).url)
    await until(system, lambda: has_status(system, made, "active"))
    assert await has_balance(system, 2 * 5000)


async def test_a_bank_that_wants_somebody_to_confirm_is_told_once(
    system: System, owner: "asyncpg.Connection[Any]"
) -> None:
    made = await begun(system, REQUIRES_AUTHENTICATION_LATER, authenticate=True)
    await advance(system, days=32)
    await until(system, lambda: has_status(system, made, "past_due"))

    async def bank_was_informed() -> bool:
        return (await subscription_notifications(owner))[-1] == "action_required"

    await until(system, bank_was_informed)
    assert Counter(await subscription_notifications(owner))["action_required"] == 1


async def test_a_new_amount_counts_from_the_next_period_on(system: System) -> None:
    made = await begun(system)
    changed = await request_api(system, "PATCH", f"{WEBHOOK_PATH}/{made.id}", amount="70")
    assert changed["money"]["amount"] == "70.00"
    assert await has_balance(system, 5000)
    await advance(system, days=32)
    await until(system, lambda: has_balance(system, 5000 + 7000))


async def test_what_is_paused_charges_nothing_and_makes_nothing_up(system: System) -> None:
    made = await begun(system)
    paused = await request_api(system, "PATCH", f"{WEBHOOK_PATH}/{made.id}", paused=True)
    assert paused["status"] == "paused"
    await advance(system, days=40)
    await until(system, lambda: has_status(system, made, "paused"))
    assert await has_balance(system, 5000)
    await request_api(system, "PATCH", f"{WEBHOOK_PATH}/{made.id}", paused=False)
    await advance(system, days=25)
    await until(system, lambda: has_balance(system, 2 * 5000))
    assert (await see(system, made)).status == "active"


async def test_what_is_canceled_ends_and_changes_no_more(system: System) -> None:
    made = await begun(system)
    assert (await request_api(system, "DELETE", f"{WEBHOOK_PATH}/{made.id}"))[
        "status"
    ] == "canceled"
    assert (await request_api(system, "DELETE", f"{WEBHOOK_PATH}/{made.id}"))[
        "status"
    ] == "canceled"
    await advance(system, days=95)
    assert await has_balance(system, 5000)
    with pytest.raises(aiohttp.ClientError, match="subscription_over"):
        await request_api(system, "PATCH", f"{WEBHOOK_PATH}/{made.id}", amount="70")
    listed = await request_api(system, "GET", f"{WEBHOOK_PATH}?organization_id={system.world.acme}")
    assert listed["subscriptions"] == []


async def test_one_that_nobody_paid_is_canceled_with_its_page(system: System) -> None:
    made = await start(system)
    assert (await request_api(system, "DELETE", f"{WEBHOOK_PATH}/{made.id}"))[
        "status"
    ] == "canceled"
    page = str(made.url).rpartition("/")[2]
    assert (await system.sandbox("GET", f"/stripe/sessions/{page}"))["status"] == "expired"


async def test_members_see_that_it_is_there_and_strangers_nothing(system: System) -> None:
    made = await start(system)
    seen = await see(system, made, BEN)
    assert (seen.status, seen.url) == ("incomplete", None)
    for user, refused in ((BEN, "role_too_low"), (EVE, "not_found")):
        for method in ("PATCH", "DELETE"):
            with pytest.raises(aiohttp.ClientError, match=refused):
                await request_api(system, method, f"{WEBHOOK_PATH}/{made.id}", user, paused=True)
    with pytest.raises(aiohttp.ClientError, match="not_found"):
        await see(system, made, EVE)


async def test_all_that_is_said_of_subscriptions_is_valid_by_stripes_document(
    system: System,
) -> None:
    contract = load_contract()
    if contract is None:
        pytest.skip(MISSING)
    made = await begun(system, FAILS_LATER)
    await request_api(system, "PATCH", f"{WEBHOOK_PATH}/{made.id}", amount="70", paused=False)
    await request_api(system, "GET", f"/api/payments/invoices?organization_id={system.world.acme}")
    await advance(system, days=32)
    await until(system, lambda: has_status(system, made, "past_due"))
    await request_api(system, "DELETE", f"{WEBHOOK_PATH}/{made.id}")
    answers = [call["answer"] for call in (await system.sandbox("GET", "/recorded"))["calls"]]
    events = [event for _, event in system.store.list("event")]
    assert [contract.check_object(text) for text in [*answers, *events]] == [[]] * (
        len(answers) + len(events)
    )


@pytest.mark.parametrize(
    ("token_of_card", "status"),
    [
        ("pm_card_visa", "active"),
        ("pm_card_chargeCustomerFail", "incomplete"),
        ("pm_card_authenticationRequired", "incomplete"),
    ],
)
async def test_a_saved_card_begins_it_at_once_or_a_link_finishes_it(
    system: System, token_of_card: str, status: str
) -> None:
    card: Json = {"organization_id": str(system.world.acme), "payment_method_id": token_of_card}
    added = await request_api(system, "POST", "/api/payments/methods", **card)
    made = await start(system, payment_method_id=added["method"]["id"])
    assert (made.status, made.url is None) == (status, status == "active")
    if made.url:
        await pay(system, made.url, SUCCESS)
        await until(system, lambda: has_status(system, made, "active"))
    await until(system, lambda: has_balance(system, 5000))
    assert await start(system, payment_method_id=added["method"]["id"]) == await see(system, made)
    with pytest.raises(aiohttp.ClientError, match="not_found"):
        await start(system, key="other", payment_method_id=str(made.id))
