"""Answers of the exchange interface: one JSON body whatever happens, with the status codes of the platform requirements (6.1)."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping
from enum import IntEnum
from typing import Any, Final

import orjson
from starlette.responses import Response

from api.errors import KNOWN_ERRORS, Busy, status_of
from data.errors import DatabaseUnavailable
from data.readings import DATABASE_ERRORS

logger = logging.getLogger(__name__)


class Code(IntEnum):
    """Status and error codes, appendix 6.1."""

    OK = 200
    CREATED = 201
    BAD_REQUEST = 400
    FORBIDDEN = 403
    NOT_FOUND = 404
    CONFLICT = 409
    PARAMETERS_INVALID = 10001
    SIGNATURE_FAILED = 10002
    TIME_LAPSE = 10003
    UNALLOCATED_APP_ID = 10004
    SERVER_ERROR = 10005


NAMES: Final[Mapping[Code, str]] = {
    Code.OK: "OK",
    Code.CREATED: "Created",
    Code.BAD_REQUEST: "Bad Request",
    Code.FORBIDDEN: "Forbidden",
    Code.NOT_FOUND: "Not Found",
    Code.CONFLICT: "Conflict",
    Code.PARAMETERS_INVALID: "Parameters Invalid",
    Code.SIGNATURE_FAILED: "Signature Failed",
    Code.TIME_LAPSE: "Time Lapse",
    Code.UNALLOCATED_APP_ID: "Unallocated API appID",
    Code.SERVER_ERROR: "Interface Server Error",
}
HTTP_STATUS: Final[Mapping[Code, int]] = {
    Code.PARAMETERS_INVALID: 400,
    Code.SIGNATURE_FAILED: 401,
    Code.TIME_LAPSE: 401,
    Code.UNALLOCATED_APP_ID: 403,
    Code.SERVER_ERROR: 500,
}
"""HTTP status of the codes that are none themselves."""


class ExchangeRefused(Exception):
    """Raised when a call is refused; `code` is the exchange's."""

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code = code


def answer(
    code: Code, *, error: str = "", data: Any = None, status: int | None = None, retry_after_s: int | None = None
) -> Response:
    """Return the answer of a call.

    Parameters
    ----------
    code
        Of the exchange.
    error
        What is wrong and what would be right; empty for a success.
    data
        Rows asked for, or what became of the rows pushed.
    status
        HTTP status; default: that of the code.
    retry_after_s
        Seconds after which to come again.
    """
    body: dict[str, Any] = {"code": int(code), "message": NAMES[code]}
    if error:
        body["error"] = error
    if data is not None:
        body["data"] = data
    headers = {} if retry_after_s is None else {"Retry-After": str(retry_after_s)}
    return Response(
        orjson.dumps(body),
        status_code=status or HTTP_STATUS.get(code, int(code)),
        media_type="application/json",
        headers=headers,
    )


def refusal(error: Exception) -> Response:
    """Return the answer to a call that failed; what the program did not foresee is logged under a number and not told."""
    if isinstance(error, ExchangeRefused):
        return answer(error.code, error=str(error))
    if isinstance(error, Busy):
        return answer(Code.SERVER_ERROR, error=str(error), status=503, retry_after_s=error.retry_after_s)
    if isinstance(error, (DatabaseUnavailable, *DATABASE_ERRORS)):
        logger.warning("an exchange call was not served: %s", error)
        return answer(Code.SERVER_ERROR, error="the database does not answer; send again", status=503, retry_after_s=5)
    status = status_of(error) if isinstance(error, KNOWN_ERRORS) else 500
    if status < 500:
        return answer(Code.FORBIDDEN, error=str(error)) if status == 403 else _invalid(str(error), status)
    number = secrets.token_hex(4)
    logger.error("an exchange call failed (%s)", number, exc_info=error)
    return answer(Code.SERVER_ERROR, error=f"internal server error, number {number} in the log")


def _invalid(message: str, status: int) -> Response:
    return answer(Code.PARAMETERS_INVALID, error=message, status=413 if status == 413 else None)
