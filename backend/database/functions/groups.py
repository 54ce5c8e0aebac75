"""Telegram groups: who they belong to and what is shown there. Ids are Telegram's."""

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
    """Write down what Telegram says of a group. Again, or late, is harmless.

    It ends the group's tie where the bot left or joined anew. `new_chat_id`: where it migrated to.
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
    """Read a group as the caller may know it; who is no owner learns only whether it is tied."""
    return Group.model_validate(
        await database.call("get_group", actor, telegram_chat_id=telegram_chat_id)
    )


async def tie_group(
    database: Database, actor: Person, *, telegram_chat_id: int, organization_id: UUID
) -> Group:
    """Tie a group to an organization.

    Raises NotFound or RoleTooLow for who is no owner of it, and NotFound for who is no owner of the
    organization that the group is tied to.
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
    """Let a group see more, or less, or with `tied` false nothing; what is None stays.

    Raises NotFound or RoleTooLow.
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
    """Read the wallets that a group may see. Raises NotFound where no owner has allowed it."""
    return GroupBalance.model_validate(
        await database.call("get_group_balance", actor, telegram_chat_id=telegram_chat_id)
    )
