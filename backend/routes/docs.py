"""GET /docs: the OpenAPI document as one page to read; no script, and nothing from elsewhere."""

from html import escape

from aiohttp import web

from backend.routes.openapi import REF, document
from backend.routes.pages import PAGE_POLICY
from backend.schemas import Json

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>The API of Pursebot</title><style>
:root {{ color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }}
body {{ max-width: 52rem; margin: 2rem auto; padding: 0 1rem }} code {{ font-size: .95em }}
section {{ border-top: 1px solid #8886; padding: .5rem 0 }} h3 {{ margin: .5rem 0 }}
dl {{ display: grid; grid-template-columns: max-content 1fr; gap: 0 1rem; margin: 0 }}
dd {{ margin: 0 }} td, th {{ text-align: left; padding-right: 1rem; vertical-align: top }}
</style></head><body><main><h1>The API of Pursebot</h1>
<p>JSON in and out, <code>Authorization: Bearer</code> with every call, errors as
<a href="#ErrorAnswer">ErrorAnswer</a>. For machines: <a href="/openapi.json">/openapi.json</a>.</p>
{doors}<h2>What goes in and out</h2>{shapes}</main></body></html>
"""


async def page(_request: web.Request) -> web.Response:
    """GET /docs."""
    found = document()
    doors = [
        door(method, path, operation)
        for path, operations in found["paths"].items()
        for method, operation in operations.items()
    ]
    shapes = [shape(name, one) for name, one in found["components"]["schemas"].items()]
    return web.Response(
        text=PAGE.format(doors="".join(doors), shapes="".join(shapes)),
        content_type="text/html",
        headers={"Content-Security-Policy": PAGE_POLICY},
    )


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
