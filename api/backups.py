"""Backups at the edge: which files of the var dir belong to one, and what is built anew after a restore."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TypeAlias

from api.auth.vault import key_path
from api.loading import derive
from api.settings import Settings
from data.backup import BackupReport, backup_path, write_backup
from data.backup_file import read_backup
from data.jobs import Job, job
from data.restore import RestoreReport, check_fit, restore_backup

Progress: TypeAlias = Callable[[str, float], None]
_LOADED = 0.4
"""Share of a restore after which the rows are there and the derived copies are built."""
_MARKS = "demo/*.loaded"
"""`heat-twin demo` notes there which demo city is whole; without it the next start would load it over the restored one."""


def back_up(settings: Settings, target: Path, *, seat: str, progress: Progress) -> BackupReport:
    """Write a backup of the database and of what belongs to it in the var dir.

    Parameters
    ----------
    settings
        With the `database_url` of a running database; it needs not be migrated.
    target
        A new file, or a folder, which gets a file named by the time.
    seat
        Who makes it.
    progress
        Called with a message and the done share 0..1.
    """
    at = datetime.now(UTC)
    marks = sorted(path.relative_to(settings.var_dir).as_posix() for path in settings.var_dir.glob(_MARKS))
    key = key_path(settings.var_dir).relative_to(settings.var_dir).as_posix()
    return write_backup(
        settings.database_url,
        backup_path(target, at),
        var_dir=settings.var_dir,
        state_files=[key, *marks],
        seat=seat,
        at=at,
        progress=progress,
    )


def restore(settings: Settings, file: Path, *, replace: bool, seat: str, progress: Progress) -> RestoreReport:
    """Check a backup, bring it into the database and the var dir, and build the derived copies of its cities.

    Parameters
    ----------
    settings
        With the `database_url` of a running database that nobody else uses.
    file
        The backup.
    replace
        Take the place of a database that holds something.
    seat
        Who restores; stored in the job ledger of the restored database.
    progress
        Called with a message and the done share 0..1.
    """
    backup = read_backup(file)
    check_fit(backup, settings.database_url)
    backup.verify(partial(_part, progress, 0.0, 0.1))
    report = restore_backup(
        settings.database_url, backup, var_dir=settings.var_dir, replace=replace, progress=partial(_part, progress, 0.1, _LOADED)
    )
    for mark in settings.var_dir.glob(_MARKS):
        if mark.relative_to(settings.var_dir).as_posix() not in report.files:
            mark.unlink()
    from_backup = {"file": file.name, "created_at": backup.manifest["created_at"], "made_by": backup.manifest["made_by"]}
    # 3D Tiles of another past may bear the version number of the restored one
    shutil.rmtree(settings.var_dir / "tiles3d", ignore_errors=True)
    with job(settings.database_url, "restore", seat=seat, parameters=from_backup) as task:
        _derive_all(settings, report.city_ids, _both(task, partial(_part, progress, _LOADED, 1.0)))
        task.result = {"rows": sum(report.rows.values()), "cities": list(report.city_ids)}
    return report


def _derive_all(settings: Settings, city_ids: Sequence[int], progress: Progress) -> None:
    count = len(city_ids)
    for done, city_id in enumerate(city_ids):
        derive(settings, city_id, partial(_part, progress, done / count, (done + 1) / count), changed=True)


def _both(task: Job, progress: Progress) -> Progress:
    def step(message: str, fraction: float) -> None:
        task.progress(fraction, message)
        progress(message, fraction)

    return step


def _part(progress: Progress, first: float, last: float, message: str, fraction: float) -> None:
    progress(message, first + (last - first) * fraction)
