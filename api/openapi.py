"""The OpenAPI document of the server: what `docs/openapi.json` holds and the web's types are generated from."""

from __future__ import annotations

import orjson

from api.app import create_app
from api.settings import Settings


def openapi_text() -> str:
    """Return the document as sorted, indented JSON; equal programs give equal bytes."""
    document = create_app(Settings()).openapi()
    return orjson.dumps(document, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2).decode() + "\n"
