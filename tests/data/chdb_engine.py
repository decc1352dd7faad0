"""ClickHouse for tests: chDB in a process of its own, which a crash of the engine cannot take the test run along with."""

from __future__ import annotations

import multiprocessing
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

from data.history.clickhouse import Parameters


class ChdbEngine:
    """Carries statements to the process (`data.history.clickhouse.ClickHouseEngine`)."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe

    async def query(self, statement: str, parameters: Parameters) -> bytes:
        return self._ask(statement, {name: _text(value) for name, value in parameters.items()}, b"")

    async def insert(self, table: str, structure: str, rows: bytes) -> None:
        self._ask(
            f"insert into {table} select * from file('ROWS', 'RowBinary', '{structure.replace(chr(39), chr(39) * 2)}')", {}, rows
        )

    def _ask(self, statement: str, parameters: dict[str, str], rows: bytes) -> bytes:
        self._pipe.send((statement, parameters, rows))
        error, answer = self._pipe.recv()
        if error is not None:
            raise RuntimeError(error)
        found: bytes = answer
        return found


def _text(value: int | str | Sequence[int]) -> str:
    return str(value) if isinstance(value, int | str) else "[" + ",".join(map(str, value)) + "]"


def _serve(pipe: Connection, folder: str) -> None:
    from chdb.session import Session  # noqa: PLC0415 - only this process loads it

    session = Session(folder)
    file = Path(folder) / "rows.bin"
    while True:
        request = pipe.recv()
        if request is None:
            session.close()
            return
        statement, parameters, rows = request
        try:
            file.write_bytes(rows)
            answer = session.query(statement.replace("ROWS", str(file)), params=parameters)
            pipe.send((None, answer.bytes()))
        except Exception as error:
            pipe.send((str(error), b""))


@contextmanager
def chdb_engine() -> Iterator[ChdbEngine]:
    """Start a process with an empty ClickHouse, and end it."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    with tempfile.TemporaryDirectory(prefix="chdb-") as folder:
        process = context.Process(target=_serve, args=(theirs, folder), daemon=True)
        process.start()
        try:
            yield ChdbEngine(ours)
        finally:
            ours.send(None)
            process.join(30)
