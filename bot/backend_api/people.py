"""Routes of the acting person."""

from uuid import UUID

from backend import schemas
from bot.backend_api.transport import BackendTransport


class PersonRoutes(BackendTransport):
    """The acting person: identity, settings, default organization, attempts."""

    async def introduce(self, user: int, introduction: schemas.Introduction) -> schemas.Me:
        """Register or update a Telegram user; return who they are, with their memberships."""
        return await self.request(user, "PUT", "/api/me", schemas.Me, body=introduction)

    async def set_default_organization(self, user: int, organization_id: UUID) -> schemas.Me:
        """Make an organization the default: the one used when none is named."""
        body = schemas.WhichOrganization(organization_id=organization_id)
        return await self.request(user, "PUT", "/api/me/organization", schemas.Me, body=body)

    async def get_settings(self, user: int) -> schemas.PersonalSettings:
        """Return the person's settings."""
        return await self.request(user, "GET", "/api/me/settings", schemas.PersonalSettings)

    async def change_settings(
        self, user: int, change: schemas.SettingsChange
    ) -> schemas.PersonalSettings:
        """Change the settings that are set in `change`; return all of them."""
        path = "/api/me/settings"
        return await self.request(user, "PATCH", path, schemas.PersonalSettings, body=change)

    async def get_key_result(self, user: int, idempotency_key: str) -> schemas.Attempt:
        """Return what the person started under a key, for a tap that may be a repetition."""
        query = schemas.AttemptKey(key=idempotency_key)
        return await self.request(user, "GET", "/api/me/attempt", schemas.Attempt, query=query)

    async def accept_link(self, user: int, code: str) -> schemas.Me:
        """Link the person to the Supabase user who made the code; a code works once."""
        body = schemas.CodeRequest(code=code)
        return await self.request(user, "POST", "/api/me/link/accept", schemas.Me, body=body)

    async def undo_link(self, user: int) -> None:
        """Undo the link with a Supabase user."""
        await self.send(user, "DELETE", "/api/me/link")
