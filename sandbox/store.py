"""The stand-ins' store: JSON objects by kind and id, in one SQLite table.

Every write is on disk before the call returns.
"""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from aiohttp import web

Json = dict[str, Any]

SCHEMA = Path(__file__).with_name("store.sql").read_text()

SEARCH = """
select body, other
from (
    select one.seq, one.body, two.body as other
    from things as one left join things as two on two.kind = :beside and two.id = one.id
    where one.kind = :kind
)
where instr(lower(body), :text) > 0 or instr(lower(coalesce(other, '')), :text) > 0
order by seq desc limit :limit
"""


class Store:
    """JSON objects by (kind, id), listed in the order in which they were first written."""

    def __init__(self, path: Path | str) -> None:
        """Open the store at `path`, made if needed; `":memory:"` forgets everything on close."""
        self._database = sqlite3.connect(path, isolation_level=None)
        self._database.execute("pragma journal_mode = wal")
        self._database.execute("pragma synchronous = normal")
        self._database.execute(SCHEMA)

    def put(self, kind: str, id: str, body: Json) -> None:
        """Write an object, new or changed; a changed one stays in its place of the order."""
        self._database.execute(
            "insert into things (kind, id, body) values (?, ?, ?)"
            " on conflict (kind, id) do update set body = excluded.body",
            (kind, id, json.dumps(body)),
        )

    def get(self, kind: str, id: str) -> Json | None:
        """Return a copy of an object; None where there is none."""
        row = self._database.execute(
            "select body from things where kind = ? and id = ?", (kind, id)
        ).fetchone()
        return None if row is None else dict(json.loads(row[0]))

    def list(self, kind: str, after: int = 0) -> Iterator[tuple[int, Json]]:
        """Return (seq, object) of a kind, oldest first, those after the seq `after`."""
        rows = self._database.execute(
            "select seq, body from things where kind = ? and seq > ? order by seq",
            (kind, after),
        ).fetchall()
        return ((seq, json.loads(body)) for seq, body in rows)

    def list_created(self, kind: str, since: int, until: int) -> Iterator[Json]:
        """Return the objects of a kind with a `created` from `since` on and before `until`.

        In seconds since 1970, oldest first.
        """
        rows = self._database.execute(
            "select body from things where kind = ?"
            " and json_extract(body, '$.created') >= ? and json_extract(body, '$.created') < ?"
            " order by seq",
            (kind, since, until),
        ).fetchall()
        return (json.loads(body) for [body] in rows)

    def search(
        self, kind: str, beside: str, text: str, limit: int
    ) -> Iterator[tuple[Json, Json | None]]:
        """Return the newest objects of a kind that have a text in their JSON, newest first.

        Each comes with the object of the kind `beside` that has the same id, where the text may be
        instead. Upper and lower case of A to Z are the same.
        """
        in_json = json.dumps(text)[1:-1].lower()
        rows = self._database.execute(
            SEARCH, {"kind": kind, "beside": beside, "text": in_json, "limit": limit}
        ).fetchall()
        return ((json.loads(body), other and json.loads(other)) for body, other in rows)

    def rename(self, kind: str, other: str) -> None:
        """Change the kind of all objects of a kind; there must be none of the `other` kind."""
        self._database.execute("update things set kind = ? where kind = ?", (other, kind))

    def delete(self, kind: str) -> int:
        """Delete all objects of a kind; return how many there were."""
        return self._database.execute("delete from things where kind = ?", (kind,)).rowcount

    def close(self) -> None:
        """Close the file."""
        self._database.close()


STORE = web.AppKey("store", Store)
