"""Footprints in files: one a zone, named by what it depends on, and an index of the zones of each state of a city."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, fields
from io import BytesIO
from pathlib import Path
from zipfile import BadZipFile, ZipFile

import numpy as np
import orjson

from topology.causes.footprints import Footprints, joined
from topology.causes.prepare import Prepared

_KEPT = 20
"""So many states of a city are remembered; files of zones that none of them names are removed."""


@dataclass(frozen=True, slots=True)
class Versions:
    """A state of a city."""

    city_id: int
    network_version: int
    valve_version: int

    @property
    def file(self) -> str:
        """Name of its index."""
        return f"city-{self.city_id}-{self.network_version}-{self.valve_version}.json"


def cause_folder(var_dir: Path) -> Path:
    """Return the folder of the footprints."""
    return var_dir / "causes"


def read_footprints(folder: Path, versions: Versions) -> Footprints | None:
    """Return the footprints of a state; None when they are not there (or not whole)."""
    try:
        keys = orjson.loads((folder / versions.file).read_bytes())["zones"]
        return joined([_read(folder / f"{key}.npz") for key in keys])
    except (OSError, KeyError, ValueError, BadZipFile):
        return None


def read_known(folder: Path) -> dict[str, Footprints]:
    """Return the footprints of all zones that are there, by fingerprint."""
    known = {}
    for path in sorted(folder.glob("*.npz")):
        try:
            known[path.stem] = _read(path)
        except (OSError, KeyError, ValueError, BadZipFile):
            continue
    return known


def write_footprints(folder: Path, versions: Versions, prepared: Prepared) -> None:
    """Write the zones that are new, then the index, then remove what no index names any more."""
    folder.mkdir(parents=True, exist_ok=True)
    for key, footprints in prepared.by_zone.items():
        if not (folder / f"{key}.npz").exists():
            _write(folder / f"{key}.npz", footprints)
    index = {"zones": sorted(prepared.by_zone), "skipped": list(prepared.skipped)}
    _replace(folder / versions.file, orjson.dumps(index))
    _tidy(folder)


def _read(path: Path) -> Footprints:
    with np.load(path, allow_pickle=False) as arrays:
        return Footprints(**{each.name: arrays[each.name] for each in fields(Footprints)})


def _write(path: Path, footprints: Footprints) -> None:
    content = BytesIO()
    with ZipFile(content, "w") as archive:  # as np.savez has it
        for each in fields(Footprints):
            with archive.open(f"{each.name}.npy", "w") as file:
                np.save(file, getattr(footprints, each.name), allow_pickle=False)
    _replace(path, content.getvalue())


def _replace(path: Path, content: bytes) -> None:
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as file:
        file.write(content)
    Path(file.name).replace(path)


def _tidy(folder: Path) -> None:
    indexes = sorted(folder.glob("city-*.json"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in indexes[_KEPT:]:
        path.unlink(missing_ok=True)
    named = {key for path in indexes[:_KEPT] for key in orjson.loads(path.read_bytes())["zones"]}
    for path in folder.glob("*.npz"):
        if path.stem not in named:
            path.unlink(missing_ok=True)
