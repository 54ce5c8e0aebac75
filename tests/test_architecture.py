"""docs/architecture.md: the pictures of the packages show the imports that exist, and no others."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "architecture.md"
ARROW = re.compile(r'(\w+)(?:\["[^"]*"\])? --> (\w+)(?:\["[^"]*"\])?')
GROUP = re.compile(r"(?s)subgraph (\w+).*?\n    end\n")

# Files of backend/stripe/ that call the packages of nouns; the others are called by them.
EVENTS = {
    "webhooks", "event_processing", "reconcile", "missed_events", "reconciler_failures", "refetch",
    "dead_letter_actions",
}  # fmt: skip
# What everything may import, and what may import everything.
LEFT_OUT = {"schemas", "locales", "commands", "doctor"}
BOT_NOUNS = {
    "payments", "payment_methods", "subscriptions", "wallets", "organizations", "personal_settings",
}  # fmt: skip


def picture(heading: str) -> str:
    """The first flowchart below a heading of the page."""
    section = PAGE.read_text().partition(f"\n## {heading}\n")[2]
    return section.partition("```mermaid\n")[2].partition("```")[0]


def groups_of(drawing: str) -> dict[str, str]:
    """The group of each node that is drawn inside one."""
    return {
        node: group[1]
        for group in GROUP.finditer(drawing)
        for node in re.findall(r"\b(\w+)(?=\[|\n| -->)", group[0])
    }


def backend_node(module: str) -> str | None:
    """The node that a module of the backend is part of."""
    match module.split("."):
        case ["backend", "stripe", "parsers", *_] | ["backend", "stripe", "metadata"]:
            return "parsers"
        case ["backend", "stripe", file]:
            return "events" if file in EVENTS else "client"
        case ["backend", package, _, *_] if package not in LEFT_OUT:
            return package
        case _:
            return None


def bot_node(module: str) -> str | None:
    """The node that a module of the bot is part of."""
    match module.split("."):
        case ["bot", "handlers"]:
            return "handlers"
        case ["bot", package, _, *_] if package not in LEFT_OUT:
            return "nouns" if package in BOT_NOUNS else package
        case _:
            return None


def imports(package: str) -> Iterator[tuple[str, str]]:
    """Pairs of modules of which the first imports the second."""
    graph = grimp.build_graph("backend", "bot")
    for module in sorted(graph.find_descendants(package)):
        for imported in sorted(graph.find_modules_directly_imported_by(module)):
            yield module, imported


@pytest.mark.parametrize(
    ("heading", "package", "node_of"),
    [
        ("Packages of the backend", "backend", backend_node),
        ("Packages of the bot", "bot", bot_node),
    ],
)
def test_the_picture_shows_the_imports(
    heading: str, package: str, node_of: Callable[[str], str | None]
) -> None:
    drawing = picture(heading)
    drawn = set(ARROW.findall(drawing))
    groups = groups_of(drawing)
    shown: set[tuple[str, str]] = set()
    hidden: set[str] = set()
    for module, imported in imports(package):
        one, other = node_of(module), node_of(imported)
        if one is None or other is None or one == other:
            continue
        arrows = {
            (a, b) for a in (one, groups.get(one, one)) for b in (other, groups.get(other, other))
        }
        shown |= arrows & drawn
        if not arrows & drawn:
            hidden.add(f"{one} --> {other}: {module} imports {imported}")
    assert sorted(hidden) == [], "these imports have no arrow"
    assert drawn - shown == set(), "these arrows have no import"
