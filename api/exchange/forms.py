"""The parameters of a call: read from a form or a query string, each known and given once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

from api.exchange.answers import Code, ExchangeRefused

VERSION: Final = "1.0"
PUSH_PARAMETERS: Final = ("group", "table", "data", "appID", "timestamp", "sign", "version")
QUERY_PARAMETERS: Final = ("group", "table", "where", "appID", "timestamp", "sign", "version")
_FORM: Final = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Form:
    """The parameters of one call, as text.

    Attributes
    ----------
    given
        By name, decoded; without `sign`.
    sign
        The signature.
    """

    given: Mapping[str, str]
    sign: str

    def __getitem__(self, name: str) -> str:
        return self.given.get(name, "")


def parse_form(text: bytes, *, known: tuple[str, ...]) -> Form:
    """Return the parameters of a form or query string.

    Raises
    ------
    ExchangeRefused
        10002 when there is no signature to check; 10001 when it is not UTF-8 or a parameter is unknown or given twice.
    """
    try:
        pairs = parse_qsl(text.decode("ascii"), keep_blank_values=True, strict_parsing=False, errors="strict", max_num_fields=50)
    except (UnicodeError, ValueError):
        raise _bad(f"the parameters are not a form in UTF-8 ({_FORM};charset=UTF-8)") from None
    given = dict(pairs)
    if not given.get("sign") or not given.get("appID"):
        raise ExchangeRefused(Code.SIGNATURE_FAILED, "a call needs the parameters appID, timestamp and sign")
    twice = len(given) != len(pairs)
    unknown = [name for name in given if name not in known]
    if twice or unknown:
        wrong = "a parameter is given twice" if twice else f"there is no parameter {unknown[0][:50]!r}"
        raise _bad(f"{wrong}; parameters are {', '.join(known)}")
    short = {name: value for name, value in given.items() if name != "data"}
    for name, value in short.items():
        if any(ord(character) < 32 for character in value):
            raise _bad(f"{name} holds a control character")
    return Form({name: value for name, value in given.items() if name != "sign"}, given["sign"])


def require_form_type(content_type: str) -> None:
    """Raise `ExchangeRefused` (10001) when a body is no form in UTF-8."""
    kind, _, rest = content_type.partition(";")
    charset = rest.strip().lower().removeprefix("charset=").strip('"')
    if kind.strip().lower() != _FORM or charset not in {"", "utf-8"}:
        raise _bad(f"Content-Type is {content_type[:100]!r}; it must be {_FORM};charset=UTF-8")


def require_version(form: Form) -> None:
    """Raise `ExchangeRefused` (10001) for another version than ours."""
    if form["version"] not in {"", VERSION}:
        raise _bad(f"version is {form['version'][:20]!r}; it must be {VERSION} or absent")


def _bad(message: str) -> ExchangeRefused:
    return ExchangeRefused(Code.PARAMETERS_INVALID, message)
