"""Invitations into an organization. Their codes are told once; the database keeps hashes."""

from uuid import UUID

from backend.database.protocol import SERVICE, Database, Person
from backend.database.rows import Row
from backend.schemas import Invitation, Organization, Role


class SameNameRow(Row):
    """Organizations that have the name already and have people: nothing was done."""

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
    """Make an invitation for `uses` people that works for `hours`, with its code.

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
    """List those that still work, newest first, without codes. Raises NotFound, RoleTooLow."""
    rows = await database.call("list_invitations", actor, organization_id=organization_id)
    return [Invitation.model_validate(row) for row in rows]


async def revoke_invitation(
    database: Database, actor: Person, *, organization_id: UUID, invitation_id: UUID
) -> None:
    """Let nobody in by an invitation any more; again is harmless. Raises NotFound, RoleTooLow."""
    await database.call(
        "revoke_invitation", actor, organization_id=organization_id, invitation_id=invitation_id
    )


async def get_invitation(database: Database, actor: Person, *, code: str) -> Invitation:
    """Read what a code would let the caller into.

    Wrong, expired, used up and used by the caller are one refusal: raises InvitationInvalid.
    """
    return Invitation.model_validate(await database.call("get_invitation", actor, code=code))


async def accept_invitation(database: Database, actor: Person, *, code: str) -> Organization:
    """Let the caller in, or raise their role, which it never lowers.

    Whoever came in by it and is still there gets the same answer again. Raises InvitationInvalid.
    """
    return Organization.model_validate(await database.call("accept_invitation", actor, code=code))


async def invite_owner(
    database: Database, *, name: str, hours: int, organization_id: UUID | None = None
) -> Invitation | SameNameRow:
    """Invite an owner into the organization of that id, or else into one that has no people yet.

    Where none of that name is without people, but others are there, it answers their ids. Where
    there is none at all, it is set up. Raises NotFound for an id that is not there.
    """
    answer = await database.call(
        "invite_owner", SERVICE, name=name, hours=hours, organization_id=organization_id
    )
    if "others" in answer:
        return SameNameRow.model_validate(answer)
    return Invitation.model_validate(answer)
