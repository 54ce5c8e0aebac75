"""A notification that SQL queues is one that the bot can read: both list the same kinds."""

import re
from typing import TYPE_CHECKING, Any, get_args

import asyncpg

from backend.schemas import Notification

if TYPE_CHECKING:
    Connection = asyncpg.Connection[Any]
else:
    Connection = asyncpg.Connection


async def test_sql_and_the_api_have_the_same_kinds(owner: Connection) -> None:
    check = await owner.fetchval(
        "select pg_get_constraintdef(oid) from pg_constraint"
        " where conname = 'notifications_kind_is_listed'"
    )
    in_sql = set(re.findall(r"'(\w+)'", check))
    assert in_sql == {*get_args(Notification.model_fields["kind"].annotation)}, (
        "left: `notifications_kind_is_listed`; right: `kind` in backend/schemas/notifications.py"
    )
