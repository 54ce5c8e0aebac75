"""Telegram groups: the bot says where it is, an owner decides what is seen there."""

from backend.database.functions import groups
from backend.database.protocol import Database, Person
from backend.schemas import Group, GroupBalance, GroupNews, GroupPermissions, WhichOrganization


async def record_group_change(database: Database, chat_id: int, news: GroupNews) -> Group:
    """What Telegram says of a group. Its tie ends where the bot left or joined anew."""
    return await groups.record_group_change(
        database,
        telegram_chat_id=chat_id,
        happened=news.happened,
        new_chat_id=news.new_chat_id,
    )


async def get_group(database: Database, actor: Person, chat_id: int) -> Group:
    """A Telegram group as the caller may know it."""
    return await groups.get_group(database, actor, telegram_chat_id=chat_id)


async def tie_group(
    database: Database, actor: Person, chat_id: int, request: WhichOrganization
) -> Group:
    """Tie a Telegram group to an organization.

    Raises NotFound or RoleTooLow for who is no owner of it, and NotFound for who is no owner of the
    organization that the group is tied to.
    """
    return await groups.tie_group(
        database, actor, telegram_chat_id=chat_id, organization_id=request.organization_id
    )


async def set_group_permissions(
    database: Database, actor: Person, chat_id: int, request: GroupPermissions
) -> Group:
    """Let a Telegram group see more, or less, or nothing. Raises NotFound or RoleTooLow."""
    return await groups.set_group_permissions(
        database,
        actor,
        telegram_chat_id=chat_id,
        organization_id=request.organization_id,
        shows_balance=request.shows_balance,
        announces_credits=request.announces_credits,
        message_thread_id=request.message_thread_id,
        tied=request.tied,
    )


async def get_group_balance(database: Database, actor: Person, chat_id: int) -> GroupBalance:
    """The wallets that a Telegram group may see. Raises NotFound where no owner has allowed it."""
    return await groups.get_group_balance(database, actor, telegram_chat_id=chat_id)
