"""Routes about the acting person."""

from uuid import UUID

from backend import schemas
from bot.backend_api.transport import BackendTransport


class PersonRoutes(BackendTransport):
    """Who somebody is, what they chose, and what they began."""

    async def introduce(self, user: int, introduction: schemas.Introduction) -> schemas.Me:
        """Make a Telegram user known; return who they are and where they belong."""
        return await self.request(user, "PUT", "/api/me", schemas.Me, body=introduction)

    async def set_default_organization(self, user: int, organization_id: UUID) -> schemas.Me:
        """Make an organization the one that is used when none is named."""
        body = schemas.WhichOrganization(organization_id=organization_id)
        return await self.request(user, "PUT", "/api/me/organization", schemas.Me, body=body)

    async def get_settings(self, user: int) -> schemas.PersonalSettings:
        """Return what a person chose for themselves."""
        return await self.request(user, "GET", "/api/me/settings", schemas.PersonalSettings)

    async def change_settings(
        self, user: int, change: schemas.SettingsChange
    ) -> schemas.PersonalSettings:
        """Change the settings that `change` names; return them all."""
        path = "/api/me/settings"
        return await self.request(user, "PATCH", path, schemas.PersonalSettings, body=change)

    async def get_attempt(self, user: int, idempotency_key: str) -> schemas.Attempt:
        """Return what the person began under a key: for a tap of which nobody knows more."""
        query = schemas.AttemptKey(key=idempotency_key)
        return await self.request(user, "GET", "/api/me/attempt", schemas.Attempt, query=query)

    async def accept_link(self, user: int, code: str) -> schemas.Me:
        """Become the same person as the Supabase user who made the code; a code works once."""
        body = schemas.CodeRequest(code=code)
        return await self.request(user, "POST", "/api/me/link/accept", schemas.Me, body=body)
