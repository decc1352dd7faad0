"""`heat-twin openapi`: writes or checks docs/openapi.json."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.openapi import openapi_text


def register(app: typer.Typer) -> None:
    """Add the commands of this room."""
    app.command()(openapi)


def openapi(
    *,
    path: Annotated[Path, typer.Option(help="File to write or check.")] = Path("docs/openapi.json"),
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit code 1 when the file is not up to date.")] = False,
) -> None:
    """Write the OpenAPI document of the server."""
    text = openapi_text()
    if not check:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        typer.echo(f"{path}: {len(text)} characters")
    elif not path.exists() or path.read_text(encoding="utf-8") != text:
        typer.echo(f"{path} is not what the program says; write it again with `make generate`", err=True)
        raise typer.Exit(1)
