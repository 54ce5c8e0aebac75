"""What a reviewer of the schema would look for, in the catalog of the migrated database."""

import re
from typing import TYPE_CHECKING, Any

import asyncpg

if TYPE_CHECKING:
    Connection = asyncpg.Connection[Any]
else:
    Connection = asyncpg.Connection

# They answer who the caller is; a role check would have to ask them first.
DEFINERS_WITHOUT_ROLE_CHECK = {
    "private.current_user_id", "private.member_organization_ids", "private.owned_organization_ids",
    "private.manageable_organization_ids",
}  # fmt: skip


async def test_every_definer_function_begins_with_its_role_check(owner: Connection) -> None:
    rows = await owner.fetch(
        "select n.nspname || '.' || p.proname as name, p.prosrc as body"
        " from pg_proc as p inner join pg_namespace as n on p.pronamespace = n.oid"
        " where p.prosecdef and n.nspname in ('public', 'private', 'api')"
    )
    check = re.compile(
        r"^\s*(declare.*:= private\.require_\w+\(|(declare.*?)?begin\s+perform private\.require_)",
        re.S,
    )
    without = {row["name"] for row in rows if not check.match(row["body"])}
    assert without == DEFINERS_WITHOUT_ROLE_CHECK
