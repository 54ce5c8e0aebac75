"""Recurring top-ups over the real doors: each invoice credits once, period after period."""

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
from tests.backend.conftest import ANA, BEN, DECLINE, EVE, SUCCESS, House, token
from tests.sandbox.stripe.judge import MISSING, judge

Json = dict[str, Any]
DOOR = "/api/payments/subscriptions"
FAILS_LATER, ASKS_LATER = "renewals_declined", "4000002760003184"


async def ask(
    house: House, method: str, path: str, user: int = ANA, key: str = "", **body: Any
) -> Any:
    """One of the backend's doors; its answer, which must not be a refusal."""
    headers = {"Authorization": f"Bearer {token(sub=str(user))}", "Idempotency-Key": key or "k"}
    request = house.http.request(method, house.url + path, json=body or None, headers=headers)
    async with request as answer:
        said = await answer.json()
        if answer.status >= 400:
            raise aiohttp.ClientError(said["error"]["code"])
        return said


async def start(house: House, key: str = "key", **wanted: Any) -> Subscription:
    """EUR 50 a month for Acme, but for what is `wanted`."""
    terms = {"amount": "50", "interval": "month", **wanted}
    body = {"organization_id": str(house.world.acme), **terms}
    return Subscription(**await ask(house, "POST", DOOR, key=key, **body))


async def see(house: House, made: Subscription, user: int = ANA) -> Subscription:
    return Subscription(**await ask(house, "GET", f"{DOOR}/{made.id}", user))


async def pay(house: House, url: str | None, card: str = SUCCESS, **more: Any) -> Json:
    """What the button of Stripe's page at `url` does."""
    page = str(url).rpartition("/")[2]
    return await house.sandbox("POST", f"/stripe/sessions/{page}/pay", card=card, **more)


async def begun(house: House, card: str = SUCCESS, **more: Any) -> Subscription:
    """A subscription whose first invoice is paid and credited."""
    made = await start(house)
    await pay(house, made.url, card, **more)
    await until(house, lambda: has_balance(house, 5000))
    return await see(house, made)


async def advance(house: House, days: float) -> None:
    await house.sandbox("POST", "/stripe/clock", days=days)


async def has_balance(house: House, minor: int) -> bool:
    path = f"/api/organizations/{house.world.acme}/wallets"
    return bool((await ask(house, "GET", path))["wallets"][0]["balance"]["amount_minor"] == minor)


async def has_status(house: House, made: Subscription, status: str) -> bool:
    return (await see(house, made)).status == status


async def until(house: House, holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait for what arrives by itself, and for all deliveries."""
    async with asyncio.timeout(60):
        while not (await holds() and await all_delivered(house)):
            await asyncio.sleep(0.02)


async def all_delivered(house: House) -> bool:
    found = (await house.sandbox("GET", "/stripe/deliveries"))["deliveries"]
    return not any(delivery["next"] for delivery in found)


async def told(owner: "asyncpg.Connection[Any]") -> list[str]:
    """What owners and admins have been told of recurring top-ups."""
    rows = await owner.fetch(
        "select facts ->> 'news' from notifications where kind = 'recurring' order by id"
    )
    return [row[0] for row in rows]


async def test_it_begins_on_stripes_page_and_credits_every_period_once(house: House) -> None:
    await house.sandbox("POST", "/stripe/faults", twice=True)
    made = await start(house)
    assert (made.status, made.money.amount, made.interval) == ("incomplete", "50.00", "month")
    await pay(house, made.url)
    await until(house, lambda: has_balance(house, 5000))
    seen = await see(house, made)
    assert (seen.status, seen.url) == ("active", None)
    await advance(house, days=95)
    await until(house, lambda: has_balance(house, 4 * 5000))
    assert (await see(house, made)).current_period_end > seen.current_period_end  # type: ignore[operator]
    path = f"/api/organizations/{house.world.acme}/transactions"
    moved = (await ask(house, "GET", path))["transactions"]
    assert [one["kind"] for one in moved] == ["invoice"] * 4


async def test_the_same_key_starts_one_and_another_body_is_refused(house: House) -> None:
    first, second = [await start(house, key="one") for _ in range(2)]
    assert first == second
    with pytest.raises(aiohttp.ClientError, match="idempotency_key_reused"):
        await start(house, key="one", amount="60")
    with pytest.raises(aiohttp.ClientError, match="not_found"):
        await start(house, key="two", amount="", package_id=str(first.id))


async def test_with_webhooks_off_coming_back_from_stripe_credits(house: House) -> None:
    await house.sandbox("POST", "/stripe/faults", drop=True)
    made = await start(house)
    back = (await pay(house, made.url))["redirect_url"]
    async with house.http.get(back) as page:
        assert "The wallet is credited" in await page.text()
    assert await has_balance(house, 5000)


async def test_what_webhooks_lost_the_reconciler_finds(house: House) -> None:
    await house.sandbox("POST", "/stripe/faults", drop=True)
    made = await start(house)
    await pay(house, made.url)
    await reconcile.once(house.shop)
    assert await has_balance(house, 5000)
    assert (await see(house, made)).status == "active"


async def test_the_intent_that_paid_is_learned_so_that_refunds_find_the_payment(
    house: House,
) -> None:
    await begun(house)
    listed = await ask(house, "GET", f"/api/payments?organization_id={house.world.acme}")
    which = {"payment_id": listed["payments"][0]["id"]}
    row = await house.shop.database.call("start_payment", SERVICE, **which)
    assert row["flow"] == "invoice"
    assert row["stripe_payment_intent_id"].startswith("pi_")


async def test_a_declined_beginning_begins_nothing_and_can_be_tried_again(
    house: House, owner: "asyncpg.Connection[Any]"
) -> None:
    made = await start(house)
    assert (await pay(house, made.url, DECLINE))["decline_code"] == "generic_decline"
    assert (await see(house, made)).status == "incomplete"
    await pay(house, made.url)
    await until(house, lambda: has_balance(house, 5000))
    assert await told(owner) == ["began"]


async def test_a_failed_renewal_is_told_with_a_link_that_pays_it(
    house: House, owner: "asyncpg.Connection[Any]"
) -> None:
    made = await begun(house, FAILS_LATER)
    await advance(house, days=32)
    await until(house, lambda: has_status(house, made, "past_due"))
    assert await told(owner) == ["began", "failed"]
    assert await has_balance(house, 5000)
    await pay(house, (await see(house, made)).url)
    await until(house, lambda: has_status(house, made, "active"))
    assert await has_balance(house, 2 * 5000)


async def test_a_bank_that_wants_somebody_to_confirm_is_told_once(
    house: House, owner: "asyncpg.Connection[Any]"
) -> None:
    made = await begun(house, ASKS_LATER, authenticate=True)
    await advance(house, days=32)
    await until(house, lambda: has_status(house, made, "past_due"))

    async def bank_was_told() -> bool:
        return (await told(owner))[-1] == "action_required"

    await until(house, bank_was_told)
    assert Counter(await told(owner))["action_required"] == 1


async def test_a_new_amount_counts_from_the_next_period_on(house: House) -> None:
    made = await begun(house)
    changed = await ask(house, "PATCH", f"{DOOR}/{made.id}", amount="70")
    assert changed["money"]["amount"] == "70.00"
    assert await has_balance(house, 5000)
    await advance(house, days=32)
    await until(house, lambda: has_balance(house, 5000 + 7000))


async def test_what_is_paused_charges_nothing_and_makes_nothing_up(house: House) -> None:
    made = await begun(house)
    paused = await ask(house, "PATCH", f"{DOOR}/{made.id}", paused=True)
    assert paused["status"] == "paused"
    await advance(house, days=40)
    await until(house, lambda: has_status(house, made, "paused"))
    assert await has_balance(house, 5000)
    await ask(house, "PATCH", f"{DOOR}/{made.id}", paused=False)
    await advance(house, days=25)
    await until(house, lambda: has_balance(house, 2 * 5000))
    assert (await see(house, made)).status == "active"


async def test_what_is_canceled_ends_and_changes_no_more(house: House) -> None:
    made = await begun(house)
    assert (await ask(house, "DELETE", f"{DOOR}/{made.id}"))["status"] == "canceled"
    assert (await ask(house, "DELETE", f"{DOOR}/{made.id}"))["status"] == "canceled"
    await advance(house, days=95)
    assert await has_balance(house, 5000)
    with pytest.raises(aiohttp.ClientError, match="subscription_over"):
        await ask(house, "PATCH", f"{DOOR}/{made.id}", amount="70")
    listed = await ask(house, "GET", f"{DOOR}?organization_id={house.world.acme}")
    assert listed["subscriptions"] == []


async def test_one_that_nobody_paid_is_canceled_with_its_page(house: House) -> None:
    made = await start(house)
    assert (await ask(house, "DELETE", f"{DOOR}/{made.id}"))["status"] == "canceled"
    page = str(made.url).rpartition("/")[2]
    assert (await house.sandbox("GET", f"/stripe/sessions/{page}"))["status"] == "expired"


async def test_members_see_that_it_is_there_and_strangers_nothing(house: House) -> None:
    made = await start(house)
    seen = await see(house, made, BEN)
    assert (seen.status, seen.url) == ("incomplete", None)
    for user, refused in ((BEN, "role_too_low"), (EVE, "not_found")):
        for method in ("PATCH", "DELETE"):
            with pytest.raises(aiohttp.ClientError, match=refused):
                await ask(house, method, f"{DOOR}/{made.id}", user, paused=True)
    with pytest.raises(aiohttp.ClientError, match="not_found"):
        await see(house, made, EVE)


async def test_all_that_is_said_of_subscriptions_is_valid_by_stripes_document(
    house: House,
) -> None:
    court = judge()
    if court is None:
        pytest.skip(MISSING)
    made = await begun(house, FAILS_LATER)
    await ask(house, "PATCH", f"{DOOR}/{made.id}", amount="70", paused=False)
    await ask(house, "GET", f"/api/payments/invoices?organization_id={house.world.acme}")
    await advance(house, days=32)
    await until(house, lambda: has_status(house, made, "past_due"))
    await ask(house, "DELETE", f"{DOOR}/{made.id}")
    answers = [call["answer"] for call in (await house.sandbox("GET", "/recorded"))["calls"]]
    events = [event for _, event in house.store.list("event")]
    assert [court.check_object(said) for said in [*answers, *events]] == [[]] * (
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
    house: House, token_of_card: str, status: str
) -> None:
    card: Json = {"organization_id": str(house.world.acme), "payment_method_id": token_of_card}
    added = await ask(house, "POST", "/api/payments/methods", **card)
    made = await start(house, payment_method_id=added["method"]["id"])
    assert (made.status, made.url is None) == (status, status == "active")
    if made.url:
        await pay(house, made.url, SUCCESS)
        await until(house, lambda: has_status(house, made, "active"))
    await until(house, lambda: has_balance(house, 5000))
    assert await start(house, payment_method_id=added["method"]["id"]) == await see(house, made)
    with pytest.raises(aiohttp.ClientError, match="not_found"):
        await start(house, key="other", payment_method_id=str(made.id))
