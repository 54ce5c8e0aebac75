"""Telegram groups of organizations: the bot reports changes, an owner decides what is shown."""

from backend.database.functions import groups
from backend.database.protocol import Database, Person
from backend.schemas import Group, GroupBalance, GroupNews, GroupPermissions, WhichOrganization


async def record_group_change(database: Database, chat_id: int, change: GroupNews) -> Group:
    """Record what Telegram reports of the bot in a group.

    The tie to an organization ends where the bot left or joined again.
    """
    return await groups.record_group_change(
        database,
        telegram_chat_id=chat_id,
        happened=change.happened,
        new_chat_id=change.new_chat_id,
    )


async def get_group(database: Database, actor: Person, chat_id: int) -> Group:
    """Read a group as the actor may see it."""
    return await groups.get_group(database, actor, telegram_chat_id=chat_id)


async def tie_group(
    database: Database, actor: Person, chat_id: int, request: WhichOrganization
) -> Group:
    """Tie a group to an organization. Raises NotFound, RoleTooLow.

    The actor must be an owner of it, and of the organization that the group is tied to already.
    """
    return await groups.tie_group(
        database, actor, telegram_chat_id=chat_id, organization_id=request.organization_id
    )


async def set_group_permissions(
    database: Database, actor: Person, chat_id: int, request: GroupPermissions
) -> Group:
    """Change what a group shows, or end its tie. Raises NotFound, RoleTooLow."""
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
    """Read the balances that a group shows. Raises NotFound where no owner has allowed it."""
    return await groups.get_group_balance(database, actor, telegram_chat_id=chat_id)
