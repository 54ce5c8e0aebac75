"""Routes of organizations, their members and invitations."""

from uuid import UUID

from backend import schemas
from bot.backend_api.transport import BackendTransport


class OrganizationRoutes(BackendTransport):
    """Organizations: creation, names, members, roles, invitations."""

    async def create_organization(
        self, user: int, request: schemas.OrganizationRequest, *, idempotency_key: str
    ) -> schemas.Organization:
        """Create an organization, once for each key; it becomes the person's default one."""
        return await self.request(
            user,
            "POST",
            "/api/organizations",
            schemas.Organization,
            body=request,
            idempotency_key=idempotency_key,
        )

    async def rename_organization(
        self, user: int, organization_id: UUID, request: schemas.OrganizationRequest
    ) -> schemas.Organization:
        """Rename an organization."""
        path = f"/api/organizations/{organization_id}"
        return await self.request(user, "PATCH", path, schemas.Organization, body=request)

    async def set_accounting_time_zone(
        self, user: int, organization_id: UUID, request: schemas.AccountingRequest
    ) -> schemas.Organization:
        """Set the time zone of an organization's months from the next one on."""
        path = f"/api/organizations/{organization_id}/accounting"
        return await self.request(user, "PATCH", path, schemas.Organization, body=request)

    async def get_billing(self, user: int, organization_id: UUID) -> schemas.Billing:
        """Return the billing e-mail address that an owner chose."""
        path = f"/api/organizations/{organization_id}/billing"
        return await self.request(user, "GET", path, schemas.Billing)

    async def set_billing(
        self, user: int, organization_id: UUID, request: schemas.BillingRequest
    ) -> schemas.Billing:
        """Set an organization's billing e-mail address, or remove it."""
        path = f"/api/organizations/{organization_id}/billing"
        return await self.request(user, "PATCH", path, schemas.Billing, body=request)

    async def list_members(self, user: int, organization_id: UUID) -> schemas.Members:
        """Return the members of an organization: owners first, then admins, then members."""
        path = f"/api/organizations/{organization_id}/members"
        return await self.request(user, "GET", path, schemas.Members)

    async def change_role(
        self, user: int, organization_id: UUID, member_id: UUID, role: schemas.Role
    ) -> schemas.Member:
        """Change a member's role. `member_id` is their `Member.user_id`."""
        path = f"/api/organizations/{organization_id}/members/{member_id}"
        body = schemas.RoleRequest(role=role)
        return await self.request(user, "PATCH", path, schemas.Member, body=body)

    async def remove_member(self, user: int, organization_id: UUID, member_id: UUID) -> None:
        """Remove a member, or leave: `member_id` may be one's own."""
        path = f"/api/organizations/{organization_id}/members/{member_id}"
        await self.send(user, "DELETE", path)

    async def create_invitation(
        self, user: int, organization_id: UUID, request: schemas.InvitationRequest
    ) -> schemas.Invitation:
        """Create an invitation; only this answer has its code.

        It is not repeated under a key: where the answer is lost, an invitation remains whose code
        nobody has.
        """
        path = f"/api/organizations/{organization_id}/invitations"
        return await self.request(user, "POST", path, schemas.Invitation, body=request)

    async def list_invitations(self, user: int, organization_id: UUID) -> schemas.Invitations:
        """Return the invitations that still work, newest first, without their codes."""
        path = f"/api/organizations/{organization_id}/invitations"
        return await self.request(user, "GET", path, schemas.Invitations)

    async def list_audit_log(
        self, user: int, organization_id: UUID, query: schemas.AuditQuery
    ) -> schemas.AuditEntries:
        """Return a page of what was done in an organization, newest first."""
        path = f"/api/organizations/{organization_id}/audit"
        return await self.request(user, "GET", path, schemas.AuditEntries, query=query)

    async def revoke_invitation(
        self, user: int, organization_id: UUID, invitation_id: UUID
    ) -> None:
        """Revoke an invitation; its code works for nobody any more."""
        path = f"/api/organizations/{organization_id}/invitations/{invitation_id}"
        await self.send(user, "DELETE", path)

    async def accept_invitation(self, user: int, code: str) -> schemas.Organization:
        """Join an organization by an invitation's code; repeating it changes nothing."""
        path, body = "/api/invitations/accept", schemas.CodeRequest(code=code)
        return await self.request(user, "POST", path, schemas.Organization, body=body)
