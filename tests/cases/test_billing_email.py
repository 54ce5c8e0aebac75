"""An owner chooses the e-mail address that Stripe has of the organization, and its pages show."""

import asyncio
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest

from backend.database.functions import customers as sql_customers
from backend.database.functions.payment_methods import SyncScope
from backend.database.protocol import SERVICE
from backend.errors import NotFound, RoleTooLow
from backend.payment_methods.sync import sync_payment_methods
from tests.backend.conftest import ANA, BEN, EVE, System
from tests.cases.test_accounting_months import request
from tests.cases.test_payers_details import PATHS, open_page
from tests.cases.test_what_members_read import read

if TYPE_CHECKING:
    Connection = asyncpg.Connection[Any]
else:
    Connection = asyncpg.Connection

Json = dict[str, Any]
BOOKS, OTHER = "books@acme.example", "accounts@acme.example"
STORED = "select email from private.billing_emails"
NO_ADDRESS = [
    "", "books", "books@acme", "@acme.example", "Books <books@acme.example>", " books@acme.example",
    "books@acme.example\n", "a@b.example\nBcc: c@d.example", "a@b.example,c@d.example",
    "büro@acme.example", "books@äcme.example", "two words@acme.example", ".books@acme.example",
    f"{'x' * 242}@acme.example", 7, ["books@acme.example"],
]  # fmt: skip


async def choose(system: System, email: Any, user: int = ANA) -> tuple[int, Json]:
    """Set the address, or remove it: status and answer."""
    return await request(system, "PATCH", "/billing", user, email=email)


def customer(system: System) -> Json:
    """The customer at Stripe that was made last."""
    *_, (_, newest) = system.store.list("customer")
    return newest


def operators(system: System) -> str:
    """The operator's address for Acme."""
    return system.services.stripe.customer_email(system.world.acme)


async def shown(system: System, user: int = ANA, amount: str = "40") -> set[str]:
    """The addresses that Stripe's pages of this amount are prefilled with."""
    pages = [await open_page(system, path, user, amount) for path in PATHS]
    views = [await system.sandbox("GET", f"/stripe/sessions/{page}") for page in pages]
    return {view["email"] for view in views}


async def test_an_owners_choice_is_on_every_payers_page_until_it_is_removed(
    system: System, owner: Connection
) -> None:
    await owner.execute("update memberships set role = 'admin' where role = 'member'")
    assert await request(system, "GET", "/billing") == (200, {"email": None})
    # The organization has no customer yet: Stripe judges the address all the same.
    assert await choose(system, BOOKS) == (200, {"email": BOOKS})
    assert await shown(system, BEN) == {BOOKS}
    assert await request(system, "GET", "/billing", BEN) == (200, {"email": BOOKS})
    assert (await choose(system, OTHER))[0] == 200
    assert customer(system)["email"] == OTHER  # at once, with no page in between
    await choose(system, OTHER)  # the same again changes nothing
    assert await choose(system, None) == (200, {"email": None})
    assert customer(system)["email"] == operators(system)
    await choose(system, None)
    _, log = await request(system, "GET", "/audit")
    acts = [(each["action"], each["name"], each["facts"]) for each in log["entries"]]
    acts = [act for act in acts if act[0].startswith("billing")]
    assert acts == [
        ("billing_email_removed", "Ana", {}),
        ("billing_email_changed", "Ana", {}),
        ("billing_email_changed", "Ana", {}),
    ]
    # What nobody can erase, and what is repeated to Stripe, never had it.
    for table in ("audit_log", "private.stripe_requests", "stripe_events", "notifications"):
        rows = await owner.fetch(f"select t::text as row from {table} as t")  # noqa: S608
        assert [row for row in rows if "@acme.example" in row["row"]] == []


async def test_owners_alone_choose_and_members_read_it_nowhere(
    system: System, owner: Connection
) -> None:
    await choose(system, BOOKS)
    for user, code in ((BEN, "role_too_low"), (EVE, "not_found")):
        for method in ("GET", "PATCH"):
            body = {"email": OTHER} if method == "PATCH" else {}
            _, refused = await request(system, method, "/billing", user, **body)
            assert refused["error"]["code"] == code
    acme, database = system.world.acme, system.services.database
    for person, refusal in ((system.world.ben, RoleTooLow), (system.world.eve, NotFound)):
        with pytest.raises(refusal):
            await sql_customers.get_customer(database, person, organization_id=acme)
        with pytest.raises(refusal):
            await sql_customers.set_billing_email(database, person, organization_id=acme)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await read(owner, person, "private.billing_emails")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await read(owner, person, "(select private.customer_json(o) from organizations o) as c")
    assert BOOKS not in str(await request(system, "GET", "", BEN))
    await owner.execute("update memberships set role = 'admin' where role = 'member'")
    status, refused = await choose(system, OTHER, BEN)
    assert (status, refused["error"]["facts"]) == (403, {"role": "owner"})
    assert (await owner.fetchval(STORED), customer(system)["email"]) == (BOOKS, BOOKS)


async def test_what_is_no_plain_address_is_refused_by_the_api_and_by_sql(
    system: System, owner: Connection
) -> None:
    for wrong in NO_ADDRESS:
        status, body = await choose(system, wrong)
        assert (status, body["error"]["code"]) == (400, "invalid_request"), wrong
        assert "email" in body["error"]["message"]
        if isinstance(wrong, str):
            with pytest.raises(asyncpg.CheckViolationError):
                await owner.execute(
                    "insert into private.billing_emails values ($1, $2)", system.world.acme, wrong
                )
    card = "4242424242424242@acme.example"
    assert (await choose(system, card))[0] == 400
    with pytest.raises(asyncpg.CheckViolationError, match="is_no_card_number"):
        await owner.execute(
            "insert into private.billing_emails values ($1, $2)", system.world.acme, card
        )
    long_email = f"o'hara+{'x' * 234}@acme.example"
    for right in (long_email, "A.B-c_d%e@mail.xn--bcher-kva.example"):
        assert await choose(system, right) == (200, {"email": right})


async def test_what_stripe_refuses_is_said_and_not_stored(
    system: System, owner: Connection
) -> None:
    await system.sandbox("POST", "/stripe/faults", refused_emails=[OTHER])
    for before in (None, BOOKS):
        await choose(system, before)
        status, body = await choose(system, OTHER)
        assert (status, body["error"]["code"]) == (422, "billing_email_refused")
        assert "does not accept this e-mail address" in body["error"]["message"]
        assert await owner.fetchval(STORED) == before
        assert customer(system)["email"] == (before or operators(system))
    await system.sandbox("POST", "/stripe/faults", refused_emails=[], lacks=["customer_write"])
    for other in (OTHER, None):
        status, body = await choose(system, other)
        assert (status, body["error"]["code"]) == (409, "stripe_refused")
        assert await owner.fetchval(STORED) == BOOKS


async def test_the_choice_outlives_changes_at_stripe_and_the_customer(
    system: System, owner: Connection
) -> None:
    await system.sandbox("POST", "/stripe/faults", drop=True)  # without help of webhooks
    await choose(system, BOOKS)
    acme: SyncScope = {"organization_id": str(system.world.acme)}
    for seen in (None, "private@ana.example"):  # lost, and changed in Stripe's dashboard
        system.store.put("customer", customer(system)["id"], customer(system) | {"email": seen})
        await sync_payment_methods(system.services, acme)
        assert customer(system)["email"] == BOOKS
    gone = customer(system)["id"]
    system.store.put("customer", gone, {"id": gone, "object": "customer", "deleted": True})
    assert (await choose(system, OTHER))[0] == 200
    assert await shown(system) == {OTHER}
    assert customer(system)["id"] != gone
    # A customer that was made while the address was refused is paid with all the same.
    await system.sandbox("POST", "/stripe/faults", refused_emails=[OTHER])
    await owner.execute("update organizations set stripe_customer_id = null")
    await owner.execute("insert into private.customer_attempts values ($1, 9)"
                        " on conflict (organization_id) do update set attempt = 9",
                        system.world.acme)  # fmt: skip
    assert await shown(system, amount="41") == {operators(system)}
    await system.sandbox("POST", "/stripe/faults", refused_emails=[])
    await sync_payment_methods(system.services, acme)
    assert customer(system)["email"] == OTHER


async def test_a_customer_that_was_made_meanwhile_has_it_too(
    system: System, owner: Connection
) -> None:
    await choose(system, BOOKS)
    first = customer(system)
    other = first | {"id": "cus_other", "email": BOOKS}
    system.store.put("customer", other["id"], other)
    await system.sandbox("POST", "/stripe/faults", drop=True, api_slow=1)
    choice = asyncio.create_task(choose(system, OTHER))
    async with asyncio.timeout(60):
        while (system.store.get("customer", first["id"]) or {})["email"] != OTHER:
            await asyncio.sleep(0.01)
    # Stripe has done it and has not answered yet.
    await owner.execute("update organizations set stripe_customer_id = $1", other["id"])
    assert (await choice)[0] == 200
    assert (system.store.get("customer", other["id"]) or {})["email"] == OTHER


async def test_it_is_erased_with_the_organizations_only_member(
    system: System, owner: Connection
) -> None:
    await choose(system, BOOKS)
    await owner.execute("delete from memberships where role = 'member'")
    erased = await system.services.database.call("erase_person", SERVICE, telegram_id=ANA)
    assert erased["erased"]
    assert await owner.fetchval(STORED) is None
