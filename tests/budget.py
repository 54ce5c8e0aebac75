"""How much Python there is, and whether it is more than we allow ourselves.

A line counts when it holds code: blank lines, comments and docstrings are free, so that nobody
saves on explaining. `python -m tests.budget` prints the table and exits 1 when a room is over.
"""

import ast
import io
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
NOT_CODE = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENCODING,
    tokenize.ENDMARKER,
}


@dataclass(frozen=True)
class Room:
    """Some folders, the lines of code in them and how many there may be."""

    folders: tuple[str, ...]
    lines: int
    ceiling: int

    def __str__(self) -> str:
        verdict = "over!" if self.lines > self.ceiling else "ok"
        return f"{' + '.join(self.folders):<16}{self.lines:>6} of {self.ceiling:>5}  {verdict}"


def rooms() -> list[Room]:
    """The table: the product, its sandbox, and tests at one and a half times what they test."""
    product, sandbox, tests = (
        sum(code_lines(path.read_text()) for folder in folders for path in python_files(folder))
        for folders in (("backend", "bot"), ("sandbox",), ("tests",))
    )
    return [
        Room(("backend", "bot"), product, 7039),
        Room(("sandbox",), sandbox, 2509),
        Room(("tests",), tests, (product + sandbox) * 3 // 2),
    ]


def python_files(folder: str) -> Iterator[Path]:
    """Every Python file of a top-level folder, in order."""
    return iter(sorted((ROOT / folder).rglob("*.py")))


def code_lines(source: str) -> int:
    """Lines of a Python file that hold code."""
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in NOT_CODE:
            lines.update(range(token.start[0], token.end[0] + 1))
    return len(lines - set(docstring_lines(source)))


def docstring_lines(source: str) -> Iterator[int]:
    """The line numbers of every docstring, and of bare strings that describe what stands above."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Expr(value=ast.Constant(value=str()), lineno=first, end_lineno=last):
                yield from range(first, (last or first) + 1)


def main() -> int:
    """Print the table; 1 when a room is over its ceiling."""
    table = rooms()
    for room in table:
        print(room)
    return int(any(room.lines > room.ceiling for room in table))


if __name__ == "__main__":
    raise SystemExit(main())
