"""Errors of the geometry core.

GisError
├── UnknownDatum          a datum name the registry does not hold, or one with impossible arguments
├── DatumNeedsParameters  a datum that cannot be converted without parameters of the delivery
├── BadControlPoints      control points that give no map from a city's grid, or one that does not fit them
├── ConversionRefused     PROJ has no operation that is fit for these coordinates
└── ReadingError          a file that cannot be read
    ├── FileMissing       it does not exist
    ├── FileOutside       it lies outside the delivery's folder
    ├── UnreadableFile    it exists, but is not what its name says
    ├── WrongEncoding     its text is not in the stated encoding
    ├── UnknownLayer      it has no layer, sheet or table of that name
    └── UnknownColumn     a layer without that column
"""

from __future__ import annotations


class GisError(Exception):
    """Base of all errors raised by `gis`."""


class UnknownDatum(GisError):
    """Raised when a datum name is not in the registry or its arguments make no sense."""


class DatumNeedsParameters(GisError):
    """Raised when Beijing 1954, Xian 1980 or a local system is converted without parameters: a null shift must be named."""


class BadControlPoints(GisError):
    """Raised when control points are too few, on one line, no numbers, or above the tolerance; the message names them."""


class ConversionRefused(GisError):
    """Raised when PROJ offers only a ballpark operation, or one whose area of use does not hold the coordinates."""


class ReadingError(GisError):
    """Base of what can be wrong with a file."""


class FileMissing(ReadingError):
    """Raised when a file does not exist."""


class FileOutside(ReadingError):
    """Raised when a file name leads out of the delivery's folder, by `..`, as an absolute path or through a link."""


class UnreadableFile(ReadingError):
    """Raised when a file cannot be parsed as what its name says."""


class WrongEncoding(ReadingError):
    """Raised when the text of a file is not in the stated encoding."""


class UnknownLayer(ReadingError):
    """Raised when a file has no layer, sheet or table of that name; the message lists those it has."""


class UnknownColumn(ReadingError):
    """Raised when a layer has no column of that name; the message lists those it has."""
