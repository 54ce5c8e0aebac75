"""The mirror of an organization's cards: as Stripe says, once each, never an older answer."""

from typing import TYPE_CHECKING, Any

import asyncpg
import pytest

from backend.database.protocol import SERVICE
from tests.database.conftest import Till

Json = dict[str, Any]
if TYPE_CHECKING:
    Connection = asyncpg.Connection[Any]
else:
    Connection = asyncpg.Connection


def told(method_id: str = "pm_1", **changed: Any) -> Json:
    """What Stripe tells of a Visa card, unless `changed`."""
    visa = {
        "stripe_payment_method_id": method_id, "type": "card", "brand": "visa", "last_four": "4242",
        "exp_month": 12, "exp_year": 2040, "country": "US", "wallet": None,
        "fingerprint": f"f_{method_id}", "created": 1,
    }  # fmt: skip
    return visa | changed


class Mirror:
    """Acme as Stripe's customer, and what Stripe is found to say."""

    def __init__(self, till: Till) -> None:
        self.till = till

    async def look(self, **fact: Any) -> Json:
        """Begin to ask Stripe."""
        asked: Json = await self.till.database.call(
            "start_method_look", SERVICE, fact={"customer_id": "cus_acme"} | fact
        )
        return asked

    async def write(self, *methods: Json, look: Json | None = None, **more: Any) -> Json:
        """Write what it answered."""
        asked = look or await self.look()
        found: Json = await self.till.database.call(
            "mirror_methods", SERVICE, organization_id=asked["organization_id"],
            looked_at=asked["looked_at"], methods=list(methods), **more,
        )  # fmt: skip
        return found


@pytest.fixture
async def mirror(till: Till) -> Mirror:
    await till.database.call(
        "keep_customer", SERVICE, organization_id=till.world.acme, customer_id="cus_acme"
    )
    return Mirror(till)


async def active(owner: Connection) -> list[str]:
    rows = await owner.fetch(
        "select stripe_payment_method_id || case when is_default then '*' else '' end"
        " from payment_methods where is_active order by 1"
    )
    return [row[0] for row in rows]


@pytest.mark.parametrize(
    ("method", "name"),
    [
        (told(), "Visa •••• 4242"),
        (told(brand="amex", last_four="0005"), "American Express •••• 0005"),
        (told(brand="new_brand"), "Card •••• 4242"),
        (told(type="link", brand=None, last_four=None), "Link"),
        (told(type="paypal", brand=None, last_four=None), "PayPal"),
        (told(type="sepa_debit", brand=None, last_four="3000"), "SEPA Debit •••• 3000"),
        (told(type="us_bank_account", brand="STRIPE TEST BANK"), "Stripe Test Bank •••• 4242"),
        (told(type="us_bank_account", brand=None), "Bank account •••• 4242"),
        (told(type="some_new_way", brand=None, last_four=None), "Some New Way"),
    ],
)
async def test_a_method_is_called_as_people_know_it(
    mirror: Mirror, owner: Connection, method: Json, name: str
) -> None:
    await mirror.write(method)
    assert await owner.fetchval("select private.display_name(m) from payment_methods as m") == name


async def test_an_older_answer_never_overwrites_a_newer_one(
    mirror: Mirror, owner: Connection
) -> None:
    older, newer = await mirror.look(), await mirror.look()
    assert (await mirror.write(told("pm_1"), told("pm_2"), look=newer))["fresh"]
    assert not (await mirror.write(told("pm_1"), look=older))["fresh"]
    assert await active(owner) == ["pm_1", "pm_2"]


async def test_what_stripe_has_no_more_stays_as_history_only(
    mirror: Mirror, owner: Connection
) -> None:
    await mirror.write(told("pm_1"), told("pm_2"), default_id="pm_2")
    assert await active(owner) == ["pm_1", "pm_2*"]
    assert (await mirror.write(told("pm_1")))["default_to"] == "pm_1"
    assert await active(owner) == ["pm_1"]
    assert await owner.fetchval("select count(*) from payment_methods") == 2


async def test_the_same_card_twice_is_kept_once_and_told_which_to_let_go(
    mirror: Mirror, owner: Connection
) -> None:
    first, again = told("pm_1", fingerprint="f"), told("pm_2", fingerprint="f", created=2)
    renewed = told("pm_3", fingerprint="f", created=3, exp_year=2045)
    found = await mirror.write(again, first, renewed, default_id="pm_2")
    assert (found["detach"], found["default_to"]) == ([], "pm_1")  # a subscription may pay with it
    found = await mirror.write(again, first, renewed, default_id="pm_1", added_id="pm_2")
    assert (found["detach"], found["default_to"]) == (["pm_2"], None)
    assert await active(owner) == ["pm_1*", "pm_3"]
    nameless = told("pm_4", fingerprint=None), told("pm_5", fingerprint=None)
    assert (await mirror.write(*nameless))["detach"] == []


async def test_events_say_whose_methods_changed_and_stripe_how_they_stand(
    mirror: Mirror, till: Till
) -> None:
    async def verdict(**fact: Any) -> str:
        event = {
            "id": f"evt_{fact}", "type": "test", "livemode": False, "created": 1,
            "fact": {"about": "method", "outcome": "changed"} | fact,
        }  # fmt: skip
        results = await till.database.call("receive_events", SERVICE, events=[event])
        return str(results[0]["reason"])

    await mirror.write(told("pm_1"))
    assert await verdict(customer_id="cus_acme") == "stripe_decides"
    assert await verdict(customer_id=None, method_id="pm_1") == "stripe_decides"
    assert await verdict(customer_id="cus_other", method_id="pm_9") == "not ours"
    # Asked again about an event that the answer of the mirror is newer than: nothing to ask.
    await mirror.write(told("pm_1"))  # it is to be made the default: whoever is asked next does so
    assert (await mirror.look())["due"]
    await mirror.write(told("pm_1"), default_id="pm_1")
    again = await till.database.call(
        "start_method_look", SERVICE, fact={"customer_id": "cus_acme"},
        event_id="evt_{'customer_id': 'cus_acme'}",
    )  # fmt: skip
    assert again == {"due": False}


async def test_adding_and_removing_is_told_to_the_others_who_may_pay(
    mirror: Mirror, owner: Connection
) -> None:
    ana = await owner.fetchval("select id from users where name = 'Ana'")
    await owner.execute("update memberships set role = 'admin' where user_id <> $1", ana)
    await mirror.write(told("pm_1"), added_id="pm_1", added_by=ana)
    await mirror.write(told("pm_1"), added_id="pm_1", added_by=ana)  # told once
    await mirror.write()
    rows = await owner.fetch(
        "select n.facts ->> 'happened', u.name from notifications as n"
        " inner join chats as c on n.chat_id = c.id inner join users as u on c.user_id = u.id"
        " order by n.id"
    )
    assert [tuple(row) for row in rows] == [
        ("added", "Ben"),
        ("removed", "Ana"),
        ("removed", "Ben"),
    ]
    actions = await owner.fetch("select action from audit_log order by id")
    assert [row[0] for row in actions] == ["method_added", "method_removed"]


async def test_a_message_shows_its_newest_link_and_nothing_of_older_ones(
    mirror: Mirror, till: Till, owner: Connection
) -> None:
    where = {"telegram_chat_id": till.world.ana.telegram_id, "message_id": 7}
    links = [
        await till.database.call(
            "create_method_link", till.world.ana, organization_id=till.world.acme,
            idempotency_key=key, **where,
        )
        for key in ("older", "newer")
    ]  # fmt: skip
    for link in links:
        await till.database.call(
            "settle_method_link", SERVICE, link_id=link["link_id"], expired=True
        )
    shown = await owner.fetch("select link_id from notifications where kind = 'method_link_shown'")
    assert [str(row["link_id"]) for row in shown] == [links[1]["link_id"]]
