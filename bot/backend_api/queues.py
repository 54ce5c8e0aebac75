"""Routes of the bot itself: notifications to send, updates to handle, open questions of chats.

They are called as the bot itself, in no user's name. A claim is requested once: where the answer is
lost, the claims expire and are handed out again.
"""

from backend import schemas
from bot.backend_api.transport import ANSWER_SECONDS, BackendTransport, deadline, parse


class QueueRoutes(BackendTransport):
    """Claims of work, and reports of its results."""

    async def claim_notifications(self, wait: int) -> schemas.ClaimedNotifications:
        """Claim notifications to deliver; wait up to `wait` seconds for the first."""
        path = f"/internal/notifications/claim?wait={wait}"
        async with deadline(wait + ANSWER_SECONDS):
            return parse(schemas.ClaimedNotifications, await self.send_once(None, "POST", path))

    async def report_notification(
        self, notification_id: int, result: schemas.NotificationResult
    ) -> None:
        """Report the result of a claimed notification."""
        path = f"/internal/notifications/{notification_id}/result"
        await self.send(None, "POST", path, body=result)

    async def store_update(self, raw: schemas.Json) -> None:
        """Have a polled update stored, to be claimed; repeating it changes nothing.

        Raises ValueError for one that is no valid JSON, which holds half a character.
        """
        body = schemas.PolledUpdate(raw)
        await self.send(None, "POST", "/internal/updates", body=body)

    async def claim_updates(self, wait: int) -> schemas.ClaimedUpdates:
        """Claim updates to handle; wait up to `wait` seconds for the first."""
        path = f"/internal/updates/claim?wait={wait}"
        async with deadline(wait + ANSWER_SECONDS):
            return parse(schemas.ClaimedUpdates, await self.send_once(None, "POST", path))

    async def mark_update_handled(self, update: schemas.ClaimedUpdate) -> None:
        """Report that a claimed update is handled."""
        body = schemas.UpdateHandled(claim=update.claim)
        await self.send(None, "POST", f"/internal/updates/{update.id}/handled", body=body)

    async def reject_update(self, update_id: int, kind: str) -> None:
        """Have an unreadable update recorded, counted, and never handed out again."""
        body = schemas.UpdateRejected(kind=kind)
        await self.send(None, "POST", f"/internal/updates/{update_id}/rejected", body=body)

    async def store_question(self, chat_id: int, question: schemas.Question | None) -> None:
        """Store the open question of a private chat; None where none is open any more."""
        body = schemas.OpenQuestion(question=question)
        await self.send(None, "PUT", f"/internal/chats/{chat_id}/question", body=body)

    async def get_question(self, chat_id: int) -> schemas.Question | None:
        """Return the question that is open in a private chat."""
        path = f"/internal/chats/{chat_id}/question"
        return (await self.request(None, "GET", path, schemas.OpenQuestion)).question
