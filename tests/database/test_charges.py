"""Paying with a saved card, in SQL: which card, which order, and one credit whatever comes when."""

import asyncio
import json
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from backend.database.protocol import SERVICE, TelegramUser
from backend.errors import (
    IdempotencyKeyReused,
    NotFound,
    ReferenceUsed,
    RoleTooLow,
)
from tests.database.conftest import PaymentDriver, event, paid

if TYPE_CHECKING:
    Connection = asyncpg.Connection[Any]
else:
    Connection = asyncpg.Connection


async def card(
    driver: PaymentDriver, owner: Connection, default: bool = True, **changed: Any
) -> UUID:
    """A saved card of Acme's, unless `changed`."""
    await owner.execute("update organizations set stripe_customer_id = 'cus_' || id")
    row = {
        "organization_id": driver.world.acme, "stripe_payment_method_id": f"pm_{uuid4().hex}",
        "type": "card", "brand": "visa", "last_four": "4242", "exp_month": 12, "exp_year": 2034,
        "is_default": default,
    } | changed  # fmt: skip
    places = ", ".join(f"${place}" for place in range(1, len(row) + 1))
    made: UUID = await owner.fetchval(
        f"insert into payment_methods ({', '.join(row)}) values ({places}) returning id",  # noqa: S608
        *row.values(),
    )
    return made


async def charge(
    driver: PaymentDriver, key: str, who: TelegramUser | None = None, **changed: Any
) -> Any:
    """A charge of EUR 50 as `create_payment` answers it, unless `changed`."""
    order = {"organization_id": driver.world.acme, "amount": 5000, "currency": "eur"} | changed
    return await driver.database.call(
        "create_payment", who or driver.world.ana, idempotency_key=key, flow="charge", **order
    )


async def balance(owner: Connection) -> int:
    return int(await owner.fetchval("select sum(balance) from accounts where kind = 'wallet'"))


async def test_the_default_card_is_charged_unless_another_of_the_organization_is_named(
    driver: PaymentDriver, owner: Connection
) -> None:
    with pytest.raises(NotFound) as refused:
        await charge(driver, "none")
    assert refused.value.facts == {"what": "payment method"}
    await card(driver, owner)
    other = await card(driver, owner, default=False, brand="mastercard", last_four="4444")
    assert (await charge(driver, "1"))["paid_with"] == "Visa •••• 4242"
    made = await charge(driver, "2", payment_method_id=other)
    assert made["paid_with"] == "Mastercard •••• 4444"
    row = await driver.database.call("get_payment_for_service", SERVICE, payment_id=made["id"])
    assert row["stripe_customer_id"] == f"cus_{driver.world.acme}"
    assert row["stripe_payment_method_id"].startswith("pm_")


async def test_a_removed_card_and_another_organizations_are_not_there(
    driver: PaymentDriver, owner: Connection
) -> None:
    other = await owner.fetchval("insert into organizations (name) values ('Other') returning id")
    removed = await card(driver, owner, default=False, is_active=False)
    theirs = await card(driver, owner, organization_id=other)
    for number, method in enumerate((removed, theirs, uuid4())):
        with pytest.raises(NotFound):
            await charge(driver, str(number), payment_method_id=method)
    assert not await owner.fetchval("select count(*) from payments")


async def test_a_repeat_goes_on_with_its_card_and_another_request_is_refused(
    driver: PaymentDriver, owner: Connection
) -> None:
    first = await card(driver, owner)
    made = await charge(driver, "key", order_reference="order 1")
    await owner.execute("update payment_methods set is_default = false, is_active = false")
    other = await card(driver, owner)
    assert await charge(driver, "key", order_reference="order 1") == made
    for changed in ({"amount": 5001}, {"payment_method_id": other}, {"order_reference": "order 2"}):
        with pytest.raises(IdempotencyKeyReused):
            await charge(driver, "key", **({"order_reference": "order 1"} | changed))
    assert await owner.fetchval("select payment_method_id from payments") == first


async def test_an_order_is_paid_once_and_what_did_not_come_off_may_be_tried_again(
    driver: PaymentDriver, owner: Connection
) -> None:
    await card(driver, owner)
    answers = await asyncio.gather(
        *(charge(driver, str(number), order_reference="17") for number in range(8)),
        return_exceptions=True,
    )
    made = [answer for answer in answers if not isinstance(answer, BaseException)]
    assert len(made) == 1
    assert {type(answer) for answer in answers} == {dict, ReferenceUsed}
    with pytest.raises(ReferenceUsed) as refused:
        await charge(driver, "again", order_reference="17")
    assert refused.value.facts == {"payment": made[0]["id"]}
    declined = event(
        "evt_1",
        outcome="declined",
        payment_id=made[0]["id"],
        stripe_payment_intent_id="pi_1",
        decline="insufficient_funds",
    )
    assert await driver.receive(declined) == ["done"]
    shown = await driver.show(made[0]["id"])
    assert (shown["status"], shown["last_decline"]) == ("failed", "insufficient_funds")
    again = await charge(driver, "again", order_reference="17")
    # The first was not over after all: its money counts, and so does the second's.
    for number, payment in enumerate((made[0]["id"], again["id"])):
        await driver.receive(
            paid(f"evt_paid_{number}", payment, stripe_payment_intent_id=f"pi_{number + 1}")
        )
    assert await balance(owner) == 10_000


async def test_members_and_strangers_charge_nothing_and_see_no_card_and_no_link(
    driver: PaymentDriver, owner: Connection
) -> None:
    method = await card(driver, owner)
    made = await charge(driver, "key")
    await driver.database.call(
        "mark_payment_opened",
        SERVICE,
        payment_id=made["id"],
        stripe_payment_intent_id="pi_1",
        url="https://bank.example",
    )
    with pytest.raises(RoleTooLow):
        await charge(driver, "ben", driver.world.ben, payment_method_id=method)
    with pytest.raises(NotFound):
        await charge(driver, "eve", driver.world.eve, payment_method_id=method)
    shown = await driver.show(made["id"])
    assert (shown["paid_with"], shown["url"]) == ("Visa •••• 4242", "https://bank.example")
    listed = await driver.database.call(
        "list_payments", driver.world.ben, organization_id=driver.world.acme
    )
    for seen in (
        await driver.database.call("get_payment", driver.world.ben, payment_id=made["id"]),
        *listed["payments"],
    ):
        assert (seen["status"], seen["paid_with"], seen["url"]) == ("pending", None, None)
    await driver.database.call(
        "set_default_organization", driver.world.ana, organization_id=driver.world.acme
    )
    notifications = await driver.database.call("claim_notifications", SERVICE, max_rows=10)
    assert notifications[0]["payment"]["url"] == "https://bank.example"


async def test_a_charge_is_written_down_as_who_did_it(
    driver: PaymentDriver, owner: Connection
) -> None:
    method = await card(driver, owner)
    made = await charge(driver, "key")
    await charge(driver, "key")
    rows = await owner.fetch("select facts from audit_log where action = 'card_charged'")
    assert [json.loads(row[0]) for row in rows] == [
        {
            "payment_id": made["id"], "payment_method_id": str(method),
            "amount": "50.00", "amount_minor": 5000, "currency": "eur",
        }
    ]  # fmt: skip


async def test_stripe_may_be_asked_for_a_charge_for_ten_minutes(
    driver: PaymentDriver, owner: Connection
) -> None:
    await card(driver, owner)
    made = await charge(driver, "key")
    which = {"payment_id": made["id"]}
    assert await driver.database.call("claim_payments_to_reconcile", SERVICE, max_rows=10) == []
    await owner.execute("update payments set created_at = created_at - interval '9 minutes'")
    for _ in range(2):  # whoever looks at it meanwhile puts nothing off
        assert await driver.database.call("claim_payments_to_reconcile", SERVICE, max_rows=10) == [
            made["id"]
        ]
        await driver.database.call("claim_payment_check", SERVICE, **which)
    claim = await driver.database.call("claim_charge", SERVICE, **which)
    assert claim["claimed"]
    await owner.execute("update payments set created_at = created_at - interval '1 minute'")
    assert not (await driver.database.call("claim_charge", SERVICE, **which))["claimed"]
    assert (await driver.show(made["id"]))["status"] == "created"  # the first may still run
    until = {"sending_until": claim["sending_until"]}
    await driver.database.call("release_charge", SERVICE, **which, **until)
    assert not (await driver.database.call("claim_charge", SERVICE, **which))["claimed"]
    assert (await driver.show(made["id"]))["status"] == "expired"
    assert await driver.database.call("claim_payments_to_reconcile", SERVICE, max_rows=10) == []
    assert await driver.receive(paid("evt_late", made["id"])) == ["done"]
    assert await balance(owner) == 5000


async def test_an_order_whose_charge_was_sent_and_ended_is_free_when_stripe_must_be_done(
    driver: PaymentDriver, owner: Connection
) -> None:
    await card(driver, owner)
    made = await charge(driver, "key", order_reference="17")
    which = {"payment_id": made["id"]}
    claim = await driver.database.call("claim_charge", SERVICE, **which)
    until = {"sending_until": claim["sending_until"]}
    await driver.database.call("release_charge", SERVICE, **which, **until)
    await driver.database.call("request_payment_cancel", driver.world.ana, **which)
    assert (await driver.show(made["id"]))["status"] == "created"  # Stripe is asked first
    await driver.database.call("claim_charge", SERVICE, **which)
    assert (await driver.show(made["id"]))["status"] == "canceled"
    with pytest.raises(ReferenceUsed):
        await charge(driver, "again", order_reference="17")
    await owner.execute("update payments set sent_at = sent_at - interval '2 minutes'")
    assert (await charge(driver, "again", order_reference="17"))["status"] == "created"


async def test_stripes_refusal_ends_a_charge_unless_its_money_was_faster(
    driver: PaymentDriver, owner: Connection
) -> None:
    await card(driver, owner)
    ended, faster = await charge(driver, "ended"), await charge(driver, "faster")
    await driver.receive(paid("evt_1", faster["id"]))
    for made in (ended, faster):
        await driver.database.call(
            "mark_charge_failed", SERVICE, payment_id=made["id"], reason="resource_missing"
        )
    assert (await driver.show(ended["id"]))["last_decline"] == "resource_missing"
    assert (await driver.show(faster["id"]))["status"] == "succeeded"
