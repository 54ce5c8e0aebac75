"""Answers of the routes of organizations, members and invitations."""

from datetime import timedelta
from uuid import UUID, uuid4

from backend import schemas
from backend.schemas import Membership
from tests.bot.fake_backend.examples import NOON, membership
from tests.bot.fake_backend.server import Call, Refused
from tests.bot.fake_backend.state import GRANTABLE, State


class OrganizationAnswers(State):
    """Organizations with their members; ids of users are their Telegram ids."""

    def create_organization(self, call: Call) -> schemas.Organization:
        """Create an organization, once for each key, and make it the default."""
        if call.key not in self.created_organizations:
            created = membership(uuid4(), call.body.name, "owner")
            self.created_organizations[call.key] = created.organization_id
            self.default_organizations[call.user] = created.organization_id
            self.memberships[call.user].append(created)
        organization_id = self.created_organizations[call.key]
        return organization_of(self.membership_in(call.user, organization_id))

    def rename_organization(self, call: Call) -> schemas.Organization:
        """Rename an organization in the memberships of all its members."""
        renamed = self.membership_in(call.user, call.id()).organization_id
        for user, memberships in self.memberships.items():
            for each in list(memberships):
                if each.organization_id == renamed:
                    self.change_membership(user, each, organization_name=call.body.name)
        return organization_of(self.membership_in(call.user, renamed))

    def set_accounting_time_zone(self, call: Call) -> schemas.Organization:
        """Set the time zone that comes next."""
        own = self.membership_in(call.user, call.id())
        if call.body.time_zone == "Mars/Phobos":
            raise Refused("time_zone_unknown")
        accounting = schemas.Accounting(
            month=own.accounting.month,
            time_zone=own.accounting.time_zone,
            next_time_zone=call.body.time_zone,
            next_from="2099-01",
        )
        self.change_membership(call.user, own, accounting=accounting)
        return organization_of(self.membership_in(call.user, own.organization_id))

    def get_billing(self, call: Call) -> schemas.Billing:
        """Return the address that was set."""
        organization_id = self.membership_in(call.user, call.id()).organization_id
        return schemas.Billing(email=self.billing_emails.get(organization_id))

    def set_billing(self, call: Call) -> schemas.Billing:
        """Set the address, or remove it."""
        organization_id = self.membership_in(call.user, call.id()).organization_id
        self.billing_emails[organization_id] = call.body.email
        return schemas.Billing(email=call.body.email)

    def list_members(self, call: Call) -> schemas.Members:
        """Return the members of an organization."""
        organization_id = self.membership_in(call.user, call.id()).organization_id
        members = [
            self.member(user, each, call.user)
            for user, memberships in self.memberships.items()
            for each in memberships
            if each.organization_id == organization_id
        ]
        names = [member.name for member in members]
        return schemas.Members(
            members=[
                member.model_copy(update={"shares_name": names.count(member.name) > 1})
                for member in members
            ]
        )

    def change_role(self, call: Call) -> schemas.Member:
        """Change a member's role."""
        user, old = self.changeable_member(call, {call.body.role})
        changed = self.change_membership(user, old, role=call.body.role)
        return self.member(user, changed, call.user)

    def remove_member(self, call: Call) -> None:
        """Remove a member."""
        user, old = self.changeable_member(call, set())
        self.memberships[user].remove(old)

    def create_invitation(self, call: Call) -> schemas.Invitation:
        """Create an invitation for a role that the person can give."""
        own = self.membership_in(call.user, call.id())
        if call.body.role not in GRANTABLE[own.role]:
            raise Refused("role_too_low", role="owner")
        created = schemas.Invitation(
            id=uuid4(),
            organization_id=own.organization_id,
            organization_name=own.organization_name,
            role=call.body.role,
            uses_left=call.body.uses,
            expires_at=NOON + timedelta(hours=call.body.hours),
            invited_by=self.names[call.user],
            code=f"code-{len(self.invitations)}_x",
        )
        self.invitations[str(created.code)] = created
        return created

    def revoke_invitation(self, call: Call) -> None:
        """Delete an invitation."""
        self.membership_in(call.user, call.id())
        revoked = call.id("invitation_id")
        self.invitations = {
            code: each for code, each in self.invitations.items() if each.id != revoked
        }

    def accept_invitation(self, call: Call) -> schemas.Organization:
        """Add the person to the invitation's organization, once."""
        invitation = self.invitations.get(call.body.code)
        if invitation is None:
            raise Refused("invitation_invalid")
        own = self.memberships[call.user]
        if invitation.organization_id not in [each.organization_id for each in own]:
            name, role = invitation.organization_name, invitation.role
            own.append(membership(invitation.organization_id, name, role))
        return organization_of(self.membership_in(call.user, invitation.organization_id))

    def changeable_member(self, call: Call, roles: set[schemas.Role]) -> tuple[int, Membership]:
        """Return the member in the path, to whom the person gives `roles`. Raises Refused."""
        user = call.id("user_id").int
        own = self.membership_in(call.user, call.id())
        theirs = self.membership_in(user, call.id())
        if user != call.user and not {theirs.role, *roles} <= GRANTABLE[own.role]:
            raise Refused("role_too_low", role="owner")
        owners = [
            each
            for memberships in self.memberships.values()
            for each in memberships
            if (each.organization_id, each.role) == (own.organization_id, "owner")
        ]
        if owners == [theirs]:
            raise Refused("last_owner")
        return user, theirs

    def member(self, user: int, membership: Membership, reader: int) -> schemas.Member:
        """Return a membership as a member in the list that `reader` gets."""
        return schemas.Member(
            user_id=UUID(int=user),
            name=self.names.get(user, f"Person {user}"),
            role=membership.role,
            is_me=user == reader,
            joined_at=NOON,
        )


def organization_of(membership: Membership) -> schemas.Organization:
    """Return the organization of a membership."""
    return schemas.Organization(
        id=membership.organization_id,
        name=membership.organization_name,
        role=membership.role,
        default_currency="eur",
        accounting=membership.accounting,
        wallets=membership.wallets,
        created_at=NOON,
    )
