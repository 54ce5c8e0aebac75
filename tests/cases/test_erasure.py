"""Somebody asks to be erased, as /privacy says: who they are goes, money and books stay whole."""

import json
import re
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg
import pytest

from backend.database.protocol import SERVICE
from backend.schemas import CheckoutRequest, Introduction, NotificationResult, ShownIn
from tests.backend.commands.test_commands import GOOD, ROOT, run
from tests.backend.conftest import ANA, BEN, EVE, System, token
from tests.backend.http.test_supabase_users import LEA, person

if TYPE_CHECKING:
    Connection = asyncpg.Connection[Any]
else:
    Connection = asyncpg.Connection

Json = dict[str, Any]
ZOE = 987_654_321_987  # in nothing else that a table holds
NAME, FORMER_NAME = "Zoë Zwölfer", "Zoë Zimtstern"
LEGAL = ROOT / "docs" / "legal.md"
TABLES = "select format('%I.%I', schemaname, tablename) from pg_tables where schemaname = any($1)"


@pytest.fixture
def settings(system: System, database_url: str) -> dict[str, str]:
    return {**GOOD, "SUPABASE_DB_URL": database_url, "STRIPE_API_BASE": system.sandbox_url}


async def request_api(system: System, user: int, method: str, path: str, **body: Any) -> Json:
    headers = {"Authorization": f"Bearer {token(sub=str(user))}", "Idempotency-Key": path}
    url = f"{system.url}/api/{path}"
    async with system.http.request(method, url, json=body or None, headers=headers) as answer:
        assert answer.status < 400, await answer.text()
        found: Json = await answer.json()
        return found


async def introduce(system: System, name: str) -> None:
    me = Introduction(name=name, language="de", chat_id=ZOE)
    await system.client.introduce(ZOE, me)


async def deliver(system: System) -> None:
    """Everything that waits is sent, as the bot does."""
    while notifications := (await system.client.claim_notifications(wait=0)).notifications:
        for each in notifications:
            result = NotificationResult(claim=each.claim, outcome="delivered", message_id=each.id)
            await system.client.report_notification(each.id, result)


async def rows_with(owner: Connection, *texts: str) -> list[str]:
    """Every row of every table that has one of these texts."""
    found = []
    for record in await owner.fetch(TABLES, ["public", "private"]):
        rows = await owner.fetch(f"select t::text as row from {record[0]} as t")  # noqa: S608
        found += [f"{record[0]} {row[0]}" for row in rows if any(text in row[0] for text in texts)]
    return found


async def erase(settings: dict[str, str], *words: str) -> tuple[int | None, Any]:
    code, output, errors = await run("people", "erase", *words, **settings)
    assert "Traceback" not in errors, errors
    return code, json.loads(output) if output else errors


async def join_acme(system: System) -> None:
    """Zoë comes in as an admin, under another name than today's."""
    await introduce(system, FORMER_NAME)
    path = f"organizations/{system.world.acme}/invitations"
    made = await request_api(system, ANA, "POST", path, role="admin", uses=1, hours=24)
    await request_api(system, ZOE, "POST", "invitations/accept", code=made["code"])


async def test_who_they_are_is_nowhere_any_more_and_the_money_is_all_there(
    system: System, owner: Connection, settings: dict[str, str]
) -> None:
    await join_acme(system)
    await deliver(system)
    await introduce(system, NAME)
    payment = (
        await system.client.create_checkout(
            ZOE,
            CheckoutRequest(
                organization_id=system.world.acme, amount="50", currency="eur",
                shown_in=ShownIn(chat_id=ZOE, message_id=7),
            ),
            idempotency_key="zoe",
        )
    ).payment_id  # fmt: skip
    await system.pay(payment)
    await system.until(payment, lambda seen: seen.status == "succeeded")
    await request_api(system, ZOE, "POST", f"payments/{payment}/refund", amount="10")
    await request_api(system, ZOE, "PATCH", "me/settings", time_zone="Europe/Zurich")
    await deliver(system)
    update = {"update_id": 1, "message": {"chat": {"id": ZOE}, "text": NAME}}
    await system.services.database.call("receive_update", SERVICE, body=update)
    [claimed] = (await system.services.database.call("claim_updates", SERVICE, max_rows=1))[
        "updates"
    ]
    await system.services.database.call(
        "finish_update", SERVICE, update_id=1, claim=UUID(claimed["claim"])
    )
    assert await rows_with(owner, NAME, FORMER_NAME, str(ZOE), "Europe/Zurich")

    code, seen = await erase(settings, "--telegram-id", str(ZOE))
    assert (code, seen["name"], seen["erased"], seen["obstacles"]) == (0, NAME, False, [])
    assert await rows_with(owner, NAME)  # nothing was done without --yes
    code, seen = await erase(settings, "--telegram-id", str(ZOE), "--yes")
    assert (code, seen["erased"]) == (0, True)
    assert await rows_with(owner, NAME, FORMER_NAME, str(ZOE), "Europe/Zurich") == []

    balance = await owner.fetchval("select wallet_balance(o) from organizations o where id = $1",
                                   system.world.acme)  # fmt: skip
    assert str(balance) == "40.00"
    path = f"payments?organization_id={system.world.acme}"
    assert '"?"' in json.dumps(await request_api(system, ANA, "GET", path))  # who paid
    lines = await owner.fetch("select action, through from audit_log where user_id = $1",
                              UUID(seen["user_id"]))  # fmt: skip
    assert lines  # what they did stays, by a number that leads to nobody
    assert await owner.fetchval("select through from audit_log where action = 'person_erased'")

    code, errors = await erase(settings, "--telegram-id", str(ZOE), "--yes")
    assert (code, "no such person" in errors) == (1, True)
    await introduce(system, NAME)  # whoever comes again is somebody new
    body = await request_api(system, ZOE, "GET", "organizations")
    assert body["organizations"] == []


async def test_the_last_owner_hands_over_first(
    system: System, owner: Connection, settings: dict[str, str]
) -> None:
    before = await rows_with(owner, "")
    code, seen = await erase(settings, "--telegram-id", str(ANA), "--yes")
    assert (code, seen["erased"]) == (1, False)
    [obstacle] = seen["obstacles"]
    assert (obstacle["organization_name"], obstacle["why"]) == ("Acme", "last_owner")
    assert await rows_with(owner, "") == before
    member = await owner.fetchval("select id from private.users where telegram_id = $1", BEN)
    path = f"organizations/{system.world.acme}/members/{member}"
    await request_api(system, ANA, "PATCH", path, role="owner")
    assert (await erase(settings, "--telegram-id", str(ANA), "--yes"))[0] == 0
    assert (await request_api(system, BEN, "GET", "organizations"))["organizations"]


async def test_an_only_members_organization_goes_along_once_its_money_is_settled(
    system: System, owner: Connection, settings: dict[str, str]
) -> None:
    await system.services.database.call("set_policy", SERVICE, signup_open=True)
    made = await request_api(system, EVE, "POST", "organizations", name="Eve's own affairs")
    own = UUID(made["id"])
    request = CheckoutRequest(organization_id=own, amount="30", currency="eur")
    payment = (await system.client.create_checkout(EVE, request, idempotency_key="eve")).payment_id

    async def obstacles() -> list[str]:
        code, seen = await erase(settings, "--telegram-id", str(EVE), "--yes")
        assert (code, seen["erased"]) == (1, False)
        return [each["why"] for each in seen["obstacles"]]

    assert await obstacles() == ["open"]
    await system.pay(payment)
    await system.client.check_payment(EVE, payment)
    assert await obstacles() == ["balance"]
    await request_api(system, EVE, "POST", f"payments/{payment}/refund", amount="30")
    await owner.execute(
        "insert into subscriptions (organization_id, wallet_id, currency, amount, quoted, interval,"
        " created_by, expires_at, status)"
        " select w.organization_id, w.id, 'eur', 1000, array[1000], 'month', u.id, now(), 'active'"
        " from wallets w, private.users u where w.organization_id = $1 and u.telegram_id = $2",
        own, EVE,
    )  # fmt: skip
    assert await obstacles() == ["recurring"]
    await owner.execute(
        "update subscriptions set status = 'canceled' where organization_id = $1", own
    )
    code, seen = await erase(settings, "--telegram-id", str(EVE), "--yes")
    customer = await owner.fetchval(
        "select stripe_customer_id from organizations where id = $1", own
    )
    assert (code, seen["erased"], seen["stripe_customers"]) == (0, True, [customer])
    assert await rows_with(owner, "Eve's own affairs") == []


async def test_a_supabase_user_is_named_by_their_own_id(
    system: System, owner: Connection, settings: dict[str, str]
) -> None:
    headers = {"Authorization": f"Bearer {person()}"}

    async def status() -> int:
        async with system.http.get(f"{system.url}/api/organizations", headers=headers) as answer:
            return answer.status

    assert await status() == 200
    assert await rows_with(owner, str(LEA))
    code, seen = await erase(settings, "--supabase-id", str(LEA), "--yes")
    assert (code, seen["erased"]) == (0, True)
    assert await rows_with(owner, str(LEA)) == []
    # Whoever comes back, though the backend took them for registered, is somebody new.
    assert [await status(), await status()] == [401, 200]
    assert (
        await owner.fetchval("select count(*) from private.users where auth_user_id = $1", LEA) == 1
    )


async def test_a_missing_person_is_refused_before_anything_is_opened() -> None:
    code, _, errors = await run("people", "erase", "--yes")
    assert (code, "one of the arguments --telegram-id --supabase-id" in errors) == (2, True)


async def test_the_documents_say_of_each_table_what_it_has_of_people(owner: Connection) -> None:
    page = LEGAL.read_text()
    stored = page.partition("### What is stored where")[2]
    tables = {
        row[0].removeprefix("public.") for row in await owner.fetch(TABLES, ["public", "private"])
    }
    assert {table for table in tables if f"`{table}`" not in stored} == set()


async def test_a_copy_for_whoever_asks_is_had_as_documented(
    system: System, owner: Connection
) -> None:
    await join_acme(system)
    await system.topup(key="zoe", user=ZOE)
    [block] = re.findall(r"```sql\n(.*?)```", LEGAL.read_text(), re.S)
    person_row, memberships, acts, payments = [
        await owner.fetch(query.replace("1234567", str(ZOE))) for query in block.split(";\n\n")
    ]
    assert [row["name"] for row in person_row] == [FORMER_NAME]
    assert [(row["role"], row["name"]) for row in memberships] == [("admin", "Acme")]
    assert {row["action"] for row in acts} >= {"member_joined"}
    assert [(row["amount"], row["currency"]) for row in payments] == [(5000, "eur")]
