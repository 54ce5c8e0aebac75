"""SQL functions of Telegram groups: their organization, and what is shown there.

`telegram_chat_id` is Telegram's id of the group.
"""

from uuid import UUID

from backend.database.protocol import SERVICE, Database, Person
from backend.schemas import Group, GroupBalance, GroupEvent


async def record_group_change(
    database: Database,
    *,
    telegram_chat_id: int,
    happened: GroupEvent,
    new_chat_id: int | None = None,
) -> Group:
    """Record what Telegram reports of the bot in a group; a repeat or a late report is harmless.

    The tie to an organization ends where the bot `left` or `joined` again. `new_chat_id`: the
    supergroup that the group `migrated` to.
    """
    row = await database.call(
        "record_group_change",
        SERVICE,
        telegram_chat_id=telegram_chat_id,
        happened=happened,
        new_chat_id=new_chat_id,
    )
    return Group.model_validate(row)


async def get_group(database: Database, actor: Person, *, telegram_chat_id: int) -> Group:
    """Read a group as the actor may see it: who is no owner sees only whether it is tied."""
    return Group.model_validate(
        await database.call("get_group", actor, telegram_chat_id=telegram_chat_id)
    )


async def tie_group(
    database: Database, actor: Person, *, telegram_chat_id: int, organization_id: UUID
) -> Group:
    """Tie a group to an organization. Raises NotFound, RoleTooLow.

    The actor must be an owner of it, and of the organization that the group is tied to already.
    """
    row = await database.call(
        "tie_group", actor, telegram_chat_id=telegram_chat_id, organization_id=organization_id
    )
    return Group.model_validate(row)


async def set_group_permissions(
    database: Database,
    actor: Person,
    *,
    telegram_chat_id: int,
    organization_id: UUID,
    shows_balance: bool | None = None,
    announces_credits: bool | None = None,
    message_thread_id: int | None = None,
    tied: bool = True,
) -> Group:
    """Change what a group shows; `tied` false ends the tie, and None changes nothing.

    Raises NotFound, RoleTooLow.
    """
    row = await database.call(
        "set_group_permissions",
        actor,
        telegram_chat_id=telegram_chat_id,
        organization_id=organization_id,
        shows_balance=shows_balance,
        announces_credits=announces_credits,
        message_thread_id=message_thread_id,
        tied=tied,
    )
    return Group.model_validate(row)


async def get_group_balance(
    database: Database, actor: Person, *, telegram_chat_id: int
) -> GroupBalance:
    """Read the balances that a group shows. Raises NotFound where no owner has allowed it."""
    return GroupBalance.model_validate(
        await database.call("get_group_balance", actor, telegram_chat_id=telegram_chat_id)
    )
