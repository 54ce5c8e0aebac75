"""Answers of the bot's own routes: notifications, updates, events of groups."""

import asyncio
from contextlib import suppress
from typing import TypeVar
from uuid import UUID, uuid4

from aiohttp import web

from backend import schemas
from tests.bot.fake_backend.server import require_bot
from tests.bot.fake_backend.state import State

Item = TypeVar("Item")


async def claim_from(queue: asyncio.Queue[Item], request: web.Request) -> list[Item]:
    """Return all that is in a queue; wait for the first as the request's query says."""
    claimed = []
    with suppress(TimeoutError):
        async with asyncio.timeout(float(request.query["wait"])):
            claimed.append(await queue.get())
    while not queue.empty():
        claimed.append(queue.get_nowait())
    return claimed


class QueueAnswers(State):
    """Notifications in `outbox` are claimed; the bot's reports are stored in `reports`."""

    def internal_routes(self) -> list[web.RouteDef]:
        """Return the routes of the bot itself."""
        return [
            web.post("/internal/notifications/claim", self.claim_notifications),
            web.post("/internal/notifications/{id}/result", self.take_report),
            web.post("/internal/updates", self.store_update),
            web.post("/internal/updates/claim", self.claim_updates),
            web.post("/internal/updates/{id}/handled", self.take_handled_update),
            web.post("/internal/updates/{id}/rejected", self.take_rejected_update),
            web.post("/internal/groups/{chat_id}", self.take_group_event),
            web.put("/internal/chats/{chat_id}/question", self.store_question),
            web.get("/internal/chats/{chat_id}/question", self.get_question),
        ]

    async def claim_notifications(self, request: web.Request) -> web.Response:
        """Answer the notifications in `outbox`; wait for the first as the query says."""
        require_bot(request)
        claimed = await claim_from(self.outbox, request)
        answer = schemas.ClaimedNotifications(notifications=claimed)
        return web.Response(text=answer.model_dump_json(), content_type="application/json")

    async def take_report(self, request: web.Request) -> web.Response:
        """Store the result of a notification."""
        require_bot(request)
        result = schemas.NotificationResult.model_validate_json(await request.read())
        self.reports.put_nowait(result)
        return web.Response(status=204)

    async def store_update(self, request: web.Request) -> web.Response:
        """Store an update to be claimed, unless its id is known."""
        require_bot(request)
        update = schemas.PolledUpdate.model_validate_json(await request.read()).root
        await self.storing.wait()
        if update["update_id"] not in self.stored_updates:
            self.stored_updates.append(update["update_id"])
            await self.store(update)
        return web.Response(status=204)

    async def store(self, update: schemas.Json) -> UUID:
        """Hand out an update; return its claim."""
        claimed = schemas.ClaimedUpdate(id=update["update_id"], claim=uuid4(), body=update)
        await self.updates.put(claimed)
        return claimed.claim

    async def claim_updates(self, request: web.Request) -> web.Response:
        """Answer the stored updates; wait for the first as the query says."""
        require_bot(request)
        answer = schemas.ClaimedUpdates(updates=await claim_from(self.updates, request))
        return web.Response(text=answer.model_dump_json(), content_type="application/json")

    async def take_handled_update(self, request: web.Request) -> web.Response:
        """Store that an update is handled."""
        require_bot(request)
        handled = schemas.UpdateHandled.model_validate_json(await request.read())
        self.handled_updates[int(request.match_info["id"])] = handled.claim
        return web.Response(status=204)

    async def take_rejected_update(self, request: web.Request) -> web.Response:
        """Store the kind of an update that was unreadable."""
        require_bot(request)
        rejected = schemas.UpdateRejected.model_validate_json(await request.read())
        self.rejected_updates[int(request.match_info["id"])] = rejected.kind
        return web.Response(status=204)

    async def take_group_event(self, request: web.Request) -> web.Response:
        """Store an event of a group; answer whether the group is tied."""
        require_bot(request)
        chat_id = int(request.match_info["chat_id"])
        event = schemas.GroupNews.model_validate_json(await request.read())
        self.group_events.append((chat_id, event))
        answer = schemas.Group(tied=chat_id in self.groups)
        return web.Response(text=answer.model_dump_json(), content_type="application/json")

    async def store_question(self, request: web.Request) -> web.Response:
        """Store the open question of a chat."""
        require_bot(request)
        stored = schemas.OpenQuestion.model_validate_json(await request.read())
        self.questions[int(request.match_info["chat_id"])] = stored
        return web.Response(status=204)

    async def get_question(self, request: web.Request) -> web.Response:
        """Return the open question of a chat."""
        require_bot(request)
        chat_id = int(request.match_info["chat_id"])
        answer = self.questions.get(chat_id, schemas.OpenQuestion(question=None))
        return web.Response(text=answer.model_dump_json(), content_type="application/json")
