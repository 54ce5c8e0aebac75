"""All calls of structlog loggers in the sources, by their syntax.

Whoever searches for an event of a log must find where it is written, so an event's name is a
constant, and a logger is only ever called: anything else is an UntraceableEvent.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

LEVELS = {"debug", "info", "warning", "error", "critical", "exception"}


class UntraceableEvent(Exception):
    """A use of a logger that hides which event is logged; the message says where."""


def log_events(root: Path, program: str) -> Iterator[str]:
    """Yield a line for each call in the package: `backend error stripe_refused payment ...`.

    The line has program, level, event and keyword arguments in alphabetical order; `...` stands for
    those that only the running program can name.
    """
    modules = {path: ast.parse(path.read_text()) for path in sorted((root / program).rglob("*.py"))}
    loggers = {name for module in modules.values() for name in loggers_made_in(module)}
    for path, module in modules.items():
        known = loggers & {*loggers_made_in(module), *names_imported_in(module)}
        for call in calls(module, known, path.relative_to(root)):
            yield f"{program} {line_of(call)}"


def loggers_made_in(module: ast.Module) -> set[str]:
    """Return the names to which `structlog.get_logger(...)` is assigned."""
    return {
        target.id
        for node in ast.walk(module)
        if isinstance(node, ast.Assign)
        and ast.unparse(node.value).startswith("structlog.get_logger")
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def names_imported_in(module: ast.Module) -> set[str]:
    """Return the names that `from ... import ...` brings, as the module has them."""
    return {
        alias.asname or alias.name
        for node in ast.walk(module)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def calls(module: ast.Module, loggers: set[str], file: Path) -> Iterator[ast.Call]:
    """Yield the calls of these loggers. Raises UntraceableEvent for any other use of them."""
    seen = set()
    for node in ast.walk(module):
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id=name) as logger, attr=level),
                args=[ast.Constant(value=str()), *_],
            ) if name in loggers and level in LEVELS:
                seen.add(logger)
                yield node
    for node in ast.walk(module):
        match node:
            case ast.Name(id=name, ctx=ast.Load()) if name in loggers and node not in seen:
                raise UntraceableEvent(
                    f"{file}:{node.lineno}: a logger is called by its level with the event's name"
                    f' as a constant, `{name}.info("name_of_event", ...)`, and not used otherwise.'
                )


def line_of(call: ast.Call) -> str:
    """Return level, event and fields of a call, without `exc_info`."""
    assert isinstance(call.func, ast.Attribute)
    assert isinstance(call.args[0], ast.Constant)
    fields = sorted({word.arg or "..." for word in call.keywords} - {"exc_info"})
    return " ".join([call.func.attr, str(call.args[0].value), *fields])
