"""docs/where.md: each question is answered by a file that is there and a name that it defines."""

import ast
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "where.md"
ROW = re.compile(r"\| (?P<question>[^|]+) \| `(?P<path>[^`|]+)` \| `(?P<symbol>[^`|]+)` \|")
SQL = re.compile(
    r"(?m)^create (?:or replace )?(?:unique )?"
    r"(?:function|procedure|table|view|trigger|type|index|policy) ([\w.]+)"
)


def rows() -> list[tuple[str, str, str]]:
    """Question, path and symbol of each line of the table."""
    found = [ROW.fullmatch(line) for line in PAGE.read_text().splitlines()]
    return [(row["question"], row["path"], row["symbol"]) for row in found if row]


def defined_in(path: Path) -> set[str]:
    """The names that a file defines: `function`, `Class.method`, `CONSTANT`, `schema.function`."""
    text = path.read_text()
    match path.suffix:
        case ".py":
            return set(names_in(ast.parse(text).body))
        case ".sql":
            return set(SQL.findall(text))
        case ".toml":
            return set(keys_of(tomllib.loads(text)))
        case ".js":
            return set(re.findall(r"(?m)^(?:async )?function (\w+)", text))
        case ending:
            raise AssertionError(f"a file {ending} defines no names that this test knows")


def names_in(statements: list[ast.stmt], prefix: str = "") -> Iterator[str]:
    """Functions, classes with what is in them, and constants."""
    for node in statements:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield prefix + name
            case ast.ClassDef(name=name, body=body):
                yield prefix + name
                yield from names_in(body, f"{prefix}{name}.")
            case ast.Assign(targets=targets):
                yield from (prefix + each.id for each in targets if isinstance(each, ast.Name))
            case ast.AnnAssign(target=ast.Name(id=name)):
                yield prefix + name


def keys_of(table: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """Dotted keys, of tables too."""
    for key, value in table.items():
        yield prefix + key
        if isinstance(value, dict):
            yield from keys_of(value, f"{prefix}{key}.")


@pytest.mark.parametrize(("question", "path", "symbol"), rows())
def test_the_answer_is_there(question: str, path: str, symbol: str) -> None:
    files = list(ROOT.glob(path))
    assert len(files) == 1, f"{question}: {path} is {len(files)} files"
    assert symbol in defined_in(files[0]), f"{question}: {path} does not define {symbol}"


def test_every_line_of_the_table_is_read() -> None:
    lines = [line for line in PAGE.read_text().splitlines() if line.startswith("|")]
    assert len(rows()) == len(lines) - 2 >= 60
