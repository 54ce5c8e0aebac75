"""GET /docs: the OpenAPI document as one page, without script and without anything loaded."""

from html import escape

from aiohttp import web

from backend.http import return_pages
from backend.http.openapi import REF, document
from backend.schemas import Json


async def get_docs(_request: web.Request) -> web.Response:
    """Answer GET /docs."""
    specification = document()
    route_sections = [
        route_section(method, path, operation)
        for path, operations in specification["paths"].items()
        for method, operation in operations.items()
    ]
    model_sections = [
        model_section(name, model) for name, model in specification["components"]["schemas"].items()
    ]
    return return_pages.render_page(
        "docs.html", routes="".join(route_sections), models="".join(model_sections)
    )


def route_section(method: str, path: str, operation: Json) -> str:
    """Render one route: what it does, who may call it, its parameters, body and responses."""
    rows = [
        (f"{parameter['name']} ({parameter['in']})", type_label(parameter["schema"]))
        for parameter in operation["parameters"]
    ]
    if request_body := operation.get("requestBody"):
        rows.append(("body", type_label(body_schema(request_body))))
    for status, response in operation["responses"].items():
        schema = body_schema(response)
        is_success = status < "300"
        has_model = is_success and schema  # errors have one shape: their codes say more
        rows.append((status, type_label(schema) if has_model else escape(response["description"])))
    about = f"{operation['summary']} {operation['description']}"
    return section("", f"{method.upper()} {path}", about, rows)


def model_section(name: str, model: Json) -> str:
    """Render one model: its description and its fields."""
    required = model.get("required", [])
    fields = [
        (field, type_label(schema) + ("" if field in required else ", optional"))
        for field, schema in model.get("properties", {}).items()
    ]
    return section(name, name, model.get("description", ""), fields)


def section(id: str, title: str, about: str, rows: list[tuple[str, str]]) -> str:
    """Render a title, a sentence and a list; of its rows, the descriptions are HTML already."""
    listed = "".join(
        f"<dt><code>{escape(name)}</code></dt><dd>{description}</dd>" for name, description in rows
    )
    return (
        f'<section id="{escape(id)}"><h3><code>{escape(title)}</code></h3>'
        f"<p>{escape(about)}</p><dl>{listed}</dl></section>"
    )


def body_schema(body: Json) -> Json:
    """Return the JSON schema of a request body or response; {} if it has none."""
    schema: Json = body.get("content", {}).get("application/json", {}).get("schema", {})
    return schema


def type_label(schema: Json) -> str:
    """Render a JSON schema as a few words of HTML, with a link to a model's section."""
    if model := schema.get("$ref", "").removeprefix(REF):
        return f'<a href="#{escape(model)}">{escape(model)}</a>'
    if "enum" in schema:
        return escape(" | ".join(map(str, schema["enum"])))
    if "const" in schema:
        return escape(str(schema["const"]))
    if "anyOf" in schema:
        return " or ".join(type_label(each) for each in schema["anyOf"])
    if schema.get("type") == "array":
        return f"list of {type_label(schema['items'])}"
    return escape(str(schema.get("format") or schema.get("type", "anything")))
