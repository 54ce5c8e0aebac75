"""GET /docs: the OpenAPI document as one page to read; no script, and nothing from elsewhere."""

from html import escape

from aiohttp import web

from backend.http import return_pages
from backend.http.openapi import REF, document
from backend.schemas import Json


async def get_docs(_request: web.Request) -> web.Response:
    """GET /docs."""
    specification = document()
    route_sections = [
        route_section(method, path, operation)
        for path, operations in specification["paths"].items()
        for method, operation in operations.items()
    ]
    model_sections = [
        model_section(name, one) for name, one in specification["components"]["schemas"].items()
    ]
    return return_pages.render_page(
        "docs.html", doors="".join(route_sections), shapes="".join(model_sections)
    )


def route_section(method: str, path: str, operation: Json) -> str:
    """One door: what it does, who may use it, what it takes, what it answers."""
    rows = [
        (f"{it['name']} ({it['in']})", type_label(it["schema"])) for it in operation["parameters"]
    ]
    if request_body := operation.get("requestBody"):
        rows.append(("body", type_label(body_schema(request_body))))
    for status, response in operation["responses"].items():
        schema = body_schema(response) if status < "300" else {}
        rows.append((status, type_label(schema) if schema else escape(response["description"])))
    about = f"{operation['summary']} {operation['description']}"
    return section("", f"{method.upper()} {path}", about, rows)


def model_section(name: str, one: Json) -> str:
    """One model: what it means, and its fields."""
    needed = one.get("required", [])
    fields = [
        (field, type_label(of) + ("" if field in needed else ", optional"))
        for field, of in one.get("properties", {}).items()
    ]
    return section(name, name, one.get("description", ""), fields)


def section(id: str, title: str, about: str, rows: list[tuple[str, str]]) -> str:
    """A title, a sentence and a list of names, each with the HTML that is said of it."""
    listed = "".join(
        f"<dt><code>{escape(name)}</code></dt><dd>{description}</dd>" for name, description in rows
    )
    return (
        f'<section id="{escape(id)}"><h3><code>{escape(title)}</code></h3>'
        f"<p>{escape(about)}</p><dl>{listed}</dl></section>"
    )


def body_schema(body: Json) -> Json:
    """The shape of a body, if there is one."""
    schema: Json = body.get("content", {}).get("application/json", {}).get("schema", {})
    return schema


def type_label(of: Json) -> str:
    """A shape in a few words of HTML."""
    if ref := of.get("$ref", "").removeprefix(REF):
        return f'<a href="#{escape(ref)}">{escape(ref)}</a>'
    if "enum" in of or "const" in of:
        return escape(" | ".join(map(str, of.get("enum", [of.get("const")]))))
    if "anyOf" in of:
        return " or ".join(type_label(each) for each in of["anyOf"])
    if of.get("type") == "array":
        return f"list of {type_label(of['items'])}"
    return escape(str(of.get("format") or of.get("type", "anything")))
