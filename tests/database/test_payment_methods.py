"""The sync of an organization's cards: as Stripe says, once each, never an older answer."""

from typing import TYPE_CHECKING, Any

import asyncpg
import pytest

from backend.database.protocol import SERVICE
from tests.database.conftest import PaymentDriver

Json = dict[str, Any]
if TYPE_CHECKING:
    Connection = asyncpg.Connection[Any]
else:
    Connection = asyncpg.Connection


def stripe_method(method_id: str = "pm_1", **changed: Any) -> Json:
    """What Stripe tells of a Visa card, unless `changed`."""
    visa = {
        "stripe_payment_method_id": method_id, "type": "card", "brand": "visa", "last_four": "4242",
        "exp_month": 12, "exp_year": 2040, "country": "US", "wallet": None,
        "fingerprint": f"f_{method_id}", "created": 1,
    }  # fmt: skip
    return visa | changed


class SyncDriver:
    """Acme as Stripe's customer, and what Stripe is found to say."""

    def __init__(self, driver: PaymentDriver) -> None:
        self.driver = driver

    async def sync_target(self, **fact: Any) -> Json:
        """Begin to ask Stripe."""
        target: Json = await self.driver.database.call(
            "get_payment_method_sync", SERVICE, fact={"stripe_customer_id": "cus_acme"} | fact
        )
        return target

    async def write_answer(
        self, *methods: Json, sync_target: Json | None = None, **more: Any
    ) -> Json:
        """Write what it answered."""
        target = sync_target or await self.sync_target()
        result: Json = await self.driver.database.call(
            "sync_payment_methods", SERVICE, organization_id=target["organization_id"],
            refetched_at=target["refetched_at"], methods=list(methods), **more,
        )  # fmt: skip
        return result


@pytest.fixture
async def sync(driver: PaymentDriver) -> SyncDriver:
    await driver.database.call(
        "set_stripe_customer",
        SERVICE,
        organization_id=driver.world.acme,
        stripe_customer_id="cus_acme",
    )
    return SyncDriver(driver)


async def active(owner: Connection) -> list[str]:
    rows = await owner.fetch(
        "select stripe_payment_method_id || case when is_default then '*' else '' end"
        " from payment_methods where is_active order by 1"
    )
    return [row[0] for row in rows]


@pytest.mark.parametrize(
    ("method", "name"),
    [
        (stripe_method(), "Visa •••• 4242"),
        (stripe_method(brand="amex", last_four="0005"), "American Express •••• 0005"),
        (stripe_method(brand="new_brand"), "Card •••• 4242"),
        (stripe_method(type="link", brand=None, last_four=None), "Link"),
        (stripe_method(type="paypal", brand=None, last_four=None), "PayPal"),
        (stripe_method(type="sepa_debit", brand=None, last_four="3000"), "SEPA Debit •••• 3000"),
        (
            stripe_method(type="us_bank_account", brand="STRIPE TEST BANK"),
            "Stripe Test Bank •••• 4242",
        ),
        (stripe_method(type="us_bank_account", brand=None), "Bank account •••• 4242"),
        (stripe_method(type="some_new_way", brand=None, last_four=None), "Some New Way"),
    ],
)
async def test_a_method_is_called_as_people_know_it(
    sync: SyncDriver, owner: Connection, method: Json, name: str
) -> None:
    await sync.write_answer(method)
    assert await owner.fetchval("select private.display_name(m) from payment_methods as m") == name


async def test_an_older_answer_never_overwrites_a_newer_one(
    sync: SyncDriver, owner: Connection
) -> None:
    older, newer = await sync.sync_target(), await sync.sync_target()
    both = (stripe_method("pm_1"), stripe_method("pm_2"))
    assert (await sync.write_answer(*both, sync_target=newer))["fresh"]
    assert not (await sync.write_answer(stripe_method("pm_1"), sync_target=older))["fresh"]
    assert await active(owner) == ["pm_1", "pm_2"]


async def test_what_stripe_has_no_more_stays_as_history_only(
    sync: SyncDriver, owner: Connection
) -> None:
    await sync.write_answer(stripe_method("pm_1"), stripe_method("pm_2"), default_id="pm_2")
    assert await active(owner) == ["pm_1", "pm_2*"]
    assert (await sync.write_answer(stripe_method("pm_1")))["new_default_id"] == "pm_1"
    assert await active(owner) == ["pm_1"]
    assert await owner.fetchval("select count(*) from payment_methods") == 2


async def test_the_same_card_twice_is_kept_once_and_told_which_to_let_go(
    sync: SyncDriver, owner: Connection
) -> None:
    first, again = (
        stripe_method("pm_1", fingerprint="f"),
        stripe_method("pm_2", fingerprint="f", created=2),
    )
    renewed = stripe_method("pm_3", fingerprint="f", created=3, exp_year=2045)
    result = await sync.write_answer(again, first, renewed, default_id="pm_2")
    assert (result["detach"], result["new_default_id"]) == (
        [],
        "pm_1",
    )  # a subscription may pay with it
    result = await sync.write_answer(again, first, renewed, default_id="pm_1", added_id="pm_2")
    assert (result["detach"], result["new_default_id"]) == (["pm_2"], None)
    assert await active(owner) == ["pm_1*", "pm_3"]
    nameless = stripe_method("pm_4", fingerprint=None), stripe_method("pm_5", fingerprint=None)
    assert (await sync.write_answer(*nameless))["detach"] == []


async def test_events_say_whose_methods_changed_and_stripe_how_they_stand(
    sync: SyncDriver, driver: PaymentDriver
) -> None:
    async def verdict(**fact: Any) -> str:
        event = {
            "id": f"evt_{fact}", "type": "test", "livemode": False, "created": 1,
            "fact": {"about": "method", "outcome": "changed"} | fact,
        }  # fmt: skip
        results = await driver.database.call("receive_events", SERVICE, events=[event])
        return str(results[0]["reason"])

    await sync.write_answer(stripe_method("pm_1"))
    assert await verdict(stripe_customer_id="cus_acme") == "needs_refetch"
    assert (
        await verdict(stripe_customer_id=None, stripe_payment_method_id="pm_1") == "needs_refetch"
    )
    assert (
        await verdict(stripe_customer_id="cus_other", stripe_payment_method_id="pm_9") == "not ours"
    )
    # Asked again about an event that the answer of the sync is newer than: nothing to ask.
    await sync.write_answer(
        stripe_method("pm_1")
    )  # it is to be made the default: whoever is asked next does so
    assert (await sync.sync_target())["due"]
    await sync.write_answer(stripe_method("pm_1"), default_id="pm_1")
    again = await driver.database.call(
        "get_payment_method_sync", SERVICE, fact={"stripe_customer_id": "cus_acme"},
        event_id="evt_{'stripe_customer_id': 'cus_acme'}",
    )  # fmt: skip
    assert again == {"due": False}


async def test_adding_and_removing_is_told_to_the_others_who_may_pay(
    sync: SyncDriver, owner: Connection
) -> None:
    ana = await owner.fetchval("select id from private.users where name = 'Ana'")
    await owner.execute("update memberships set role = 'admin' where user_id <> $1", ana)
    await sync.write_answer(stripe_method("pm_1"), added_id="pm_1", added_by=ana)
    await sync.write_answer(stripe_method("pm_1"), added_id="pm_1", added_by=ana)  # told once
    waiting = (
        "select n.facts ->> 'happened', u.name from notifications as n"
        " inner join chats as c on n.chat_id = c.id"
        " inner join private.users as u on c.user_id = u.id"
        " order by u.name"
    )
    assert [tuple(row) for row in await owner.fetch(waiting)] == [("added", "Ben")]
    await sync.write_answer()  # Ben has not seen yet that it was added
    assert [tuple(row) for row in await owner.fetch(waiting)] == [
        ("removed", "Ana"),
        ("removed", "Ben"),
    ]
    actions = await owner.fetch("select action from audit_log order by id")
    assert [row[0] for row in actions] == ["method_added", "method_removed"]


async def test_a_message_shows_its_newest_link_and_nothing_of_older_ones(
    sync: SyncDriver, driver: PaymentDriver, owner: Connection
) -> None:
    where = {"telegram_chat_id": driver.world.ana.telegram_id, "message_id": 7}
    links = [
        await driver.database.call(
            "create_setup_link", driver.world.ana, organization_id=driver.world.acme,
            idempotency_key=key, **where,
        )
        for key in ("older", "newer")
    ]  # fmt: skip
    for link in links:
        await driver.database.call(
            "settle_setup_link", SERVICE, link_id=link["link_id"], expired=True
        )
    shown = await owner.fetch("select link_id from notifications where kind = 'method_link_shown'")
    assert [str(row["link_id"]) for row in shown] == [links[1]["link_id"]]
