"""The rule of hosted Supabase over REST: no UPDATE or DELETE without WHERE, in functions as well.

The login of its REST API preloads pg-safeupdate, which stops such a statement with SQLSTATE 21000
(https://supabase.com/docs/guides/database/extensions/pg-safeupdate), also inside a function with
its owner's rights. No package has that library, so the bodies of functions are parsed here, with
PostgreSQL's own grammar (libpg_query). It is stricter than the original: that stops a statement
when it is reached, this a function that could reach one.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

import asyncpg
import pgparse

if TYPE_CHECKING:
    Connection = asyncpg.Connection[Any] | asyncpg.pool.PoolConnectionProxy[Any]
else:
    Connection = asyncpg.Connection

FUNCTIONS = """
select format('%s.%s', n.nspname, p.proname) as name, l.lanname as language, p.prosrc as source,
    p.prosqlbody is not null as standard, pg_get_functiondef(p.oid) as definition
from pg_proc as p
join pg_language as l on l.oid = p.prolang
join pg_namespace as n on n.oid = p.pronamespace
where n.nspname in ('public', 'api', 'private') and p.prokind in ('f', 'p')
"""
TRIGGERS = """
select format('%s.%s', tn.nspname, c.relname) as on_table,
    format('%s.%s', pn.nspname, p.proname) as calls
from pg_trigger as t
join pg_class as c on c.oid = t.tgrelid
join pg_namespace as tn on tn.oid = c.relnamespace
join pg_proc as p on p.oid = t.tgfoid
join pg_namespace as pn on pn.oid = p.pronamespace
where not t.tgisinternal
"""
REFUSALS = {
    "UpdateStmt": "UPDATE requires a WHERE clause",
    "DeleteStmt": "DELETE requires a WHERE clause",
}


class UnreadableBody(Exception):
    """A body that cannot be checked here, such as SQL that is built at run time."""


@dataclass
class Bodies:
    """The bodies of functions: what pg-safeupdate would refuse in each, and what each may call."""

    refused: dict[str, str] = field(default_factory=dict)
    calls: dict[str, set[str]] = field(default_factory=dict)

    def refusal(self, function: str) -> str | None:
        """Return the message with which a call of `schema.function` would be refused, or None."""
        waiting, seen = [function], {function}
        while waiting:
            name = waiting.pop()
            if name in self.refused:
                return self.refused[name]
            reached = self.calls.get(name, set()) - seen
            seen |= reached
            waiting += reached
        return None


async def read_bodies(connection: Connection) -> Bodies:
    """Return the bodies of all functions of our schemas. Raises UnreadableBody."""
    bodies = Bodies()
    for name, language, source, standard, definition in await connection.fetch(FUNCTIONS):
        sql = definition if standard or language == "plpgsql" else source
        for refused in refusals(language, sql):
            bodies.refused[name] = refused
        names = re.findall(r"\b(?:public|api|private)\.\w+", source or definition)
        bodies.calls.setdefault(name, set()).update(names)
    for table, name in await connection.fetch(TRIGGERS):
        bodies.calls.setdefault(table, set()).add(name)
    return bodies


@cache  # the same functions stand in hundreds of databases
def refusals(language: str, sql: str) -> list[str]:
    """Return pg-safeupdate's message for each statement that it would refuse."""
    statements = list(plpgsql_statements(sql)) if language == "plpgsql" else [sql]
    return [
        REFUSALS[kind]
        for statement in statements
        for kind, node in nodes(pgparse.parse(statement))
        if kind in REFUSALS and "whereClause" not in node
    ]


def plpgsql_statements(definition: str) -> Iterator[str]:
    """Yield every statement of a function in PL/pgSQL; an expression cannot change a table."""
    for kind, node in nodes(plpgsql_tree(definition)):
        if kind == "PLpgSQL_stmt_dynexecute":
            query = node["query"]["PLpgSQL_expr"]["query"]
            if re.search(r"\b(update|delete)\b", query, re.IGNORECASE):
                raise UnreadableBody(query)
        elif kind == "PLpgSQL_expr" and node["parseMode"] == 0:
            yield node["query"]


def plpgsql_tree(definition: str) -> Any:
    """Return the syntax tree of a function; fields of unknown variables are replaced."""
    while True:
        try:
            return pgparse.parse_pgsql(definition)
        except pgparse.PGQueryError as error:
            unknown = re.search(r'"(\w+\.\w+)" is not a known variable', str(error))
            if unknown is None:
                raise UnreadableBody(f"{error}: {definition}") from error
            definition = re.sub(rf"\b{re.escape(unknown[1])}\b", "found", definition)


def nodes(tree: Any) -> Iterator[tuple[str, Any]]:
    """Yield every node below, with its kind."""
    if isinstance(tree, dict):
        for kind, node in tree.items():
            yield kind, node
            yield from nodes(node)
    elif isinstance(tree, list):
        for node in tree:
            yield from nodes(node)
