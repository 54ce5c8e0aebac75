"""What our sources say in sentences: docstrings and comments of Python, comments of SQL."""

import ast
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

from tests.identifiers import PROGRAMS, ROOT, TOKEN

DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
COMMENT_ON = re.compile(r"\bcomment on\b[^;']*\bis\s*$", re.IGNORECASE)


def prose() -> Iterator[tuple[str, str]]:
    """Yield (file, text) of each docstring and comment."""
    for program in PROGRAMS:
        for path in sorted((ROOT / program).rglob("*.py")):
            yield from ((str(path.relative_to(ROOT)), text) for text in prose_of_python(path))
    for folder in ("supabase", "sandbox", "backend"):
        for path in sorted((ROOT / folder).rglob("*.sql")):
            yield from ((str(path.relative_to(ROOT)), text) for text in prose_of_sql(path))


def prose_of_python(path: Path) -> Iterator[str]:
    """Yield the comments of a file, then its docstrings."""
    with path.open("rb") as file:
        for token in tokenize.tokenize(file.readline):
            if token.type == tokenize.COMMENT:
                yield token.string
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, DOCUMENTED) and (text := ast.get_docstring(node)):
            yield text


def prose_of_sql(path: Path) -> Iterator[str]:
    """Yield the comments of a file in their order: those of the code, and those of the catalog."""
    sql = path.read_text(encoding="utf-8")
    for match in TOKEN.finditer(sql):
        if match["comment"]:
            yield match["comment"]
        elif match["string"] and COMMENT_ON.search(
            sql[max(0, match.start() - 200) : match.start()]
        ):
            yield match["string"][1:-1].replace("''", "'")
