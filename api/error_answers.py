"""Answers to errors: one JSON shape for all of them, no stack trace to a client; `api.errors` says which status each has."""

from __future__ import annotations

import logging
import uuid

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from api.errors import KNOWN_ERRORS, Busy, status_of
from tiles.errors import TilesError

READ_ENCODINGS = "gzip, zstd, br, deflate"
"""How bodies of requests may be packed."""

logger = logging.getLogger(__name__)


def _body(kind: str, message: str, **more: object) -> dict[str, object]:
    return {"error": {"kind": kind, "message": message, **more}}


def error_response(error: Exception) -> JSONResponse:
    """Return the answer to an error: its message below 500, else an id whose details are in the log."""
    status = status_of(error)
    if status >= 500 and status not in {503, 507}:
        return _hidden(error)
    headers = {"Retry-After": str(getattr(error, "retry_after_s", 2))} if status in {429, 503} else {}
    if status == 415:
        headers["Accept-Encoding"] = READ_ENCODINGS  # RFC 7694
    told = status != 503 or isinstance(error, Busy | TilesError)
    message = str(error) if told else "the database does not answer; try again in a moment"
    return JSONResponse(_body(type(error).__name__, message), status, headers)


async def _known(_: Request, error: Exception) -> JSONResponse:
    return error_response(error)


async def _unknown(_: Request, error: Exception) -> JSONResponse:
    return _hidden(error)


def _hidden(error: Exception) -> JSONResponse:
    error_id = uuid.uuid4().hex[:12]
    logger.error("error %s: %s", error_id, error, exc_info=error)
    return JSONResponse(_body("InternalError", f"internal error {error_id}; the server's log has the details", id=error_id), 500)


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    problems = [{"where": ".".join(str(part) for part in item["loc"]), "problem": item["msg"]} for item in error.errors()]
    first = problems[0] if problems else {"where": "", "problem": "does not fit"}
    return JSONResponse(_body("BadRequest", f"{first['where']}: {first['problem']}", problems=problems), 422)


async def _http(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return JSONResponse(_body("HttpError", str(error.detail)), error.status_code, error.headers)


def install(app: FastAPI) -> None:
    """Register the handlers: one JSON shape for every error, no stack trace to a client."""
    for base in KNOWN_ERRORS:
        app.add_exception_handler(base, _known)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unknown)
