"""A Bot API for what the local Telegram does not model: groups, and a revoked token."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

Json = dict[str, Any]


@dataclass
class ScriptedBotApi:
    """Answers `updates` once and stores every other call; 401 after `calls_until_refused` calls."""

    updates: list[Json] = field(default_factory=list)
    calls_until_refused: int = 1000
    calls: asyncio.Queue[tuple[str, Json]] = field(default_factory=asyncio.Queue)

    def app(self) -> web.Application:
        """Return the application."""
        app = web.Application()
        app.router.add_route("*", "/bot{token}/{method}", self.call)
        return app

    async def call(self, request: web.Request) -> web.Response:
        """Handle a call of any method."""
        if self.calls_until_refused <= 0:
            refusal = {"ok": False, "error_code": 401, "description": "Unauthorized"}
            return web.json_response(refusal, status=401)
        self.calls_until_refused -= 1
        method = request.match_info["method"]
        result: Any = True
        if method == "getMe":
            result = {"id": 1, "is_bot": True, "first_name": "Bot", "username": "a_bot"}
        elif method == "getUpdates":
            await asyncio.sleep(0.01)
            result, self.updates = self.updates, []
        elif method == "sendMessage":
            result = {"message_id": 5, "date": 1, "chat": {"id": -7, "type": "group"}}
        self.calls.put_nowait((method, {**request.query, **await request.post()}))
        return web.json_response({"ok": True, "result": result})

    async def next_call(self, expected_method: str) -> Json:
        """Wait for the next call of this method; return its parameters, objects parsed."""
        async with asyncio.timeout(60):
            while True:
                method, parameters = await self.calls.get()
                if method == expected_method:
                    return {name: read(value) for name, value in parameters.items()}


def read(value: str) -> Any:
    """Parse a parameter that is a JSON object or list; return any other as it is."""
    return json.loads(value) if value[:1] in ("{", "[") else value
