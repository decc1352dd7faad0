"""Errors of the store.

DataError
├── DatabaseUnavailable   no PostGIS binaries, server not reachable, disk full, folder not reachable
│   └── DatabaseTooOld    PostgreSQL or PostGIS below the version we need
├── SchemaMismatch        the database is newer (or older) than this program
├── NotFound              no such city, asset, alarm, job
├── Conflict              the write contradicts what is stored
├── UnfitValue            a value that a column cannot hold
├── JobCancelled          somebody cancelled the running job
├── BadManifest           a manifest that cannot be read or names things that do not exist
├── BadDemo               the demo city cannot be drawn as asked
├── BadFilter             a filter of features that cannot be read or asks for what is not there
├── BadExport             a layer or format that cannot be exported
├── BadSheet              a filled sheet that cannot be read as a whole
├── BadBackup             a backup that cannot be written, read or restored
├── BadArchivedReadings   archived readings that are missing, or are not what the manifest says
├── BadReadingFile        a file of readings, or its manifest, that cannot be imported or exported as asked
└── ImportFailed          an import that was rolled back; the report says why
"""

from __future__ import annotations


class DataError(Exception):
    """Base of all errors raised by `data`."""


class DatabaseUnavailable(DataError):
    """Raised when the database cannot be started or reached; the message says what to do."""


class DatabaseTooOld(DatabaseUnavailable):
    """Raised when PostgreSQL < 15 or PostGIS < 3.3."""


class SchemaMismatch(DataError):
    """Raised when the schema in the database is not the one this program was written for."""


class NotFound(DataError):
    """Raised when a city, asset, alarm, job or seat does not exist (or is outside the Scope)."""


class Conflict(DataError):
    """Raised when a write contradicts stored rows."""


class UnfitValue(DataError):
    """Raised when a number is out of a column's range or a text holds what the database cannot store."""


class JobCancelled(DataError):
    """Raised inside a running job when somebody asked to cancel it."""


class BadManifest(DataError):
    """Raised when a manifest cannot be used; the message names file, key, value and what would be right."""


class ImportFailed(DataError):
    """Raised when an import was rolled back."""


class BadDemo(DataError):
    """Raised when the demo city cannot be drawn as asked, e.g. in a size that does not exist."""


class BadFilter(DataError):
    """Raised when a filter cannot be read or does not fit the collection; the message names the piece and what would be right."""


class BadSheet(DataError):
    """Raised when a filled sheet cannot be read as a whole: empty, too large, no workbook, without the columns that it needs."""


class BadExport(DataError):
    """Raised when a layer cannot be exported as asked; the message says what can be."""


class BadBackup(DataError):
    """Raised when a backup cannot be written, is not whole, or does not fit this program or this server."""


class BadArchivedReadings(DataError):
    """Raised when a file of archived readings is missing or is not what the manifest says; nothing was dropped."""


class BadReadingFile(DataError):
    """Raised when a file of readings cannot be imported or exported as asked; the message says where and what would be right."""
