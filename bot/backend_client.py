"""The backend over HTTP: each of its doors is one method here."""

from uuid import UUID

from backend.schemas import (
    Checkout,
    CheckoutRequest,
    ClaimedNotifications,
    ClaimedUpdate,
    ClaimedUpdates,
    Group,
    GroupBalance,
    GroupNews,
    GroupPermissions,
    GroupTie,
    Introduction,
    Me,
    NotificationResult,
    Payment,
    PersonalSettings,
    SettingsChange,
    UpdateHandled,
)
from bot.backend_calls import ANSWER_SECONDS, BackendCalls, at_most, read


class BackendClient(BackendCalls):
    """Speaks for a Telegram user or, where none is named, for the bot itself.

    Every method raises BackendRefusal or BackendUnavailable. All but those that claim are tried
    again when the connection fails: they are reads, or name a value, a key or a claim that acts
    once.
    """

    async def introduce(self, user: int, introduction: Introduction) -> Me:
        """Make a Telegram user known, and learn which organizations are theirs."""
        return read(Me, await self.call(user, "PUT", "/api/me", introduction))

    async def settings(self, user: int) -> PersonalSettings:
        """What a person chose for themselves."""
        return read(PersonalSettings, await self.call(user, "GET", "/api/me/settings"))

    async def change_settings(self, user: int, change: SettingsChange) -> PersonalSettings:
        """Change what `change` names."""
        body = await self.call(user, "PATCH", "/api/me/settings", change)
        return read(PersonalSettings, body)

    async def checkout(self, user: int, request: CheckoutRequest, key: str) -> Checkout:
        """Start a payment. The same key and request start it once, however often it is asked."""
        path = "/api/payments/checkout"
        return read(Checkout, await self.call(user, "POST", path, request, key))

    async def payment(self, user: int, payment_id: UUID) -> Payment:
        """A payment as it stands."""
        return read(Payment, await self.call(user, "GET", f"/api/payments/{payment_id}"))

    async def check(self, user: int, payment_id: UUID) -> Payment:
        """A payment as it stands after asking Stripe."""
        return read(Payment, await self.call(user, "POST", f"/api/payments/{payment_id}/check"))

    async def cancel(self, user: int, payment_id: UUID) -> Payment:
        """Close a payment's page, unless it has been paid."""
        return read(Payment, await self.call(user, "POST", f"/api/payments/{payment_id}/cancel"))

    async def hear_of_group(self, chat_id: int, news: GroupNews) -> Group:
        """What Telegram says of a group."""
        return read(Group, await self.call(None, "POST", f"/internal/groups/{chat_id}", news))

    async def group(self, user: int, chat_id: int) -> Group:
        """A group as this person may know it."""
        return read(Group, await self.call(user, "GET", f"/api/groups/{chat_id}"))

    async def group_balance(self, user: int, chat_id: int) -> GroupBalance:
        """What everybody in the group may see, if an owner allowed it."""
        path = f"/api/groups/{chat_id}/balance"
        return read(GroupBalance, await self.call(user, "GET", path))

    async def tie_group(self, user: int, chat_id: int, wanted: GroupTie) -> Group:
        """Tie a group to an organization."""
        return read(Group, await self.call(user, "PUT", f"/api/groups/{chat_id}", wanted))

    async def allow_group(self, user: int, chat_id: int, wanted: GroupPermissions) -> Group:
        """Let a group see more or less."""
        return read(Group, await self.call(user, "PATCH", f"/api/groups/{chat_id}", wanted))

    async def claim(self, wait: int) -> ClaimedNotifications:
        """Notifications to deliver now; waits up to `wait` seconds for the first."""
        path = f"/internal/notifications/claim?wait={wait}"
        async with at_most(wait + ANSWER_SECONDS):
            return read(ClaimedNotifications, await self.once(None, "POST", path))

    async def claim_updates(self, wait: int, takeover: bool = False) -> list[ClaimedUpdate]:
        """In webhook mode: updates to handle now; waits up to `wait` seconds for the first.

        `takeover` also takes what another bot, which is gone, had claimed.
        """
        path = f"/internal/updates/claim?wait={wait}&takeover={'true' if takeover else 'false'}"
        async with at_most(wait + ANSWER_SECONDS):
            return read(ClaimedUpdates, await self.once(None, "POST", path)).updates

    async def handled(self, update: ClaimedUpdate) -> None:
        """A claimed update needs no more."""
        path = f"/internal/updates/{update.id}/handled"
        await self.call(None, "POST", path, UpdateHandled(claim=update.claim))

    async def report(self, notification_id: int, result: NotificationResult) -> None:
        """What became of a claimed notification."""
        await self.call(None, "POST", f"/internal/notifications/{notification_id}/result", result)
