"""Telegram groups: the bot says where it is, an owner decides what is seen there."""

from backend.database.protocol import SERVICE, Actor, Database
from backend.schemas import Group, GroupBalance, GroupNews, GroupPermissions, WhichOrganization


async def hear(database: Database, chat_id: int, news: GroupNews) -> Group:
    """What Telegram says of a group. Its tie ends where the bot left or joined anew."""
    row = await database.call(
        "hear_of_group", SERVICE, telegram_chat_id=chat_id, **news.model_dump()
    )
    return Group(**row)


async def show(database: Database, actor: Actor, chat_id: int) -> Group:
    """A Telegram group as the caller may know it."""
    return Group(**await database.call("get_group", actor, telegram_chat_id=chat_id))


async def tie(database: Database, actor: Actor, chat_id: int, wanted: WhichOrganization) -> Group:
    """Tie a Telegram group to an organization.

    Raises NotFound or RoleTooLow for who is no owner of it, and NotFound for who is no owner of the
    organization that the group is tied to.
    """
    row = await database.call("tie_group", actor, telegram_chat_id=chat_id, **wanted.model_dump())
    return Group(**row)


async def allow(database: Database, actor: Actor, chat_id: int, wanted: GroupPermissions) -> Group:
    """Let a Telegram group see more, or less, or nothing. Raises NotFound or RoleTooLow."""
    row = await database.call("allow_group", actor, telegram_chat_id=chat_id, **wanted.model_dump())
    return Group(**row)


async def balance(database: Database, actor: Actor, chat_id: int) -> GroupBalance:
    """The wallets that a Telegram group may see. Raises NotFound where no owner has allowed it."""
    return GroupBalance(**await database.call("get_group_balance", actor, telegram_chat_id=chat_id))
