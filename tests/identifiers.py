"""All identifiers of ours: of Python by its syntax tree, of SQL by its words outside strings."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PROGRAMS = ("backend", "bot", "sandbox", "bench", "tests")
TOKEN = re.compile(
    r"(?P<comment>--[^\n]*|/\*.*?\*/)|(?P<string>'(?:[^']|'')*')|(?P<dollar>\$\w*\$)"
    r"|(?P<quoted>\"[^\"]*\")|(?P<name>[A-Za-z_][A-Za-z_0-9]*)|.",
    re.DOTALL,
)
PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


def identifiers() -> Iterator[tuple[str, str]]:
    """Yield (file, identifier), each once a file; a file's own name is one of them."""
    for program in PROGRAMS:
        for path in sorted((ROOT / program).rglob("*.py")):
            yield from of_file(path, set(in_python(path)))
    for folder in ("supabase", "sandbox"):
        for path in sorted((ROOT / folder).rglob("*.sql")):
            yield from of_file(path, set(in_sql(path)))


def of_file(path: Path, names: set[str]) -> Iterator[tuple[str, str]]:
    """Yield the names of a file with its path, sorted, its own name included."""
    file_name = re.sub(r"^\d+_", "", path.stem)
    for name in sorted({*names, file_name}):
        yield str(path.relative_to(ROOT)), name


def in_python(path: Path) -> Iterator[str]:
    """Yield the names that a file defines or assigns, not those that it only reads."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name
            case ast.ClassDef(name=name) | ast.arg(arg=name):
                yield name
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield name
            case ast.alias(asname=str(name)):
                yield name
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)):
                yield name


def in_sql(path: Path) -> Iterator[str]:
    """Yield every word outside strings and comments, inside dollar-quoted bodies too."""
    for match in TOKEN.finditer(path.read_text(encoding="utf-8")):
        if match["name"]:
            yield match["name"]


def parts(identifier: str) -> list[str]:
    """Return the words of an identifier: `toldMembers` and `TOLD_MEMBERS` are told and members."""
    return [part.lower() for part in PART.findall(identifier)]
