"""Card numbers come in by every route and every chat and stay nowhere: real processes and logs."""

import asyncio
import re
from typing import Any
from uuid import uuid4

import aiohttp
import asyncpg
import pytest
from pydantic import BaseModel

from backend.http.routes import ROUTES
from bot.handlers import COMMANDS
from sandbox.personas import GROUP
from tests.bot.conftest import Person
from tests.e2e.system import System, settings_for, short_folder, start, system_by_webhook
from tests.sandbox.telegram.playground import Playground

folder = pytest.fixture(short_folder)
system = pytest.fixture(system_by_webhook)
NUMBERS = (
    "4111111111111111", "4111 1111 1111 1111", "4111-1111-1111-1111", "3714 496353 98431",
    "6011000990139424", "6304000000000000", "5105 1051 0510 5100",
)  # fmt: skip
FORBIDDEN = {re.sub("[ -]", "", number) for number in NUMBERS}
PLACES = {
    "id": str(uuid4()), "user_id": str(uuid4()), "invitation_id": str(uuid4()), "chat_id": "-100",
}  # fmt: skip


def shapes(model: type[BaseModel] | None, number: str, organization: str) -> list[Any]:
    """Bodies with the number in one text after the other, in all at once, and as a name."""
    properties = model.model_json_schema().get("properties", {}) if model else {}
    good = {"organization_id": organization, "amount": "50", "name": "Acme", "code": "x"}
    right = {name: good[name] for name in properties if name in good}
    return [
        {name: number for name in properties},
        {number: number},
        *({**right, name: number} for name in properties),
    ]


@pytest.mark.slow
async def test_card_numbers_are_kept_nowhere(system: System) -> None:
    process = await start("token", "owner", **settings_for(system.folder, system.ports))
    printed, _ = await process.communicate()
    bearer = {"Authorization": f"Bearer {printed.decode().strip()}"}
    async with aiohttp.ClientSession() as http:
        api, telegram = system.ports.backend_url, Playground(system.ports.sandbox_url, http)
        async with http.get(f"{api}/api/organizations", headers=bearer) as answer:
            organization = (await answer.json())["organizations"][0]["id"]

        async def send(method: str, path: str, number: str, **sent: Any) -> None:
            url = api + re.sub(r"{(\w+)[^/]*}", lambda it: PLACES[it[1]], path)
            for key in (number, str(uuid4())):
                headers = bearer | {"Idempotency-Key": key}
                async with http.request(method, url, headers=headers, **sent) as answer:
                    answer_text = re.sub("[ -]", "", await answer.text())
                    assert not [it for it in FORBIDDEN if it in answer_text], (
                        method,
                        path,
                        answer_text,
                    )

        for place, route in enumerate(ROUTES):
            number = NUMBERS[place % len(NUMBERS)]
            PLACES["id"] = organization if "organizations" in route.path else str(uuid4())
            for body in shapes(route.request_model, number, organization):
                how = "params" if route.method in ("GET", "DELETE") else "json"
                await send(route.method, route.path, number, **{how: body})
            await send(route.method, re.sub("{[^/]*}", number, route.path), number, json={})

        people = [Person(telegram, "ana"), Person(telegram, "ben"), Person(telegram, "eve")]
        for person in people:
            for place, command in enumerate((*COMMANDS, "")):
                number = NUMBERS[place % len(NUMBERS)]
                await person.writes(f"/{command} {number}" if command else f"hello {number}")
                await person.sees("That looked like a card number, so I deleted the message")
            answer_text = re.sub("[ -]", "", str(await telegram.chat(person.name)))
            assert not [it for it in FORBIDDEN if it in answer_text]
        ben = people[1]  # the calls above have used up what Ana may change in a minute
        await ben.writes("/org new")
        await ben.sees("What is the new organization called?")
        await ben.writes(f"Acme {NUMBERS[0]}")
        await ben.sees("so I deleted the message")
        await telegram.post("groups", user="ana", event="add_bot")
        group = Person(telegram, "ana", place=GROUP)
        await group.writes(f"/balance@pursebot_sandbox_bot {NUMBERS[0]}")
        await group.sees("Please delete the message")
    await asyncio.sleep(1)
    connection = await asyncpg.connect(system.database_url)
    try:
        tables = await connection.fetch(
            "select format('%I.%I', n.nspname, c.relname) as name from pg_class as c"
            " inner join pg_namespace as n on c.relnamespace = n.oid"
            " where c.relkind = 'r' and n.nspname in ('public', 'private', 'auth')"
        )
        collected = {
            table["name"]: row[0]
            for table in tables
            for row in await connection.fetch(f"select t::text from {table['name']} as t")  # noqa: S608
            if [it for it in FORBIDDEN if it in re.sub("[ -]", "", row[0])]
        }
    finally:
        await connection.close()
    assert collected == {}
    for log in [*system.folder.glob("logs/*"), *system.folder.glob("postgres*/**/*.log")]:
        text = re.sub("[ -]", "", log.read_text(errors="replace"))
        assert not [it for it in FORBIDDEN if it in text], log
    assert not [it for it in FORBIDDEN if it in re.sub("[ -]", "", "".join(system.printed))]
