"""Invitations: codes that make people members; each code is shown once."""

from uuid import UUID

from backend.database.functions import invitations
from backend.database.protocol import Database, Person
from backend.errors import BadRequest
from backend.organizations.people import printable
from backend.schemas import CodeRequest, Invitation, InvitationRequest, Invitations, Organization
from backend.services import Services

MAX_NAME_LENGTH = 100


async def list_invitations(database: Database, actor: Person, organization_id: UUID) -> Invitations:
    """List valid invitations, without their codes. Raises NotFound, RoleTooLow."""
    rows = await invitations.list_invitations(database, actor, organization_id=organization_id)
    return Invitations(invitations=rows)


async def create_invitation(
    database: Database, actor: Person, organization_id: UUID, request: InvitationRequest
) -> Invitation:
    """Create an invitation; the answer has its code. Raises NotFound, RoleTooLow, TooManyRequests.

    It is valid as long as its creator is authorized to create it. A repeat creates another one,
    because a code cannot be shown twice.
    """
    return await invitations.create_invitation(
        database,
        actor,
        organization_id=organization_id,
        role=request.role,
        uses=request.uses,
        hours=request.hours,
    )


async def revoke_invitation(
    database: Database, actor: Person, organization_id: UUID, invitation_id: UUID
) -> None:
    """Revoke an invitation. Raises NotFound, RoleTooLow."""
    await invitations.revoke_invitation(
        database, actor, organization_id=organization_id, invitation_id=invitation_id
    )


async def get_invitation(database: Database, actor: Person, request: CodeRequest) -> Invitation:
    """Read the invitation of a code. Raises InvitationInvalid."""
    return await invitations.get_invitation(database, actor, code=request.code)


async def accept_invitation(
    services: Services, actor: Person, request: CodeRequest
) -> Organization:
    """Make the actor a member, or raise their role. Raises InvitationInvalid.

    Who is a member by this code gets the same answer again, and no use of it is counted.
    """
    joined = await invitations.accept_invitation(services.database, actor, code=request.code)
    services.wakeup.wake()
    return joined


async def invite_owner(database: Database, name_or_id: str, hours: int) -> Invitation:
    """Create an owner's invitation for the operator, by an organization's name or id.

    A name creates a new organization, or takes one of that name without members. Where one of that
    name has members, BadRequest names the ids to choose from: names are not unique, and an owner
    must not become one of a stranger's organization. Raises NotFound for an unknown id.
    """
    name, organization_id = printable(name_or_id), None
    try:
        organization_id = UUID(name)
    except ValueError:
        if not 1 <= len(name) <= MAX_NAME_LENGTH:
            raise BadRequest(f"A name has from 1 to {MAX_NAME_LENGTH} characters.") from None
    answer = await invitations.invite_owner(
        database, name=name, hours=hours, organization_id=organization_id
    )
    if isinstance(answer, invitations.SameNameRow):
        others = " or ".join(str(other) for other in answer.others)
        raise BadRequest(
            f"There is an organization of that name already. To invite an owner into it, say"
            f" --organization {others}. For a new one, take another name."
        )
    return answer
