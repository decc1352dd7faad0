"""`GET /docs`: the reference of the API as one plain page, made from its OpenAPI document. Loads nothing from elsewhere."""

from __future__ import annotations

from html import escape
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

router = APIRouter()

_STYLE = """body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
h2{margin-top:2rem}code,pre{font:14px ui-monospace,monospace}section{border-top:1px solid #ccc;padding:.5rem 0}
table{border-collapse:collapse}td{padding:.1rem .8rem .1rem 0;vertical-align:top}b{font:bold 15px ui-monospace,monospace}"""


@router.get("/docs", include_in_schema=False)
async def docs(request: Request) -> HTMLResponse:
    """Return the reference as a page."""
    return HTMLResponse(reference_page(request.app.openapi()))


def reference_page(document: dict[str, Any]) -> str:
    """Return the page of an OpenAPI document."""
    operations = [
        _operation(method, path, operation)
        for path, methods in sorted(document["paths"].items())
        for method, operation in methods.items()
    ]
    info = document["info"]
    title = escape(f"{info['title']} {info['version']}")
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title><style>{_STYLE}</style><h1>{title}</h1>'
        '<p>The same for programs: <a href="/openapi.json">/openapi.json</a>. Errors are'
        ' <code>{"error": {"kind", "message"}}</code>.</p>' + "".join(operations) + "</html>"
    )


def _operation(method: str, path: str, operation: dict[str, Any]) -> str:
    parameters = "".join(_parameter(item) for item in operation.get("parameters", []))
    answers = ", ".join(f"{status} {escape(answer['description'])}" for status, answer in operation["responses"].items())
    return (
        f"<section><b>{method.upper()} {escape(path)}</b><p>{escape(operation.get('description', operation['summary']))}</p>"
        f"<table>{parameters}</table><p>Answers: {answers}</p></section>"
    )


def _parameter(item: dict[str, Any]) -> str:
    needed = "required" if item.get("required") else "optional"
    return f"<tr><td><code>{escape(item['name'])}</code><td>{item['in']}, {needed}<td>{escape(item.get('description', ''))}"
