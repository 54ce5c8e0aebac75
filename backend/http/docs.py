"""GET /docs: the OpenAPI document as one page to read; no script, and nothing from elsewhere."""

from html import escape

from aiohttp import web

from backend.http import return_pages
from backend.http.openapi import REF, document
from backend.schemas import Json


async def page(_request: web.Request) -> web.Response:
    """GET /docs."""
    found = document()
    doors = [
        door(method, path, operation)
        for path, operations in found["paths"].items()
        for method, operation in operations.items()
    ]
    shapes = [shape(name, one) for name, one in found["components"]["schemas"].items()]
    return return_pages.page("docs.html", doors="".join(doors), shapes="".join(shapes))


def door(method: str, path: str, operation: Json) -> str:
    """One door: what it does, who may use it, what it takes, what it answers."""
    rows = [(f"{it['name']} ({it['in']})", kind(it["schema"])) for it in operation["parameters"]]
    if sent := operation.get("requestBody"):
        rows.append(("body", kind(content(sent))))
    for status, said in operation["responses"].items():
        found = content(said) if status < "300" else {}
        rows.append((status, kind(found) if found else escape(said["description"])))
    about = f"{operation['summary']} {operation['description']}"
    return section("", f"{method.upper()} {path}", about, rows)


def shape(name: str, one: Json) -> str:
    """One model: what it means, and its fields."""
    needed = one.get("required", [])
    fields = [
        (field, kind(of) + ("" if field in needed else ", optional"))
        for field, of in one.get("properties", {}).items()
    ]
    return section(name, name, one.get("description", ""), fields)


def section(id: str, title: str, about: str, rows: list[tuple[str, str]]) -> str:
    """A title, a sentence and a list of names, each with the HTML that is said of it."""
    listed = "".join(f"<dt><code>{escape(name)}</code></dt><dd>{said}</dd>" for name, said in rows)
    return (
        f'<section id="{escape(id)}"><h3><code>{escape(title)}</code></h3>'
        f"<p>{escape(about)}</p><dl>{listed}</dl></section>"
    )


def content(said: Json) -> Json:
    """The shape of a body, if there is one."""
    found: Json = said.get("content", {}).get("application/json", {}).get("schema", {})
    return found


def kind(of: Json) -> str:
    """A shape in a few words of HTML."""
    if ref := of.get("$ref", "").removeprefix(REF):
        return f'<a href="#{escape(ref)}">{escape(ref)}</a>'
    if "enum" in of or "const" in of:
        return escape(" | ".join(map(str, of.get("enum", [of.get("const")]))))
    if "anyOf" in of:
        return " or ".join(kind(each) for each in of["anyOf"])
    if of.get("type") == "array":
        return f"list of {kind(of['items'])}"
    return escape(str(of.get("format") or of.get("type", "anything")))
