"""Serves the built viewer: files, and `index.html` for the paths of its pages (`/plan`, `/m`, `/wall/...`)."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

VIEWER: Final = Path(__file__).parent / "static" / "viewer"
_HASHED: Final = "static/"
"""Folder of files whose names hold a hash of their content (`assetsDir` in web/vite.config.ts)."""

FOREVER: Final = "public, max-age=31536000, immutable"
ASK_AGAIN: Final = "no-cache"

_NOT_BUILT: Final = """<!doctype html><html lang="en"><meta charset="utf-8"><title>heat twin</title>
<h1>The viewer is not built</h1>
<p>The API runs (<a href="/docs">/docs</a>), but <code>api/static/viewer</code> is empty.
Build it with <code>make web</code>, then load this page again.</p>
"""


class ViewerFiles(StaticFiles):
    """Static files with a page for every path that a person may have typed; programs get 404 as JSON."""

    def __init__(self, folder: Path) -> None:
        super().__init__(directory=folder, check_dir=False)
        self._folder = folder

    async def check_config(self) -> None:
        """Accept a folder that does not exist: the page then tells how to build the viewer."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return the file, the viewer's page, or a page that tells how to build the viewer."""
        try:
            response = await super().get_response("index.html" if path == "." else path, scope)
        except HTTPException as error:
            if error.status_code != 404 or not _is_page(path, scope):
                raise
            response = await self._page(scope)
        response.headers["Cache-Control"] = FOREVER if path.startswith(_HASHED) else ASK_AGAIN
        return response

    async def _page(self, scope: Scope) -> Response:
        if not (self._folder / "index.html").is_file():
            return HTMLResponse(_NOT_BUILT, 404)
        return await super().get_response("index.html", scope)


def _is_page(path: str, scope: Scope) -> bool:
    """Tell whether a browser navigates to a page: it accepts HTML and the path does not look like a file."""
    return "text/html" in Headers(scope=scope).get("accept", "") and "." not in Path(path).name


def install(app: FastAPI, folder: Path = VIEWER) -> None:
    """Serve the viewer below every path that no route of the API takes. Must come after all routers."""
    app.mount("/", ViewerFiles(folder), name="viewer")
