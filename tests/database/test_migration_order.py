"""The migrations can be read from front to back: nothing is used before the file that creates it.

A statement may use what earlier statements created, and itself. What this reads are tokens: every
qualified name (`public.x`, `private.x`, `api.x`) outside comments and strings, also in the bodies
of functions in plpgsql, which PostgreSQL does not resolve before they run. It cannot see a column
that is missing, an argument of the wrong type, a function that a trigger calls when a statement
fires it, or a name in a string: there is no `execute` in the files, which the last test asserts.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from backend.database.migrations import Migration, list_migrations

TOKEN = re.compile(
    r"""(?P<comment>--[^\n]*)
    | (?P<string>'(?:[^']|'')*'|"[^"]*")
    | (?P<body>\$(?P<tag>\w*)\$.*?\$(?P=tag)\$)
    | (?P<end>;)
    | (?P<other>[^-'"$;]+|.)""",
    re.VERBOSE | re.DOTALL,
)
NAME = re.compile(r"\b(?:public|private|api)\.[a-z_]+")
CREATED = re.compile(r"\s*create (?:unlogged )?(?:table|view|type|function) ((?:\w+)\.(?:\w+))")
MAX_FUNCTION_LINES = 60
MIGRATIONS = list(list_migrations())
# Their versions are numbers, all below one day; later files have the time at which they were made.
FIRST_RELEASE = [each for each in MIGRATIONS if each.version[:8] == MIGRATIONS[0].version[:8]]


@dataclass(frozen=True)
class Statement:
    """One statement: without comments and strings, and whole."""

    code: str
    text: str

    @property
    def created(self) -> str | None:
        """The table, view, type or function that it creates."""
        match = CREATED.match(self.code)
        return match[1] if match else None


def without_strings(sql: str) -> str:
    """The code of some SQL: no comments, no strings; the bodies of functions are code."""
    parts = []
    for token in TOKEN.finditer(sql):
        if token["body"]:
            parts.append(without_strings(token["body"].strip("$" + token["tag"])))
        elif not (token["comment"] or token["string"]):
            parts.append(token[0])
    return "".join(parts)


def statements(sql: str) -> Iterator[Statement]:
    """The statements of one file."""
    text = ""
    for token in TOKEN.finditer(sql):
        text += token[0]
        if token["end"]:
            yield Statement(without_strings(text), text.strip())
            text = ""
    assert not without_strings(text).strip(), "the last statement has no end"


def forward_references(migrations: list[Migration]) -> list[str]:
    """What is used before it is created, or never is: `file: name`."""
    created: set[str] = set()
    forward = []
    for migration in migrations:
        for statement in statements(migration.sql):
            if statement.created:
                created.add(statement.created)
            forward += [
                f"{migration.file}: {name}"
                for name in NAME.findall(statement.code)
                # The sequence of an identity column is the table's.
                if name not in created and name.removesuffix("_id_seq") not in created
            ]
    return forward


def test_the_numbers_are_consecutive() -> None:
    day = MIGRATIONS[0].version[:8]
    numbers = [f"{day}{number * 100:06}" for number in range(1, len(FIRST_RELEASE) + 1)]
    assert [migration.version for migration in FIRST_RELEASE] == numbers
    names = [migration.name for migration in MIGRATIONS]
    assert len(set(names)) == len(names)


def test_nothing_is_used_before_it_is_created() -> None:
    assert forward_references(MIGRATIONS) == []


def test_a_forward_reference_is_found_in_plpgsql_and_nowhere_else() -> None:
    body = "perform private.later(); -- private.comment\n raise 'private.string';"
    sql = f"create function private.first() language plpgsql as $x$ begin {body} end $x$;"
    later = "create function private.later() language sql as $$ select private.first() $$;"
    first, second = Migration("1", "a", sql), Migration("2", "b", later)
    assert forward_references([first, second]) == ["1_a.sql: private.later"]
    assert forward_references([Migration("1", "a", later + sql)]) == ["1_a.sql: private.first"]


@pytest.mark.parametrize("migration", MIGRATIONS, ids=lambda migration: migration.name)
def test_a_file_takes_no_way_around_the_order(migration: Migration) -> None:
    code = without_strings(migration.sql)
    assert "check_function_bodies" not in migration.sql
    # SQL in a string has no order. The one there is creates nothing, but needs the database's name.
    in_strings = re.findall(r"\bexecute (?!on\b|function\b)", code)
    assert len(in_strings) == (migration.name == "schemas")


@pytest.mark.parametrize("migration", FIRST_RELEASE, ids=lambda migration: migration.name)
def test_a_table_of_the_first_release_is_whole_where_it_is_created(migration: Migration) -> None:
    assert "not valid" not in without_strings(migration.sql)
    # The one circle: memberships point to people, who point back to their default organization.
    later = [
        statement.created or statement.code
        for statement in statements(migration.sql)
        if re.search(r"alter table \S+\s+add (?:column|constraint)", statement.code)
    ]
    assert len(later) == (migration.name == "organizations"), later


@pytest.mark.parametrize("migration", MIGRATIONS, ids=lambda migration: migration.name)
def test_no_function_is_longer_than_a_page(migration: Migration) -> None:
    for statement in statements(migration.sql):
        if start := re.search("create (?:or replace )?function .+", statement.text):
            lines = statement.text[start.start() :].count("\n") + 1
            assert lines <= MAX_FUNCTION_LINES, f"{start[0]} has {lines} lines"


def test_comments_name_only_what_is_there() -> None:
    created = {
        statement.created
        for migration in MIGRATIONS
        for statement in statements(migration.sql)
        if statement.created
    }
    wrong = [
        f"{migration.file}: {name}"
        for migration in MIGRATIONS
        for name in NAME.findall(migration.sql)
        if name.removesuffix("_id_seq") not in created
    ]
    assert wrong == []
