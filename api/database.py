"""The database for a command or the server: the private one is started when it is needed, and the schema brought up to date.

Nothing of the server is imported here: most commands need the store only.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TextIO

from api.settings import Settings
from data import cluster as clusters
from data.migrate import migrate
from data.pool import Connection, connect


@contextmanager
def open_database(settings: Settings, *, migrated: bool = True) -> Iterator[Settings]:
    """Yield settings whose `database_url` is a running, migrated PostGIS.

    The private cluster is started when the settings name no other database, and stopped at the end when nobody else uses
    it and no `heat-twin db start` keeps it running. With `migrated` False the schema stays as it is: backups are made before
    an upgrade.

    Raises
    ------
    DatabaseUnavailable, SchemaMismatch
        With the reason and what to do.
    """
    if settings.database_url:
        if migrated:
            migrate(settings.database_url)
        yield settings
        return
    cluster = clusters.private_cluster(settings.var_dir)
    use: TextIO | None = None
    try:
        with held_signals():
            use = clusters.take(cluster)
        if migrated:
            migrate(cluster.url)
        yield replace(settings, database_url=cluster.url)
    finally:
        if use is not None:
            with held_signals():
                clusters.leave(cluster, use)


@contextmanager
def open_connection(settings: Settings) -> Iterator[Connection]:
    """Yield a connection to a database that is running and migrated, as `open_database` makes it."""
    with open_database(settings) as opened, connect(opened.database_url) as connection:
        yield connection


@contextmanager
def held_signals() -> Iterator[None]:
    """Hold Ctrl-C and SIGTERM back while something is started or put away, then let them act.

    Without it a Ctrl-C between the start of the database and our knowing of it would leave it running.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    seen: list[int] = []
    before = {number: signal.signal(number, lambda given, _: seen.append(given)) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for held in seen:
            signal.raise_signal(held)
