"""The HTML views of the OGC API: templates of this folder, Chinese first, without anything from another host."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import jinja2
from fastapi import Request

from api.ogc.links import address


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("api.ogc"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def page(request: Request, template: str, document: Mapping[str, Any]) -> str:
    """Return the page of a document."""

    def to(path: str, **query: object) -> str:
        return address(request, path, {"f": "html", **query})

    return _environment().get_template(f"{template}.html").render(document=document, to=to)
