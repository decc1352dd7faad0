"""Logging of the entry points: text on a terminal, one JSON object a line elsewhere.

Library code asks for `logging.getLogger(__name__)`; only `configure` here installs handlers.
"""

from __future__ import annotations

import logging
import re
import sys
from datetime import UTC, datetime
from typing import Final

import orjson

_SECRETS: Final = re.compile(r"(?P<name>(?:ticket|token|password|secret|signature|key)=)[^&\s\"]*", re.IGNORECASE)
_FIELDS: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}


def hide_secrets(text: str) -> str:
    """Replace the values of secret query parameters by `...`."""
    return _SECRETS.sub(r"\g<name>...", text)


def _moment(record: logging.LogRecord) -> datetime:
    return datetime.fromtimestamp(record.created, tz=UTC)


class TextFormatter(logging.Formatter):
    """One readable line: local time of day, level when it matters, message."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        level = "" if record.levelno == logging.INFO else f"{record.levelname.lower()}: "
        line = f"{_moment(record).astimezone():%H:%M:%S} {level}{hide_secrets(record.getMessage())}"
        return line if record.exc_info is None else f"{line}\n{self.formatException(record.exc_info)}"


class JsonFormatter(logging.Formatter):
    """One JSON object: `at` (UTC), `level`, `logger`, `message`, the record's extra fields, `exception`."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        entry: dict[str, object] = {
            "at": _moment(record).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": hide_secrets(record.getMessage()),
        }
        entry |= {name: value for name, value in vars(record).items() if name not in _FIELDS}
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return orjson.dumps(entry, default=str).decode()


def configure(log_format: str, *, level: int = logging.INFO) -> bool:
    """Send all logs to stderr in one format; tells whether it is text for a person.

    Parameters
    ----------
    log_format
        `text`, `json`, or `auto`: text when stderr is a terminal.
    level
        Lowest level that is written.
    """
    as_text = log_format == "text" or (log_format == "auto" and sys.stderr.isatty())
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(TextFormatter() if as_text else JsonFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    # one line for every step of uvicorn's start and stop says less than our own two
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    return as_text
