"""Each SQL function that may be called has one typed function, and nothing else calls SQL."""

import ast
import inspect
import re
import types
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, is_dataclass
from datetime import date, datetime
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import (
    TYPE_CHECKING,
    Any,
    Literal,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)
from uuid import UUID

import asyncpg
from pydantic import BaseModel

from backend.database import functions
from backend.database.postgres import Call
from backend.database.protocol import SERVICE, Actor, Database, Person

if TYPE_CHECKING:
    Connection = asyncpg.Connection[Any]
else:
    Connection = asyncpg.Connection

BACKEND = Path(__file__).parent.parent.parent / "backend"

CATALOG = """
select
    p.proname as name,
    p.proargnames as names,
    array(
        select pg_catalog.format_type(a.oid, null)
        from unnest(p.proargtypes) with ordinality as a (oid, place) order by a.place
    ) as types,
    array(
        select pg_catalog.pg_get_function_arg_default(p.oid, place::integer)
        from pg_catalog.generate_series(1, p.pronargs) as place order by place
    ) as defaults,
    has_function_privilege('authenticated', p.oid, 'execute') as people,
    has_function_privilege('service_role', p.oid, 'execute') as service
from pg_catalog.pg_proc as p
where p.pronamespace = 'api'::regnamespace
"""

TYPES: dict[str, tuple[type, ...]] = {
    "uuid": (UUID,),
    "bigint": (int,),
    "integer": (int,),
    "boolean": (bool,),
    "double precision": (float,),
    "text": (str, datetime),  # a time of SQL's own that is handed back
    "date": (date,),
    "timestamp with time zone": (datetime,),
}
ACTORS: dict[tuple[bool, bool], object] = {
    (True, True): Actor,
    (True, False): Person,
    (False, True): None,
}


REQUIRED = inspect.Parameter.empty


@dataclass(frozen=True)
class SqlArgument:
    """An argument of a function of the catalog, with its default's value or REQUIRED."""

    kind: str
    default: object


@dataclass(frozen=True)
class SqlFunction:
    """A function of the catalog."""

    arguments: dict[str, SqlArgument]
    people: bool
    service: bool


async def catalog(owner: Connection) -> dict[str, SqlFunction]:
    """Every function of schema `api` that somebody may call."""
    found = {}
    for row in await owner.fetch(CATALOG):
        taken = zip(row["names"] or [], row["types"], row["defaults"], strict=True)
        arguments = {
            name: SqlArgument(
                kind, REQUIRED if default is None else await owner.fetchval(f"select {default}")
            )
            for name, kind, default in taken
        }
        assert row["name"] not in found, f"two functions are called {row['name']}"
        found[row["name"]] = SqlFunction(arguments, row["people"], row["service"])
    return {name: each for name, each in found.items() if each.people or each.service}


def typed_functions() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Every public coroutine function that a module of `backend.database.functions` defines."""
    for module in iter_modules(functions.__path__, f"{functions.__name__}."):
        for name, value in vars(import_module(module.name)).items():
            if (
                inspect.iscoroutinefunction(value)
                and value.__module__ == module.name
                and not name.startswith("_")
            ):
                yield name, value


def fits(hint: Any, kind: str) -> bool:
    """Whether a parameter of this type may be handed to SQL as an argument of this kind."""
    if get_origin(hint) in (Union, types.UnionType):
        return all(fits(each, kind) for each in get_args(hint) if each is not type(None))
    if get_origin(hint) is Literal:
        return kind == "text" and all(isinstance(each, str) for each in get_args(hint))
    if kind.endswith("[]"):
        inner = get_args(hint)
        return get_origin(hint) in (list, Sequence) and fits(inner[0], kind.removesuffix("[]"))
    if kind == "jsonb":
        of_objects = get_origin(hint) in (list, Sequence) and fits(get_args(hint)[0], kind)
        is_model = isinstance(hint, type) and (issubclass(hint, BaseModel) or is_dataclass(hint))
        return of_objects or is_typeddict(hint) or get_origin(hint) is dict or is_model
    return hint in TYPES[kind]


def faults_of(typed: Callable[..., Any], sql: SqlFunction) -> Iterator[str]:
    """In what a typed function differs from SQL's."""
    hints = get_type_hints(typed)
    parameters = dict(inspect.signature(typed).parameters)
    if next(iter(parameters.values())).annotation is not Database:
        yield "its first parameter is no `database: Database`"
    parameters.pop("database", None)
    actor = parameters.pop("actor", None)
    if (actor and actor.annotation) != ACTORS[sql.people, sql.service]:
        yield f"`actor` should be {ACTORS[sql.people, sql.service]}"
    if parameters.keys() != sql.arguments.keys():
        yield f"SQL takes {[*sql.arguments]}"
        return
    for name, parameter in parameters.items():
        argument = sql.arguments[name]
        if parameter.kind is not inspect.Parameter.KEYWORD_ONLY:
            yield f"`{name}` should be taken by name only"
        if parameter.default != argument.default:
            said = "no default" if argument.default is REQUIRED else f"{argument.default!r}"
            yield f"SQL has {said} for `{name}`"
        if not fits(hints[name], argument.kind):
            yield f"`{name}` is {argument.kind} in SQL"


async def test_every_sql_function_has_one_typed_function_of_the_same_form(
    owner: Connection,
) -> None:
    sql = await catalog(owner)
    typed = list(typed_functions())
    names = [name for name, _ in typed]
    assert sorted(names) == sorted(set(names)), "one is there twice"
    assert set(names) == sql.keys(), "left: backend/database/functions/; right: schema api"
    faults = {name: found for name, each in typed if (found := [*faults_of(each, sql[name])])}
    assert faults == {}


async def start_refund(database: Database, actor: Person, *, refund_id: str = "") -> None:
    """Unlike SQL's in everything but its name."""


async def create_refund(database: Database, actor: Person, *, payment_id: UUID) -> None:
    """Without arguments that SQL's has."""


async def test_a_difference_from_sql_is_noticed(owner: Connection) -> None:
    sql = await catalog(owner)
    assert [*faults_of(start_refund, sql["get_refund_for_service"])] == [
        "`actor` should be None",
        "SQL has no default for `refund_id`",
        "`refund_id` is uuid in SQL",
    ]
    assert [*faults_of(create_refund, sql["create_refund"])] == [
        "SQL takes ['payment_id', 'idempotency_key', 'amount', 'reason']"
    ]


def calls_by_name(file: Path) -> bool:
    """Whether something is called that is named `call`, as `Database.call` is."""
    return any(
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "call"
        for node in ast.walk(ast.parse(file.read_text()))
    )


async def test_what_goes_on_while_rows_are_locked_waits_for_none(owner: Connection) -> None:
    bodies = await owner.fetch(
        "select proname as name, prosrc as body from pg_proc"
        " where pronamespace = 'api'::regnamespace"
    )
    calls = {row["name"]: Call(row["name"], SERVICE, {}) for row in bodies}
    inbox_only = {"record_failed_event"}
    waiting = re.compile(r"\bfor update|\bfor no key|\binsert |\bupdate |\bdelete |advisory")
    assert inbox_only == {
        row["name"]
        for row in bodies
        if not calls[row["name"]].waits_for_rows and waiting.search(row["body"])
    }


def test_sql_is_called_by_typed_functions_only() -> None:
    files = (file for file in BACKEND.rglob("*.py") if BACKEND / "database" not in file.parents)
    calling = {str(file.relative_to(BACKEND)) for file in files if calls_by_name(file)}
    assert calling == set()
