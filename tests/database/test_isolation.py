"""Nobody sees or moves another's money: everybody against every table, view and function.

Once as Supabase sets a project up (it grants everything in `public` by default) and once without.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest

from backend.database import migrations
from backend.database.postgres import PostgresDatabase, postgres_database
from backend.database.protocol import SERVICE, TelegramUser
from backend.errors import NotFound, RoleTooLow, Unauthorized
from backend.wallets.money import CURRENCIES
from sandbox.postgres.cluster import EmbeddedPostgres
from tests.conftest import World, populate
from tests.database.conftest import PaymentDriver, paid
from tests.database.test_clawbacks import dispute, refund

if TYPE_CHECKING:
    Connection = asyncpg.Connection[Any]
else:
    Connection = asyncpg.Connection

NOBODY = TelegramUser(999_999)
READABLE_BY_MEMBERS = {
    "currencies", "users", "organizations", "memberships", "wallets", "accounts", "transfers",
    "entries", "payments", "refunds", "disputes", "payment_statistics", "audit_log",
    "accounting_time_zones",
    "payment_methods", "subscriptions", "adjustments",
}  # fmt: skip
ONLY_OWNERS_SEE = {"audit_log", "payment_methods"}
CALLABLE_BY_MEMBERS = {
    "api.get_own_user_id", "api.undo_link", "api.set_accounting_time_zone",
    "api.list_payments", "api.find_payments", "api.get_payment_timeline",
    "api.get_payment_of_caller", "api.list_transactions", "api.list_wallets", "api.get_statement",
    "api.create_payment", "api.get_customer", "api.get_payment", "api.request_payment_cancel",
    "api.set_billing_email",
    "api.create_refund", "api.get_refund", "api.get_key_result",
    "api.is_key_used",
    "api.create_link_code", "api.redeem_link_code",
    "api.get_group", "api.tie_group", "api.set_group_permissions", "api.get_group_balance",
    "api.list_packages", "api.create_subscription", "api.list_subscriptions",
    "api.get_subscription", "api.request_subscription_change",
    "api.get_settings", "api.change_settings",
    "api.list_organizations", "api.get_organization", "api.create_organization",
    "api.rename_organization", "api.set_default_organization", "api.list_members",
    "api.change_role", "api.remove_member", "api.list_audit_log", "api.list_invitations",
    "api.create_invitation",
    "api.revoke_invitation", "api.get_invitation", "api.accept_invitation",
    "api.list_payment_methods", "api.get_payment_method",
    "api.request_payment_method_change", "api.set_payment_method_label",
    "api.request_payment_method_addition", "api.create_setup_link", "api.get_setup_link",
    # What policies and invoker functions need; none of them takes a stranger's word for anything.
    "private.current_user_id", "private.member_organization_ids", "private.owned_organization_ids",
    "private.manageable_organization_ids",
    "private.refuse", "private.refusals", "public.wallet_balance",
}  # fmt: skip


@pytest.fixture(scope="module", params=[True, False], ids=["supabase_grants", "plain"])
def url(postgres: EmbeddedPostgres, request: pytest.FixtureRequest) -> Iterator[str]:
    name = f"isolation_{str(request.param).lower()}"
    url = asyncio.run(postgres.create_database(name, default_privileges=request.param))
    asyncio.run(migrations.migrate(url))
    yield url
    asyncio.run(postgres.drop_database(name))


@pytest.fixture
async def owner(url: str) -> AsyncIterator[Connection]:
    connection = await asyncpg.connect(url)
    yield connection
    await connection.close()


@pytest.fixture
async def database(url: str) -> AsyncIterator[PostgresDatabase]:
    async with postgres_database(url) as opened:
        await opened.call("claim_stripe_account", SERVICE, livemode=False)
        yield opened


@pytest.fixture
async def acme(database: PostgresDatabase, owner: Connection) -> World:
    """Acme with a credited wallet; Eve has an organization of her own with one as well."""
    world = await populate(database, owner)
    key = str(world.acme)
    payment = await PaymentDriver(database, world).payment(key=key)
    lost = dispute(payment, "withdrawn", id=f"dp_{key}", amount_minor=1000)
    await PaymentDriver(database, world).receive(
        paid(f"evt_{key}", payment),
        {**refund(payment, "succeeded", id=f"re_{key}"), "id": f"evt_re_{key}"},
        {**lost, "id": f"evt_dp_{key}"},
    )
    await owner.execute("select private.audit($1, 'something_done')", world.acme)
    await owner.execute(
        "insert into accounting_time_zones (organization_id, from_month, time_zone)"
        " values ($1, '2026-12-01', 'Europe/Berlin')", world.acme,
    )  # fmt: skip
    await owner.execute(
        "insert into payment_methods (organization_id, stripe_payment_method_id, type)"
        " values ($1::uuid, 'pm_' || $1::text, 'link')", world.acme,
    )  # fmt: skip
    await owner.execute(
        "insert into subscriptions (organization_id, wallet_id, currency, amount, quoted, interval,"
        " created_by, expires_at) select w.organization_id, w.id, w.currency, 100, '{100}', 'week',"
        " m.user_id, now() from wallets as w inner join memberships as m using (organization_id)"
        " where w.organization_id = $1 and m.role = 'owner'",
        world.acme,
    )
    await owner.execute(
        "insert into adjustments (reference, organization_id, currency, amount, reason)"
        " values ('a-' || $1::uuid, $1, 'eur', 1, 'goodwill')",
        world.acme,
    )
    return world


async def relations(owner: Connection) -> list[str]:
    rows = await owner.fetch(
        "select n.nspname || '.' || c.relname from pg_class as c"
        " inner join pg_namespace as n on c.relnamespace = n.oid"
        " where n.nspname in ('public', 'private', 'api') and c.relkind in ('r', 'v', 'm', 'p')"
    )
    return sorted(row[0] for row in rows)


async def seen(owner: Connection, role: str, who: TelegramUser | None, relation: str) -> int | None:
    """How many rows somebody sees, or None where even looking is denied."""
    claims = json.dumps(who.claims if who else {})
    transaction = owner.transaction()
    await transaction.start()
    try:
        await owner.execute(f"set local role {role}")
        await owner.fetchval("select set_config('request.jwt.claims', $1, true)", claims)
        query = f"select count(*) from (select * from {relation}) as r"  # noqa: S608
        return int(await owner.fetchval(query))
    except asyncpg.InsufficientPrivilegeError:
        return None
    finally:
        await transaction.rollback()


async def test_anonymous_sees_nothing_at_all(owner: Connection, acme: World) -> None:
    for relation in await relations(owner):
        assert await seen(owner, "anon", None, relation) is None, relation


async def test_strangers_see_only_themselves(owner: Connection, acme: World) -> None:
    for relation in await relations(owner):
        count = await seen(owner, "authenticated", acme.eve, relation)
        allowed = relation.removeprefix("public.") in READABLE_BY_MEMBERS
        only = {"public.currencies": len(CURRENCIES), "public.users": 1}.get(relation, 0)
        assert count == (only if allowed else None), (
            f"{relation}: READABLE_BY_MEMBERS lists what `authenticated` may select"
        )
        if allowed and relation != "public.currencies":
            assert await seen(owner, "authenticated", NOBODY, relation) == 0, relation


async def test_members_see_exactly_their_organizations_rows(owner: Connection, acme: World) -> None:
    for relation in await relations(owner):
        if relation.removeprefix("public.") in READABLE_BY_MEMBERS - {"currencies", "users"}:
            ben = await seen(owner, "authenticated", acme.ben, relation)
            assert bool(ben) != (relation.removeprefix("public.") in ONLY_OWNERS_SEE), relation
            assert await seen(owner, "authenticated", acme.ana, relation), relation
    rows = await owner.fetch(
        "select m.organization_id from memberships as m"
        " inner join private.users as u on u.id = m.user_id and u.telegram_id = 1002"
    )
    mine = {row[0] for row in rows}
    async with owner.transaction():
        await owner.execute("set local role authenticated")
        await owner.fetchval(
            "select set_config('request.jwt.claims', $1, true)", json.dumps(acme.ben.claims)
        )
        for table in ("wallets", "accounts", "transfers", "entries", "payments", "memberships"):
            fetched = await owner.fetch(f"select distinct organization_id from {table}")  # noqa: S608
            assert {row[0] for row in fetched} == mine, table


@pytest.mark.parametrize("role", ["anon", "authenticated", "service_role"])
async def test_nobody_writes_a_table_directly(owner: Connection, role: str) -> None:
    for relation in await relations(owner):
        granted = [
            privilege
            for privilege in ("insert", "update", "delete", "truncate", "references", "trigger")
            if await owner.fetchval(
                "select has_table_privilege($1, $2, $3)", role, relation, privilege
            )
        ]
        assert not granted, (relation, granted)


@pytest.mark.parametrize("role", ["anon", "authenticated", "service_role"])
async def test_nobody_touches_a_sequence(owner: Connection, role: str) -> None:
    rows = await owner.fetch(
        "select s.sequencename from pg_sequences as s"
        " where s.schemaname in ('public', 'private', 'api') and has_sequence_privilege("
        "$1, format('%I.%I', s.schemaname, s.sequencename), 'usage, select, update')",
        role,
    )
    assert rows == []


async def test_every_function_is_granted_by_name_or_not_at_all(owner: Connection) -> None:
    rows = await owner.fetch(
        "select n.nspname || '.' || p.proname as name, p.oid,"
        " has_function_privilege('anon', p.oid, 'execute') as anon,"
        " has_function_privilege('authenticated', p.oid, 'execute') as people,"
        " has_function_privilege('service_role', p.oid, 'execute') as service"
        " from pg_proc as p inner join pg_namespace as n on p.pronamespace = n.oid"
        " where n.nspname in ('public', 'private', 'api')"
    )
    assert not [row["name"] for row in rows if row["anon"]]
    assert {row["name"] for row in rows if row["people"]} == CALLABLE_BY_MEMBERS, (
        "left: what `authenticated` may execute; right: CALLABLE_BY_MEMBERS"
    )
    api = {row["name"] for row in rows if row["name"].startswith("api.")}
    assert {row["name"] for row in rows if row["service"]} == (api - CALLABLE_BY_MEMBERS) | {
        "private.refuse",
        "private.refusals",
    }


async def test_every_function_looks_for_names_in_the_catalog_first(owner: Connection) -> None:
    rows = await owner.fetch(
        "select p.oid::regprocedure::text as name, p.proconfig as config"
        " from pg_proc as p inner join pg_namespace as n on p.pronamespace = n.oid"
        " where n.nspname in ('public', 'private', 'api')"
    )
    assert not [row["name"] for row in rows if row["config"] != ["search_path=pg_catalog, pg_temp"]]


async def test_every_table_has_row_level_security_and_every_view_its_callers_eyes(
    owner: Connection,
) -> None:
    tables = await owner.fetch(
        "select c.relname from pg_class as c inner join pg_namespace as n on c.relnamespace = n.oid"
        " where n.nspname = 'public' and c.relkind = 'r' and not c.relrowsecurity"
    )
    views = await owner.fetch(
        "select c.relname from pg_class as c inner join pg_namespace as n on c.relnamespace = n.oid"
        " where n.nspname in ('public', 'private', 'api') and c.relkind = 'v'"
        " and not coalesce('security_invoker=true' = any(c.reloptions), false)"
    )
    assert (tables, views) == ([], [])


async def test_a_hostile_caller_gets_the_same_answer_as_for_what_is_not_there(
    database: PostgresDatabase, owner: Connection, acme: World
) -> None:
    payment = await owner.fetchval("select id from payments where organization_id = $1", acme.acme)
    for stranger in (acme.eve, NOBODY):
        for call in ("get_payment", "request_payment_cancel"):
            with pytest.raises(NotFound):
                await database.call(call, stranger, payment_id=payment)
    order = {
        "organization_id": acme.acme,
        "amount": 5000,
        "currency": "eur",
        "idempotency_key": "k",
    }
    with pytest.raises(NotFound):
        await database.call("create_payment", acme.eve, **order)
    with pytest.raises(Unauthorized):
        await database.call("create_payment", NOBODY, **order)
    with pytest.raises(RoleTooLow) as refused:
        await database.call("create_payment", acme.ben, **order)
    assert refused.value.facts == {"role": "admin"}


async def test_a_payment_is_shown_in_ones_own_chat_only(
    database: PostgresDatabase, acme: World
) -> None:
    with pytest.raises(NotFound):
        await database.call(
            "create_payment", acme.ana, organization_id=acme.acme, amount=5000, currency="eur",
            idempotency_key="other chat", telegram_chat_id=1003, message_id=1,
        )  # fmt: skip


async def test_the_services_functions_refuse_even_the_owner_of_the_tables(
    owner: Connection,
) -> None:
    with pytest.raises(asyncpg.PostgresError, match="role_too_low"):
        await owner.fetchval("select api.claim_notifications(1)")
