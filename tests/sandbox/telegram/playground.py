"""A local Telegram on a free port, for one test: the Bot API and the people's routes."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, web

from sandbox.recorded_calls import RECORDED, new_record, record
from sandbox.server import MAX_BODY_BYTES
from sandbox.settings import SETTINGS, SandboxSettings
from sandbox.store import STORE, Store
from sandbox.telegram.api import add_telegram
from tests.sandbox.telegram.contract import types, validator_of

TOKEN = "424242:sandbox-token"
Json = dict[str, Any]


@dataclass
class Playground:
    """A client of the local Telegram: of the Bot API, and of the people's routes."""

    url: str
    http: ClientSession

    async def bot(self, method: str, **parameters: Any) -> Json:
        """Call a method; return the whole answer, its result compared with aiogram's models."""
        url = f"{self.url}/bot{TOKEN}/{method}"
        form = {
            name: value if isinstance(value, str) else json.dumps(value)
            for name, value in parameters.items()
        }
        async with self.http.post(url, data=form) as response:
            answer: Json = await response.json()
        assert answer["ok"] is (response.status == 200)
        assert answer["ok"] or answer["error_code"] == response.status
        if isinstance(answer.get("result"), dict) and "message_id" in answer["result"]:
            validator_of(types.Message).validate_python(answer["result"])
        return answer

    async def updates(self, **parameters: Any) -> list[Json]:
        """Return the updates that the bot has not confirmed, compared with aiogram's models."""
        collected: list[Json] = (await self.bot("getUpdates", **parameters))["result"]
        for update in collected:
            validator_of(types.Update).validate_python(update)
        return collected

    async def write(self, user: str, text: str, chat: str = "private") -> Json:
        """Send a message as a person, to the bot or to a group."""
        return await self.post("send", user=user, chat=chat, text=text)

    async def post(self, name: str, status: int = 200, **body: Any) -> Json:
        """Post to one of the people's routes; return the answer."""
        async with self.http.post(f"{self.url}/telegram/{name}", json=body) as response:
            answer: Json = await response.json()
        assert response.status == status, answer
        return answer

    async def person(self, user: str) -> Json:
        """Return what the list of people says of one."""
        async with self.http.get(f"{self.url}/telegram/personas") as response:
            people: list[Json] = (await response.json())["personas"]
        return next(each for each in people if each["user"] == user)

    async def destination(self, url: str) -> Json:
        """Return what a link of Telegram's opens."""
        async with self.http.get(f"{self.url}/telegram/link", params={"url": url}) as response:
            assert response.status == 200
            answer: Json = await response.json()
        return answer

    async def chat(self, user: str, after: int = 0, wait: float = 0, chat: str = "private") -> Json:
        """Return what a person sees; see `sandbox.telegram.people.read_chat`."""
        query = {"user": user, "chat": chat, "after": str(after), "wait": str(wait)}
        async with self.http.get(f"{self.url}/telegram/chat", params=query) as response:
            assert response.status == 200
            answer: Json = await response.json()
        for message in answer["messages"]:
            validator_of(types.Message).validate_python(message)
        return answer


@asynccontextmanager
async def local_telegram(folder: Path, database_url: str = "") -> AsyncIterator[Playground]:
    """Run a local Telegram for the length of the block, with its store in `folder`.

    The people's roles are those of the backend's database at `database_url`.
    """
    store = Store(folder / "sandbox.sqlite")
    app = web.Application(client_max_size=MAX_BODY_BYTES, middlewares=[record])
    app[STORE], app[RECORDED] = store, new_record()
    app[SETTINGS] = SandboxSettings(
        data_dir=folder,
        url="http://127.0.0.1",
        webhook_url="http://127.0.0.1/api/payments/webhook",
        stripe_secret_key="sk_test_sandbox",
        stripe_webhook_secret="whsec_sandbox",
        telegram_bot_token=TOKEN,
        database_url=database_url,
    )
    add_telegram(app)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    async with ClientSession() as http:
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            yield Playground(f"http://127.0.0.1:{runner.addresses[0][1]}", http)
        finally:
            await runner.cleanup()
            store.close()
