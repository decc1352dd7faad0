"""Errors of the edges, and the one map from error class to HTTP status.

ApiError
├── BadSetting      an environment variable that is unknown or does not fit
├── CannotListen    the port is taken, or the address is not of this machine
├── BadRequest      a parameter that passed the schema but makes no sense here
├── BadHost         the Host header is not this machine (demo mode)
├── CrossSite       a page of another site wants to change something
├── NotSignedIn     no seat came with the request
├── PasswordMustChange  a one-time password was not changed yet
├── TooManyTries    too many failed tries to sign in
├── TooFast         a sender sends more than it may
├── TooSlow         a body did not come in its time
├── UnsupportedBody a body of a type or encoding that is not read
├── BadKeyFile      the key file of the var dir is missing, open to others or another one
├── Busy            a bounded queue is full; try again later
├── MessageRefused  a message of a broker cannot be taken as a whole
├── ChannelClosed   a channel of notification that is not set up, or an address that it may not reach
├── NotDelivered    a message that did not reach its recipient
├── Refused         a server refused what this program, as its client, asked
└── PayloadTooLarge a body over the stated limit
"""

from __future__ import annotations

from data.errors import (
    BadExport,
    BadFilter,
    BadManifest,
    BadReadingFile,
    BadSheet,
    Conflict,
    DatabaseUnavailable,
    DataError,
    NotFound,
    UnfitValue,
)
from gis.errors import ConversionRefused, DatumNeedsParameters, GisError, UnknownDatum
from tiles.errors import (
    ArchiveExpired,
    BadArchive,
    BadModel,
    BadRaster,
    BadScene,
    BadTile,
    DamagedTileset,
    LayerGone,
    NoRoom,
    NoWorkers,
    TilesError,
    UnknownAttribute,
    UnknownTileset,
)
from topology.errors import NotSolvable, NotTraceable, TopologyError
from twin.errors import (
    BadAlarmAction,
    BadDrill,
    BadEdit,
    BadFrame,
    BadIncidentAction,
    BadNotice,
    BadQualityRule,
    BadRecord,
    BadRetention,
    BadRule,
    BadSeat,
    BadWarning,
    NotPermitted,
    OutsideScope,
    TwinError,
    UnknownKind,
)


class ApiError(Exception):
    """Base of all errors raised by `api`."""


class BadSetting(ApiError):
    """Raised when an environment variable is unknown or its value does not fit."""


class CannotListen(ApiError):
    """Raised when the server cannot listen on its address: the port is taken, or it is none of this machine's."""


class BadRequest(ApiError):
    """Raised when a parameter makes no sense; the message names it, its value and what would be right."""


class BadHost(ApiError):
    """Raised when, in demo mode, the Host header does not name this machine."""


class CrossSite(ApiError):
    """Raised when a browser sends a change, or opens a WebSocket, for a page of another site."""


class NotSignedIn(ApiError):
    """Raised when a route needs a seat and the request carries none, or one that does not hold."""


class PasswordMustChange(ApiError):
    """Raised when a seat asks for anything before its one-time password was changed."""


class TooManyTries(ApiError):
    """Raised when signing in failed too often; the client may come again after `retry_after_s`."""

    def __init__(self, message: str, *, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class TooFast(ApiError):
    """Raised when a sender sends more than it may; it should come again after `retry_after_s`."""

    def __init__(self, message: str, *, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class TooSlow(ApiError):
    """Raised when the body of a request did not come within its time."""


class UnsupportedBody(ApiError):
    """Raised when the body of a request has a type or an encoding that is not read."""


class BadKeyFile(ApiError):
    """Raised when the key file cannot be used: missing rights, open to others, or not the one that encrypted."""


class Busy(ApiError):
    """Raised when a bounded queue is full; the client should come again after `retry_after_s`."""

    def __init__(self, message: str, *, retry_after_s: int = 1) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class MessageRefused(ApiError):
    """Raised when a message of a broker cannot be taken: `reason` for the records, `code` for its acknowledgement (MQTT 5)."""

    def __init__(self, reason: str, code: int, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.code = code


class ChannelClosed(ApiError):
    """Raised when notices cannot go that way: the channel is not set up, or its settings do not name the host."""


class NotDelivered(ApiError):
    """Raised when a message did not reach its recipient; with `final`, trying again cannot mend it."""

    def __init__(self, message: str, *, final: bool = False) -> None:
        super().__init__(message)
        self.final = final


class Refused(ApiError):
    """Raised when a server refuses what this program asked as its client (the simulator); repeating cannot mend it."""


class PayloadTooLarge(ApiError):
    """Raised when a body is over the stated limit."""


KNOWN_ERRORS = (ApiError, DataError, TilesError, TwinError, TopologyError, GisError)
"""Base classes of all errors that have a known cause and a message for people."""

STATUS: dict[type[Exception], int] = {
    BadRequest: 400,
    BadFilter: 400,
    BadFrame: 422,
    BadEdit: 422,
    BadNotice: 422,
    ChannelClosed: 409,
    BadQualityRule: 422,
    BadRecord: 422,
    BadRule: 422,
    BadAlarmAction: 409,
    BadWarning: 422,
    BadDrill: 409,
    BadIncidentAction: 409,
    BadRetention: 422,
    BadManifest: 422,
    BadExport: 422,
    BadSheet: 422,
    BadReadingFile: 422,
    UnknownDatum: 422,
    DatumNeedsParameters: 422,
    ConversionRefused: 422,
    BadSeat: 422,
    BadTile: 404,
    BadRaster: 422,
    BadModel: 422,
    LayerGone: 404,
    BadScene: 422,
    BadArchive: 422,
    ArchiveExpired: 410,
    NoRoom: 507,
    NoWorkers: 503,
    DamagedTileset: 503,
    UnknownTileset: 404,
    UnknownAttribute: 422,
    UnknownKind: 422,
    NotTraceable: 422,
    NotSolvable: 422,
    BadHost: 400,
    NotSignedIn: 401,
    CrossSite: 403,
    NotPermitted: 403,
    OutsideScope: 403,
    PasswordMustChange: 403,
    NotFound: 404,
    Conflict: 409,
    UnfitValue: 422,
    TooSlow: 408,
    PayloadTooLarge: 413,
    UnsupportedBody: 415,
    TooManyTries: 429,
    TooFast: 429,
    Busy: 503,
    DatabaseUnavailable: 503,
}
"""HTTP status of each error a client may see; the nearest base class counts, everything else is 500."""


def status_of(error: Exception) -> int:
    """Return the HTTP status of an error class."""
    return next((STATUS[cls] for cls in type(error).__mro__ if cls in STATUS), 500)
