"""One generic store for everything the stand-ins remember: JSON objects by kind and id.

Stripe's objects and Telegram's messages are all rows of one table, so that a new kind of object
costs no new code. Every write is on disk before the call returns, and the data
survives a restart.
"""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from aiohttp import web

Json = dict[str, Any]

SCHEMA = Path(__file__).with_name("store.sql").read_text()


class Store:
    """Objects by (kind, id), listed in the order in which they were first put."""

    def __init__(self, path: Path | str) -> None:
        """Open (and create) the store at `path`; `":memory:"` forgets everything on close."""
        self._database = sqlite3.connect(path, isolation_level=None)
        self._database.execute("pragma journal_mode = wal")
        self._database.execute("pragma synchronous = normal")
        self._database.execute(SCHEMA)

    def put(self, kind: str, id: str, body: Json) -> None:
        """Write one object, new or changed; a changed one keeps its place in the order."""
        self._database.execute(
            "insert into things (kind, id, body) values (?, ?, ?)"
            " on conflict (kind, id) do update set body = excluded.body",
            (kind, id, json.dumps(body)),
        )

    def get(self, kind: str, id: str) -> Json | None:
        """Return a fresh copy of one object, or None."""
        row = self._database.execute(
            "select body from things where kind = ? and id = ?", (kind, id)
        ).fetchone()
        return None if row is None else dict(json.loads(row[0]))

    def list(self, kind: str, after: int = 0) -> Iterator[tuple[int, Json]]:
        """Return (seq, object) of a kind, oldest first; only those after the seq `after`."""
        rows = self._database.execute(
            "select seq, body from things where kind = ? and seq > ? order by seq",
            (kind, after),
        ).fetchall()
        return ((seq, json.loads(body)) for seq, body in rows)

    def rename(self, kind: str, other: str) -> None:
        """Make all objects of a kind objects of another kind, of which there are none."""
        self._database.execute("update things set kind = ? where kind = ?", (other, kind))

    def delete(self, kind: str) -> int:
        """Remove all objects of a kind; return how many there were."""
        return self._database.execute("delete from things where kind = ?", (kind,)).rowcount

    def close(self) -> None:
        """Close the file."""
        self._database.close()


STORE = web.AppKey("store", Store)
