"""The view payment_statistics: what each number means, and who sees it."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from backend.database.protocol import TelegramUser
from tests.conftest import World
from tests.database.conftest import PaymentDriver, event, paid

TODAY = datetime.now(UTC).date()


async def seen_by(owner: "asyncpg.Connection[Any]", who: TelegramUser) -> list[dict[str, Any]]:
    """The rows that somebody reads, newest day first."""
    async with owner.transaction():
        await owner.execute("set local role authenticated")
        await owner.fetchval(
            "select set_config('request.jwt.claims', $1, true)", json.dumps(who.claims)
        )
        rows = await owner.fetch("select * from payment_statistics order by day desc")
        return [dict(row) for row in rows]


async def start(
    driver: PaymentDriver, owner: "asyncpg.Connection[Any]", key: str, day: date = TODAY
) -> str:
    """A payment with an open page, started half a minute before noon of `day`."""
    payment = await driver.payment(key=key)
    moment = datetime(day.year, day.month, day.day, 11, 59, 30, tzinfo=UTC)
    await owner.execute("update payments set created_at = $2 where id = $1", payment, moment)
    return payment


async def test_every_number_says_what_its_comment_says(
    driver: PaymentDriver, owner: "asyncpg.Connection[Any]", world: World
) -> None:
    assert await seen_by(owner, world.ana) == []
    for key, outcome in (("a", "paid"), ("b", "paid"), ("c", "failed"), ("d", "expired")):
        payment = await start(driver, owner, key)
        session = f"cs_{payment}"
        assert await driver.receive(
            paid(key, payment)
            if outcome == "paid"
            else event(key, outcome=outcome, payment_id=payment, stripe_checkout_session_id=session)
        ) == ["done"]
    declined = await start(driver, owner, "e")  # and given up: the page stays open, then expires
    await driver.receive(event("e", outcome="declined", payment_id=declined, decline="stolen_card"))
    await driver.receive(
        event(
            "e2",
            outcome="expired",
            payment_id=declined,
            stripe_checkout_session_id=f"cs_{declined}",
        )
    )
    await start(driver, owner, "f")
    await start(driver, owner, "y", TODAY - timedelta(days=1))
    noon = datetime(TODAY.year, TODAY.month, TODAY.day, 12, tzinfo=UTC)
    await owner.execute("update payments set succeeded_at = $1 where status = 'succeeded'", noon)

    today, yesterday = await seen_by(owner, world.ana)
    assert (today.pop("organization_id"), today.pop("currency")) == (world.acme, "eur")
    rates = {name: float(today.pop(name)) for name in ("success_rate", "conversion_rate")}
    assert rates == {"success_rate": 0.5, "conversion_rate": pytest.approx(1 / 3, abs=1e-4)}
    assert today == {
        "day": TODAY, "attempts": 6, "succeeded": 2, "failed": 1, "expired": 2, "canceled": 0,
        "amount_succeeded": 10_000, "amount_refunded": 0, "median_seconds_to_pay": 30.0,
    }  # fmt: skip
    assert (yesterday["attempts"], yesterday["success_rate"]) == (1, None)
    assert (yesterday["conversion_rate"], yesterday["median_seconds_to_pay"]) == (0, None)


async def test_members_see_their_organizations_numbers_and_strangers_none(
    driver: PaymentDriver, owner: "asyncpg.Connection[Any]", world: World
) -> None:
    await driver.receive(paid("evt", await driver.payment()))
    assert [row["succeeded"] for row in await seen_by(owner, world.ben)] == [1]
    assert await seen_by(owner, world.eve) == []
    assert await seen_by(owner, TelegramUser(999_999)) == []
