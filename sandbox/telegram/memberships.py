"""Which role each persona has in which organization now, as the backend's database says.

The page asks every few seconds. The local Telegram itself knows nothing of organizations.
"""

import asyncio
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import asyncpg

from sandbox.personas import PERSONAS, Persona
from sandbox.store import Json

TIMEOUT = 5.0  # seconds for a connection, and for its answer
# The last two come where the connection is just being closed under the query.
FAILURES = (
    OSError,
    TimeoutError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)
LANGUAGES = {"ru": "Telegram in Russian"}

# First the default organization, then the one they have belonged to longest.
QUERY = """
select u.telegram_id, o.name, m.role
from private.users as u
join public.memberships as m on m.user_id = u.id
join public.organizations as o on o.id = m.organization_id
where u.telegram_id = any($1::bigint[])
order by m.organization_id = u.default_organization_id desc nulls last, m.created_at, o.name
"""


@dataclass(frozen=True)
class Membership:
    """A role ("owner", "admin", "member") in the organization of this name."""

    organization: str
    role: str


class Memberships:
    """Reads the roles of all personas over one connection, which is opened when it is needed.

    `database_url` is the owner's; "" where there is none (Supabase over REST), and then no role is
    known. While the database does not answer, the last known roles stay.
    """

    def __init__(self, database_url: str = "") -> None:
        """Take the database's address, as its owner."""
        self._database_url = database_url
        self._connection: Any = None
        self._turn = asyncio.Lock()
        self._last: dict[int, list[Membership]] | None = None

    async def read(self) -> dict[int, list[Membership]] | None:
        """Return the memberships by the persona's Telegram id; None where they are not known."""
        if not self._database_url:
            return None
        async with self._turn:
            try:
                async with asyncio.timeout(TIMEOUT):
                    self._last = await self._fetch()
            except FAILURES:
                self.close()
            return self._last

    async def _fetch(self) -> dict[int, list[Membership]]:
        if self._connection is None or self._connection.is_closed():
            self._connection = await asyncpg.connect(self._database_url, statement_cache_size=0)
        async with self._connection.transaction(readonly=True):  # one server's, behind a pooler too
            rows = await self._connection.fetch(QUERY, [each.user_id for each in PERSONAS])
        memberships = defaultdict(list)
        for row in rows:
            memberships[row["telegram_id"]].append(Membership(row["name"], row["role"]))
        return dict(memberships)

    def close(self) -> None:
        """Close the connection without waiting for the server."""
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None


def described(persona: Persona, memberships: dict[int, list[Membership]] | None) -> Json:
    """Return `{"role", "organizations", "about"}` of a persona, for the list of people.

    `role` is that of their default organization, "stranger" where they belong to none, and "" where
    nobody knows; `about` is a line that says it.
    """
    language = [LANGUAGES[persona.language]] if persona.language in LANGUAGES else []
    if memberships is None:
        about = ", ".join(["Role not known here", *language])
        return {"role": "", "organizations": [], "about": about}
    theirs = memberships.get(persona.user_id, [])
    roles = [f"{each.role} of {each.organization}" for each in theirs] or ["in no organization"]
    about = ", ".join([*roles, *language])
    return {
        "role": theirs[0].role if theirs else "stranger",
        "organizations": [{"name": each.organization, "role": each.role} for each in theirs],
        "about": about[0].upper() + about[1:],
    }
