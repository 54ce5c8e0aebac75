"""Routes of Telegram groups. `chat_id` is Telegram's id of the group, which is negative."""

from uuid import UUID

from backend import schemas
from bot.backend_api.transport import BackendTransport


class GroupRoutes(BackendTransport):
    """Which organization a group belongs to, and what is shown in it."""

    async def report_group_event(self, chat_id: int, event: schemas.GroupNews) -> schemas.Group:
        """Report a change of a group, as the bot itself."""
        path = f"/internal/groups/{chat_id}"
        return await self.request(None, "POST", path, schemas.Group, body=event)

    async def get_group(self, user: int, chat_id: int) -> schemas.Group:
        """Return a group, with the fields that this person may read."""
        return await self.request(user, "GET", f"/api/groups/{chat_id}", schemas.Group)

    async def tie_group(self, user: int, chat_id: int, organization_id: UUID) -> schemas.Group:
        """Tie a group to an organization that the person owns."""
        path, body = (
            f"/api/groups/{chat_id}",
            schemas.WhichOrganization(organization_id=organization_id),
        )
        return await self.request(user, "PUT", path, schemas.Group, body=body)

    async def change_group_permissions(
        self, user: int, chat_id: int, permissions: schemas.GroupPermissions
    ) -> schemas.Group:
        """Change what a group shows, or untie it."""
        path = f"/api/groups/{chat_id}"
        return await self.request(user, "PATCH", path, schemas.Group, body=permissions)

    async def get_group_balance(self, user: int, chat_id: int) -> schemas.GroupBalance:
        """Return the balances that the group shows; `not_found` where no owner allowed it."""
        path = f"/api/groups/{chat_id}/balance"
        return await self.request(user, "GET", path, schemas.GroupBalance)
