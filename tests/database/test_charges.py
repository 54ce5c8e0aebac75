"""Paying with a saved card, in SQL: which card, which order, and one credit whatever comes when."""

import asyncio
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
from tests.database.conftest import Till, event, paid

if TYPE_CHECKING:
    Connection = asyncpg.Connection[Any]
else:
    Connection = asyncpg.Connection


async def card(till: Till, owner: Connection, default: bool = True, **changed: Any) -> UUID:
    """A saved card of Acme's, unless `changed`."""
    await owner.execute("update organizations set stripe_customer_id = 'cus_' || id")
    row = {
        "organization_id": till.world.acme, "stripe_payment_method_id": f"pm_{uuid4().hex}",
        "type": "card", "brand": "visa", "last_four": "4242", "exp_month": 12, "exp_year": 2034,
        "is_default": default,
    } | changed  # fmt: skip
    places = ", ".join(f"${place}" for place in range(1, len(row) + 1))
    made: UUID = await owner.fetchval(
        f"insert into payment_methods ({', '.join(row)}) values ({places}) returning id",  # noqa: S608
        *row.values(),
    )
    return made


async def charge(till: Till, key: str, who: TelegramUser | None = None, **changed: Any) -> Any:
    """A charge of EUR 50 as `create_payment` answers it, unless `changed`."""
    order = {"organization_id": till.world.acme, "amount": 5000, "currency": "eur"} | changed
    return await till.database.call(
        "create_payment", who or till.world.ana, idempotency_key=key, flow="charge", **order
    )


async def balance(owner: Connection) -> int:
    return int(await owner.fetchval("select sum(balance) from accounts where kind = 'wallet'"))


async def test_the_default_card_is_charged_unless_another_of_the_organization_is_named(
    till: Till, owner: Connection
) -> None:
    with pytest.raises(NotFound) as refused:
        await charge(till, "none")
    assert refused.value.facts == {"what": "payment method"}
    await card(till, owner)
    other = await card(till, owner, default=False, brand="mastercard", last_four="4444")
    assert (await charge(till, "1"))["paid_with"] == "Visa •••• 4242"
    made = await charge(till, "2", payment_method_id=other)
    assert made["paid_with"] == "Mastercard •••• 4444"
    row = await till.database.call("start_payment", SERVICE, payment_id=made["id"])
    assert row["stripe_customer_id"] == f"cus_{till.world.acme}"
    assert row["stripe_payment_method_id"].startswith("pm_")


async def test_a_removed_card_and_another_organizations_are_not_there(
    till: Till, owner: Connection
) -> None:
    other = await owner.fetchval("insert into organizations (name) values ('Other') returning id")
    removed = await card(till, owner, default=False, is_active=False)
    theirs = await card(till, owner, organization_id=other)
    for number, method in enumerate((removed, theirs, uuid4())):
        with pytest.raises(NotFound):
            await charge(till, str(number), payment_method_id=method)
    assert not await owner.fetchval("select count(*) from payments")


async def test_a_repeat_goes_on_with_its_card_and_another_request_is_refused(
    till: Till, owner: Connection
) -> None:
    first = await card(till, owner)
    made = await charge(till, "key", order_reference="order 1")
    await owner.execute("update payment_methods set is_default = false, is_active = false")
    other = await card(till, owner)
    assert await charge(till, "key", order_reference="order 1") == made
    for changed in ({"amount": 5001}, {"payment_method_id": other}, {"order_reference": "order 2"}):
        with pytest.raises(IdempotencyKeyReused):
            await charge(till, "key", **({"order_reference": "order 1"} | changed))
    assert await owner.fetchval("select payment_method_id from payments") == first


async def test_an_order_is_paid_once_and_what_did_not_come_off_may_be_tried_again(
    till: Till, owner: Connection
) -> None:
    await card(till, owner)
    answers = await asyncio.gather(
        *(charge(till, str(number), order_reference="17") for number in range(8)),
        return_exceptions=True,
    )
    made = [answer for answer in answers if not isinstance(answer, BaseException)]
    assert len(made) == 1
    assert {type(answer) for answer in answers} == {dict, ReferenceUsed}
    with pytest.raises(ReferenceUsed) as refused:
        await charge(till, "again", order_reference="17")
    assert refused.value.facts == {"payment": made[0]["id"]}
    declined = event("evt_1", outcome="declined", payment_id=made[0]["id"], intent_id="pi_1",
                     decline="insufficient_funds")  # fmt: skip
    assert await till.receive(declined) == ["done"]
    shown = await till.show(made[0]["id"])
    assert (shown["status"], shown["last_decline"]) == ("failed", "insufficient_funds")
    again = await charge(till, "again", order_reference="17")
    # The first was not over after all: its money counts, and so does the second's.
    for number, payment in enumerate((made[0]["id"], again["id"])):
        await till.receive(paid(f"evt_paid_{number}", payment, intent_id=f"pi_{number + 1}"))
    assert await balance(owner) == 10_000


async def test_members_and_strangers_charge_nothing_and_see_no_card_and_no_link(
    till: Till, owner: Connection
) -> None:
    method = await card(till, owner)
    made = await charge(till, "key")
    await till.database.call(
        "open_payment", SERVICE, payment_id=made["id"], intent_id="pi_1", url="https://bank.example"
    )
    with pytest.raises(RoleTooLow):
        await charge(till, "ben", till.world.ben, payment_method_id=method)
    with pytest.raises(NotFound):
        await charge(till, "eve", till.world.eve, payment_method_id=method)
    shown = await till.show(made["id"])
    assert (shown["paid_with"], shown["url"]) == ("Visa •••• 4242", "https://bank.example")
    listed = await till.database.call(
        "list_payments", till.world.ben, organization_id=till.world.acme
    )
    for seen in (
        await till.database.call("get_payment", till.world.ben, payment_id=made["id"]),
        *listed["payments"],
    ):
        assert (seen["status"], seen["paid_with"], seen["url"]) == ("pending", None, None)
    await till.database.call("choose_organization", till.world.ana, organization_id=till.world.acme)
    told = await till.database.call("claim_notifications", SERVICE, most=10)
    assert told[0]["payment"]["url"] == "https://bank.example"


async def test_a_charge_is_written_down_as_who_did_it(till: Till, owner: Connection) -> None:
    method = await card(till, owner)
    made = await charge(till, "key")
    await charge(till, "key")
    rows = await owner.fetch("select facts from audit_log where action = 'card_charged'")
    assert [row[0] for row in rows] == [
        f'{{"payment_id": "{made["id"]}", "payment_method_id": "{method}"}}'
    ]


async def test_stripe_may_be_asked_for_a_charge_for_ten_minutes(
    till: Till, owner: Connection
) -> None:
    await card(till, owner)
    made = await charge(till, "key")
    which = {"payment_id": made["id"]}
    assert await till.database.call("unsettled_payments", SERVICE, most=10) == []
    await owner.execute("update payments set created_at = created_at - interval '9 minutes'")
    for _ in range(2):  # whoever looks at it meanwhile puts nothing off
        assert await till.database.call("unsettled_payments", SERVICE, most=10) == [made["id"]]
        await till.database.call("start_check", SERVICE, **which)
    claim = await till.database.call("claim_charge", SERVICE, **which)
    assert claim["claimed"]
    await owner.execute("update payments set created_at = created_at - interval '1 minute'")
    assert not (await till.database.call("claim_charge", SERVICE, **which))["claimed"]
    assert (await till.show(made["id"]))["status"] == "created"  # the first may still run
    until = {"sending_until": claim["sending_until"]}
    await till.database.call("release_charge", SERVICE, **which, **until)
    assert not (await till.database.call("claim_charge", SERVICE, **which))["claimed"]
    assert (await till.show(made["id"]))["status"] == "expired"
    assert await till.database.call("unsettled_payments", SERVICE, most=10) == []
    assert await till.receive(paid("evt_late", made["id"])) == ["done"]
    assert await balance(owner) == 5000


async def test_an_order_whose_charge_was_sent_and_ended_is_free_when_stripe_must_be_done(
    till: Till, owner: Connection
) -> None:
    await card(till, owner)
    made = await charge(till, "key", order_reference="17")
    which = {"payment_id": made["id"]}
    claim = await till.database.call("claim_charge", SERVICE, **which)
    until = {"sending_until": claim["sending_until"]}
    await till.database.call("release_charge", SERVICE, **which, **until)
    await till.database.call("request_cancel", till.world.ana, **which)
    assert (await till.show(made["id"]))["status"] == "created"  # Stripe is asked first
    await till.database.call("claim_charge", SERVICE, **which)
    assert (await till.show(made["id"]))["status"] == "canceled"
    with pytest.raises(ReferenceUsed):
        await charge(till, "again", order_reference="17")
    await owner.execute("update payments set sent_at = sent_at - interval '2 minutes'")
    assert (await charge(till, "again", order_reference="17"))["status"] == "created"


async def test_stripes_refusal_ends_a_charge_unless_its_money_was_faster(
    till: Till, owner: Connection
) -> None:
    await card(till, owner)
    ended, faster = await charge(till, "ended"), await charge(till, "faster")
    await till.receive(paid("evt_1", faster["id"]))
    for made in (ended, faster):
        await till.database.call(
            "end_charge", SERVICE, payment_id=made["id"], reason="resource_missing"
        )
    assert (await till.show(ended["id"]))["last_decline"] == "resource_missing"
    assert (await till.show(faster["id"]))["status"] == "succeeded"
