"""`select *` works for a member on whatever they may read, and has nothing that they may not.

So `supabase.from('payments').select()` works: what colleagues may not see is in tables of its own.
"""

import json
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest

from backend.database.postgres import PostgresDatabase
from backend.database.protocol import SERVICE
from tests.conftest import World
from tests.database.conftest import PaymentDriver, paid

if TYPE_CHECKING:
    Connection = asyncpg.Connection[Any]
else:
    Connection = asyncpg.Connection

KEY = "ana-1001-77"  # as the bot makes them: of the payer's Telegram id and the message's
PAGE = "https://checkout.stripe.com/c/pay/cs_1"
# Each column that colleagues see is decided on here: a new one that tells how a person asked for it
# (keys, chats, languages, pages), or who a person is elsewhere, belongs into a table in `private`.
COLUMNS = {
    "users": "id name created_at",
    "payments": "id organization_id wallet_id currency amount requested_amount received_amount"
    " funded_amount clawed_back_amount clawbacks flow payment_method_id order_reference status"
    " created_by attempt stripe_customer_id stripe_checkout_session_id stripe_payment_intent_id"
    " stripe_payment_method_id stripe_invoice_id expires_at opened_at last_decline under_review"
    " cancel_requested_at cancel_requested_by sent_at sending_until checked_at created_at"
    " succeeded_at",
    "subscriptions": "id organization_id wallet_id currency amount quoted interval package_id"
    " payment_method_id status created_by canceled_by attempt stripe_checkout_session_id"
    " stripe_subscription_id stripe_payment_method_id expires_at current_period_end cancel_at"
    " cancel_at_period_end stripe_latest_invoice_id latest_invoice_status reconciled_at"
    " refetched_at checked_at created_at",
    "refunds": "id organization_id payment_id stripe_refund_id currency amount charge_amount status"
    " stripe_status reason failure created_by attempt requested_at checked_at created_at",
    "adjustments": "reference organization_id currency amount reason created_at",
}


async def read(owner: Connection, member: Any, relation: str) -> list[dict[str, Any]]:
    """Return what a member sees of a relation, a dict a row, as PostgREST would read it."""
    async with owner.transaction():
        await owner.execute("set local role authenticated")
        await owner.fetch(
            "select set_config('request.jwt.claims', $1, true)", json.dumps(member.claims)
        )
        rows = await owner.fetch(f"select to_jsonb(r) from (select * from {relation}) as r")  # noqa: S608
    return [json.loads(row[0]) for row in rows]


@pytest.fixture
async def acme(database: PostgresDatabase, world: World, owner: Connection) -> World:
    """Ana has asked for a payment, paid it, had some of it back, and begun a recurring top-up."""
    order = {"organization_id": world.acme, "currency": "eur", "idempotency_key": KEY}
    made = await database.call(
        "create_payment", world.ana, **order, amount=5000, telegram_chat_id=1001, message_id=77
    )
    await database.call(
        "mark_payment_opened", SERVICE, payment_id=made["id"], url=PAGE,
        stripe_checkout_session_id="cs_1",
    )  # fmt: skip
    await PaymentDriver(database, world).receive(paid("evt_1", made["id"]))
    await database.call(
        "create_refund", world.ana, payment_id=made["id"], amount=100, idempotency_key=KEY
    )
    terms = {"amount": 1000, "currency": "eur", "interval": "week"}
    await database.call(
        "create_subscription", world.ana, organization_id=world.acme, terms=terms,
        idempotency_key=KEY,
    )  # fmt: skip
    await database.call(
        "adjust_wallet", SERVICE, terms={
            "reference": "a-1", "organization_id": str(world.acme), "currency": "eur", "amount": 5,
            "reason": "goodwill", "operator": "Olga",
        },
    )  # fmt: skip
    return world


@pytest.mark.parametrize("relation", sorted(COLUMNS))
async def test_a_member_selects_all_columns_and_none_of_them_is_private(
    owner: Connection, acme: World, relation: str
) -> None:
    rows = await read(owner, acme.ben, relation)
    assert rows
    assert {frozenset(row) for row in rows} == {frozenset(COLUMNS[relation].split())}
    text = json.dumps(rows)
    for secret in (KEY, PAGE, "Olga"):
        assert secret not in text
    assert not [row for row in rows if 1001 in row.values() or 77 in row.values()]


async def test_a_key_begins_one_thing_also_after_what_it_was_kept_with_moved(
    database: PostgresDatabase, acme: World
) -> None:
    attempt = await database.call("get_key_result", acme.ana, idempotency_key=KEY)
    assert None not in attempt.values()
    again = await database.call(
        "create_payment", acme.ana, organization_id=acme.acme, currency="eur",
        idempotency_key=KEY, amount=5000, telegram_chat_id=1001, message_id=77,
    )  # fmt: skip
    assert again["id"] == attempt["payment_id"]
