"""Invitations: a code that lets people into an organization, told once to whoever makes it."""

from uuid import UUID

from backend.database.functions import invitations
from backend.database.protocol import Database, Person
from backend.errors import BadRequest
from backend.organizations.people import printable
from backend.schemas import CodeRequest, Invitation, InvitationRequest, Invitations, Organization
from backend.services import Services

MAX_NAME_LENGTH = 100


async def list_invitations(database: Database, actor: Person, organization_id: UUID) -> Invitations:
    """Invitations that still work, without their codes. Raises NotFound, RoleTooLow."""
    rows = await invitations.list_invitations(database, actor, organization_id=organization_id)
    return Invitations(invitations=rows)


async def create_invitation(
    database: Database, actor: Person, organization_id: UUID, request: InvitationRequest
) -> Invitation:
    """A new invitation with its code. Raises NotFound, RoleTooLow, TooManyRequests.

    It works as long as whoever made it could still make it. A repeat makes another: nobody can be
    told a code twice.
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
    """Let nobody in by an invitation any more. Raises NotFound, RoleTooLow."""
    await invitations.revoke_invitation(
        database, actor, organization_id=organization_id, invitation_id=invitation_id
    )


async def get_invitation(database: Database, actor: Person, request: CodeRequest) -> Invitation:
    """What a code would let the caller into. Raises InvitationInvalid."""
    return await invitations.get_invitation(database, actor, code=request.code)


async def accept_invitation(
    services: Services, actor: Person, request: CodeRequest
) -> Organization:
    """Come in by a code, or get a higher role by it. Raises InvitationInvalid.

    Whoever came in by it before and is still there gets the same answer, and uses nothing up.
    """
    joined = await invitations.accept_invitation(services.database, actor, code=request.code)
    services.wakeup.wake()
    return joined


async def invite_owner(database: Database, name_or_id: str, hours: int) -> Invitation:
    """An operator's invitation for an owner; `named` is an organization's name or id.

    A name sets up a new organization, or takes one of that name that nobody has joined yet. Where
    one of that name has people, BadRequest names the ids to choose from: names are nobody's own,
    and an owner must not land in somebody else's. An id that is not there is NotFound.
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
