"""Answers of the bot's own routes: notifications, updates, events of groups."""

import asyncio

from aiohttp import web

from backend import schemas
from tests.bot.fake_backend.server import require_bot
from tests.bot.fake_backend.state import State


class QueueAnswers(State):
    """Notifications in `outbox` are claimed; the bot's reports are stored in `reports`."""

    def internal_routes(self) -> list[web.RouteDef]:
        """Return the routes of the bot itself."""
        return [
            web.post("/internal/notifications/claim", self.claim_notifications),
            web.post("/internal/notifications/{id}/result", self.take_report),
            web.post("/internal/updates/{id}/rejected", self.take_rejected_update),
            web.post("/internal/groups/{chat_id}", self.take_group_event),
            web.put("/internal/chats/{chat_id}/question", self.store_question),
            web.get("/internal/chats/{chat_id}/question", self.get_question),
        ]

    async def claim_notifications(self, request: web.Request) -> web.Response:
        """Answer the notifications in `outbox`; wait for the first as the query says."""
        require_bot(request)
        claimed = []
        try:
            async with asyncio.timeout(float(request.query["wait"])):
                claimed.append(await self.outbox.get())
        except TimeoutError:
            pass
        while not self.outbox.empty():
            claimed.append(self.outbox.get_nowait())
        answer = schemas.ClaimedNotifications(notifications=claimed)
        return web.Response(text=answer.model_dump_json(), content_type="application/json")

    async def take_report(self, request: web.Request) -> web.Response:
        """Store the result of a notification."""
        require_bot(request)
        result = schemas.NotificationResult.model_validate_json(await request.read())
        self.reports.put_nowait(result)
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
