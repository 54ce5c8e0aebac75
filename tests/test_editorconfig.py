"""The files are written as .editorconfig tells every editor to write them."""

import configparser
import re
from collections import Counter
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).parent.parent
FOLDERS = (".ci", "backend", "bench", "bot", "docs", "requirements", "sandbox", "supabase", "tests")
TEXTS = {".css", ".html", ".js", ".json", ".md", ".py", ".sql", ".toml", ".txt", ".yaml"}
CODE = TEXTS - {".md", ".txt"}
DEEPER = re.compile(r"(?m)^( *)\S.*[{(\[:]\n( +)\S")  # a line, and the next, which is further in


def files() -> Iterator[Path]:
    """What of the checkout is text and ours."""
    below = (path for folder in FOLDERS for path in (ROOT / folder).rglob("*"))
    for path in (*ROOT.iterdir(), *below):
        named = path.suffix in TEXTS or path.parent.name == ".ci" or path.name == "Makefile"
        if path.is_file() and named:
            yield path


def rules(name: str) -> dict[str, str]:
    """What .editorconfig says of a file of that name: later sections win."""
    parser = configparser.ConfigParser()
    parser.read_string("[top]\n" + (ROOT / ".editorconfig").read_text())
    said: dict[str, str] = {}
    for pattern in parser.sections():
        head, braces, tail = pattern.partition("{")
        each = [head + end for end in tail.rstrip("}").split(",")] if braces else [pattern]
        if any(fnmatch(name, one) for one in each):
            said |= parser[pattern]
    return said


def test_lines_end_as_they_should() -> None:
    expected = {"charset": "utf-8", "end_of_line": "lf", "insert_final_newline": "true"}
    expected |= {"trim_trailing_whitespace": "true"}
    assert expected.items() <= rules("any").items()
    texts = {path: path.read_bytes().decode() for path in files()}
    assert len(texts) > 100
    assert [path for path, text in texts.items() if "\r" in text] == []
    assert [path for path, text in texts.items() if text and not text.endswith("\n")] == []
    assert [path for path, text in texts.items() if re.search(r"(?m)[ \t]+$", text)] == []


def test_what_is_further_in_is_so_by_the_size_of_an_indent() -> None:
    """Lines that go on with the one before may stand anywhere: the most frequent step counts."""
    steps: dict[str, Counter[int]] = {ending: Counter() for ending in CODE}
    for path in files():
        if path.suffix in CODE:
            pairs = DEEPER.findall(path.read_text())
            steps[path.suffix].update(len(inner) - len(outer) for outer, inner in pairs)
    usual = {ending: seen.most_common(1)[0][0] for ending, seen in steps.items() if seen}
    assert usual == {ending: int(rules(f"file{ending}")["indent_size"]) for ending in usual}


def test_only_the_makefile_has_tabs() -> None:
    assert rules("any")["indent_style"] == "space"
    assert rules("Makefile")["indent_style"] == "tab"
    indented = re.compile(r"(?m)^ *\t")
    assert {path.name for path in files() if indented.search(path.read_text())} == {"Makefile"}
