"""Routes for the bot's service token: groups, updates, open questions, notifications."""

from aiohttp import web
from pydantic import BaseModel

from backend.http import requests
from backend.http.route import Call, bot_route
from backend.notifications import outbox, questions, telegram_updates
from backend.organizations import groups
from backend.schemas import (
    GroupNews,
    NotificationResult,
    OpenQuestion,
    UpdateHandled,
    UpdateRejected,
)


async def store_polled_update(call: Call[BaseModel]) -> None:
    """Store an update that the bot has polled, as one that Telegram posts to the webhook."""
    await telegram_updates.receive_update(call.services, await call.request.read())


INTERNAL: list[web.RouteDef] = [
    bot_route(
        "POST", r"/internal/groups/{chat_id:-\d{1,15}}",
        lambda call: groups.record_group_change(call.database, call.number("chat_id"), call.body),
        request_model=GroupNews,
    ),
    bot_route("POST", "/internal/updates", store_polled_update, status=204),
    bot_route(
        "POST", "/internal/updates/claim",
        lambda call: telegram_updates.claim_updates(
            call.services, requests.wait_seconds(call.request), requests.is_waiting(call.request)
        ),
    ),
    bot_route(
        "POST", "/internal/updates/{id}/handled",
        lambda call: telegram_updates.finish_update(call.services, call.number(), call.body),
        request_model=UpdateHandled, status=204,
    ),
    bot_route(
        "POST", "/internal/updates/{id}/rejected",
        lambda call: telegram_updates.reject_update(call.services, call.number(), call.body),
        request_model=UpdateRejected, status=204,
    ),
    bot_route(
        "PUT", r"/internal/chats/{chat_id:\d{1,15}}/question",
        lambda call: questions.store_question(call.database, call.number("chat_id"), call.body),
        request_model=OpenQuestion, status=204,
    ),
    bot_route(
        "GET", r"/internal/chats/{chat_id:\d{1,15}}/question",
        lambda call: questions.get_question(call.database, call.number("chat_id")),
    ),
    bot_route(
        "POST", "/internal/notifications/claim",
        lambda call: outbox.claim_notifications(
            call.database, call.services.wakeup, requests.wait_seconds(call.request),
            requests.is_waiting(call.request),
        ),
    ),
    bot_route(
        "POST", "/internal/notifications/{id}/result",
        lambda call: outbox.finish_notification(
            call.database, call.services.wakeup, call.services.metrics, call.number(), call.body
        ),
        request_model=NotificationResult, status=204,
    ),
]  # fmt: skip
