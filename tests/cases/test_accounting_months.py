"""One time zone per organization says when its months begin and end, for everybody in it."""

from datetime import date, timedelta
from typing import Any

from backend.schemas import Accounting
from tests.backend.conftest import ANA, BEN, System, token
from tests.cases.stripe_objects import Connection, Json, paid
from tests.database.test_history import redate, resealed

ALMATY = "Asia/Almaty"  # UTC+5
EVENING = "2026-10-31 22:30:00+00"  # of October in London, night of November in Almaty


async def request(
    system: System, method: str, path: str, user: int = ANA, **body: Any
) -> tuple[int, Json]:
    """One of Acme's routes: status and answer."""
    headers = {"Authorization": f"Bearer {token(sub=str(user))}"}
    url = f"{system.url}/api/organizations/{system.world.acme}{path}"
    async with system.http.request(method, url, json=body or None, headers=headers) as answer:
        return answer.status, dict(await answer.json())


async def month(system: System, name: str, user: int = ANA) -> Json:
    """A month of the wallet in euros."""
    status, body = await request(system, "GET", f"/statement?month={name}&format=json", user)
    assert status == 200, body
    return body


async def posted_at(owner: Connection, *moments: str) -> None:
    """Say that the wallet's entries were posted then."""
    async with owner.transaction():
        await redate(owner, list(moments))
        await resealed(owner)
        await owner.execute("alter table entries enable trigger entries_are_append_only")


async def test_a_month_is_the_organizations_whoever_reads_it(
    system: System, owner: Connection
) -> None:
    status, body = await request(system, "PATCH", "/accounting", time_zone="asia/almaty")
    assert (status, body["accounting"]["time_zone"]) == (200, ALMATY)
    await paid(system)
    await posted_at(owner, EVENING)
    await owner.execute("update private.users set time_zone = 'America/Los_Angeles'")
    for reader in (ANA, BEN):
        october, november = [await month(system, f"2026-{n}", reader) for n in (10, 11)]
        assert (october["movements"], october["closing"]["amount"]) == (0, "0.00")
        assert (november["movements"], november["opening"]["amount"]) == (1, "0.00")
        assert november["time_zone"] == ALMATY
        header, opening, line, closing = november["csv"].splitlines()
        assert header.startswith("\ufeffTime (Asia/Almaty),")
        assert opening.startswith("2026-11-01 00:00:00,Opening balance,")
        assert line.startswith("2026-11-01 03:30:00,Top-up,50.00,50.00,EUR,Ana,")
        assert closing.startswith("2026-1")


async def test_a_month_that_has_begun_keeps_its_time_zone(
    system: System, owner: Connection
) -> None:
    await paid(system)
    await posted_at(owner, EVENING)
    _, before = await request(system, "GET", "")
    _, changed = await request(system, "PATCH", "/accounting", time_zone=ALMATY)
    accounting = Accounting.model_validate(changed["accounting"])
    assert (accounting.time_zone, accounting.next_time_zone) == ("UTC", ALMATY)
    assert accounting.month == before["accounting"]["month"]
    assert accounting.next_from is not None
    assert accounting.next_from > accounting.month
    assert (await month(system, "2026-10"))["movements"] == 1
    assert (await month(system, accounting.month))["time_zone"] == "UTC"
    assert (await month(system, accounting.next_from))["time_zone"] == ALMATY
    # Until it begins it can be taken back.
    _, changed = await request(system, "PATCH", "/accounting", time_zone="UTC")
    assert changed["accounting"] == before["accounting"]
    assert await owner.fetchval("select count(*) from accounting_time_zones") == 0


async def test_owners_alone_choose_and_it_is_audited(system: System, owner: Connection) -> None:
    for user, zone, expected in (
        (BEN, ALMATY, (403, "role_too_low")),
        (ANA, "Mars/Phobos", (422, "time_zone_unknown")),
    ):
        status, body = await request(system, "PATCH", "/accounting", user, time_zone=zone)
        assert (status, body["error"]["code"]) == expected
    await owner.execute("update memberships set role = 'admin' where role = 'member'")
    status, _ = await request(system, "PATCH", "/accounting", BEN, time_zone=ALMATY)
    assert status == 403
    await request(system, "PATCH", "/accounting", time_zone="Etc/GMT+5")
    _, log = await request(system, "GET", "/audit")
    acts = [(entry["action"], entry["facts"]) for entry in log["entries"]]
    assert acts == [
        ("accounting_time_zone_changed", {"time_zone": "Etc/GMT+5", "from_month": "0001-01-01"})
    ]


async def test_every_moment_is_in_one_month_through_all_changes(
    system: System, owner: Connection
) -> None:
    zones = {
        date(1, 1, 1): "Pacific/Kiritimati", date(2026, 3, 1): "Pacific/Pago_Pago",
        date(2026, 4, 1): "Europe/Berlin", date(2026, 7, 1): "America/St_Johns",
        date(2026, 12, 1): "Pacific/Kiritimati",
    }  # fmt: skip
    for first, zone in zones.items():
        await owner.execute(
            "insert into accounting_time_zones values ($1, $2, $3)", system.world.acme, first, zone
        )
    begins = "select private.month_begins_at($1, $2)"
    month_of = "select private.month_of($1, $2)"
    months = [date(2025 + n // 12, n % 12 + 1, 1) for n in range(30)]
    ends = [await owner.fetchval(begins, system.world.acme, each) for each in months]
    assert ends == sorted(set(ends))
    for previous, current, moment in zip(months, months[1:], ends[1:], strict=False):
        just_before = moment - timedelta(microseconds=1)
        assert await owner.fetchval(month_of, system.world.acme, moment) == current
        assert await owner.fetchval(month_of, system.world.acme, just_before) == previous


async def test_each_time_zone_that_is_accepted_can_be_shown(
    system: System, owner: Connection
) -> None:
    await paid(system)
    for row in await owner.fetch("select name from pg_timezone_names order by name"):
        await owner.execute("delete from accounting_time_zones")
        await owner.execute(
            "insert into accounting_time_zones values ($1, '0001-01-01', $2)",
            system.world.acme, row["name"],
        )  # fmt: skip
        statement = await month(system, "2026-11")
        assert statement["time_zone"] == row["name"]
        assert len(statement["csv"].splitlines()) == 4
