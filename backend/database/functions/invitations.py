"""SQL functions of invitations. A code is shown once; the database keeps its hash."""

from uuid import UUID

from backend.database.protocol import SERVICE, Database, Person
from backend.database.rows import Row
from backend.schemas import Invitation, Organization, Role


class SameNameRow(Row):
    """Ids of the organizations that have this name and members; nothing was done."""

    others: tuple[UUID, ...]


async def create_invitation(
    database: Database,
    actor: Person,
    *,
    organization_id: UUID,
    role: Role = "member",
    uses: int = 1,
    hours: int = 48,
) -> Invitation:
    """Create an invitation for `uses` people, valid for `hours`; the answer has its code.

    Raises NotFound, RoleTooLow, TooManyRequests.
    """
    row = await database.call(
        "create_invitation",
        actor,
        organization_id=organization_id,
        role=role,
        uses=uses,
        hours=hours,
    )
    return Invitation.model_validate(row)


async def list_invitations(
    database: Database, actor: Person, *, organization_id: UUID
) -> list[Invitation]:
    """List valid invitations, newest first, without codes. Raises NotFound, RoleTooLow."""
    rows = await database.call("list_invitations", actor, organization_id=organization_id)
    return [Invitation.model_validate(row) for row in rows]


async def revoke_invitation(
    database: Database, actor: Person, *, organization_id: UUID, invitation_id: UUID
) -> None:
    """Revoke an invitation; again is harmless. Raises NotFound, RoleTooLow."""
    await database.call(
        "revoke_invitation", actor, organization_id=organization_id, invitation_id=invitation_id
    )


async def get_invitation(database: Database, actor: Person, *, code: str) -> Invitation:
    """Read the invitation of a code. Raises InvitationInvalid.

    Wrong, expired, used up and used by the actor are one refusal, so that codes cannot be probed.
    """
    return Invitation.model_validate(await database.call("get_invitation", actor, code=code))


async def accept_invitation(database: Database, actor: Person, *, code: str) -> Organization:
    """Make the actor a member, or raise their role, which it never lowers.

    Who is a member by this code gets the same answer again. Raises InvitationInvalid.
    """
    return Organization.model_validate(await database.call("accept_invitation", actor, code=code))


async def invite_owner(
    database: Database, *, name: str, hours: int, organization_id: UUID | None = None
) -> Invitation | SameNameRow:
    """Create an owner's invitation, into the organization of that id or of that name.

    By name it takes one without members, or else creates one; where only others with members have
    the name, it does nothing and answers their ids. Raises NotFound for an unknown id.
    """
    answer = await database.call(
        "invite_owner", SERVICE, name=name, hours=hours, organization_id=organization_id
    )
    if "others" in answer:
        return SameNameRow.model_validate(answer)
    return Invitation.model_validate(answer)
