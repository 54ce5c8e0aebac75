"""The backend over HTTP: each of its doors is one method here."""

from typing import Final
from uuid import UUID

from backend.schemas import (
    Checkout,
    CheckoutRequest,
    ClaimedNotifications,
    ClaimedUpdate,
    ClaimedUpdates,
    CodeRequest,
    Group,
    GroupBalance,
    GroupNews,
    GroupPermissions,
    GroupTie,
    Introduction,
    Invitation,
    InvitationRequest,
    Me,
    Members,
    NotificationResult,
    Organization,
    OrganizationChoice,
    OrganizationRequest,
    Payment,
    Payments,
    PaymentsQuery,
    PersonalSettings,
    RoleRequest,
    SettingsChange,
    Statement,
    StatementQuery,
    Transactions,
    TransactionsQuery,
    UpdateHandled,
)
from bot.backend_calls import ANSWER_SECONDS, BackendCalls, at_most, in_address, read

ORGANIZATIONS: Final = "/api/organizations"


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

    async def use_organization(self, user: int, organization: UUID) -> None:
        """Make an organization the one that is meant when nobody says which."""
        choice = OrganizationChoice(organization_id=organization)
        await self.call(user, "PUT", "/api/me/organization", choice)

    async def create_organization(self, user: int, request: OrganizationRequest, key: str) -> None:
        """Found an organization, which becomes the current one; the same key founds it once."""
        await self.call(user, "POST", ORGANIZATIONS, request, key)

    async def rename_organization(self, user: int, id: UUID, request: OrganizationRequest) -> None:
        """Give an organization another name."""
        await self.call(user, "PATCH", f"{ORGANIZATIONS}/{id}", request)

    async def members(self, user: int, organization: UUID) -> Members:
        """Who belongs to an organization."""
        path = f"{ORGANIZATIONS}/{organization}/members"
        return read(Members, await self.call(user, "GET", path))

    async def change_role(self, user: int, place: UUID, member: UUID, role: RoleRequest) -> None:
        """Give one of an organization's people another role."""
        await self.call(user, "PATCH", f"{ORGANIZATIONS}/{place}/members/{member}", role)

    async def remove_member(self, user: int, organization: UUID, member: UUID) -> None:
        """Take somebody out of an organization, or leave it."""
        await self.call(user, "DELETE", f"{ORGANIZATIONS}/{organization}/members/{member}")

    async def invite(self, user: int, place: UUID, request: InvitationRequest) -> Invitation:
        """A new invitation and its code. Of a lost answer, one stays whose code nobody knows."""
        path = f"{ORGANIZATIONS}/{place}/invitations"
        return read(Invitation, await self.call(user, "POST", path, request))

    async def revoke(self, user: int, organization: UUID, invitation: UUID) -> None:
        """Make an invitation work for nobody any more."""
        await self.call(user, "DELETE", f"{ORGANIZATIONS}/{organization}/invitations/{invitation}")

    async def accept(self, user: int, request: CodeRequest) -> Organization:
        """Get into an organization by an invitation's code; again is harmless."""
        path = "/api/invitations/accept"
        return read(Organization, await self.call(user, "POST", path, request))

    async def link(self, user: int, request: CodeRequest) -> Me:
        """Be the same person as the Supabase user who made the code; it works once."""
        return read(Me, await self.call(user, "POST", "/api/me/link/accept", request))

    async def transactions(
        self, user: int, organization_id: UUID, asked: TransactionsQuery
    ) -> Transactions:
        """A page of a wallet's movements."""
        path = f"/api/organizations/{organization_id}/transactions"
        return read(Transactions, await self.call(user, "GET", path + in_address(asked)))

    async def payments(self, user: int, asked: PaymentsQuery) -> Payments:
        """A page of an organization's payments."""
        return read(Payments, await self.call(user, "GET", "/api/payments" + in_address(asked)))

    async def statement(self, user: int, organization_id: UUID, asked: StatementQuery) -> Statement:
        """A month of a wallet."""
        path = f"/api/organizations/{organization_id}/statement"
        return read(Statement, await self.call(user, "GET", path + in_address(asked)))

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
