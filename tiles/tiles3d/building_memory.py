"""What was read and judged of a city's buildings at the last build, so that an edit reads only what was written since.

Beside the builds lies a file with the place, size and digest of every building and the mark of its row in the database. The next
build asks for the marks (a tenth of the cost of the rows), reads and judges the rows whose mark is another one, and reads the
rows of the few files that are drawn again. It gives what reading everything gives; where that is not sure, everything is read:

1. there is no such file, or it is damaged, or was written under other rules,
2. an estate or a substation has come, gone or changed its code,
3. the city has surveyed surfaces,
4. more than a fifth of the buildings were written.
"""

from __future__ import annotations

import json
import logging
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from data.buildings import BuildingMarks, Related, read_building_marks, read_buildings, read_related
from data.pool import Connection
from data.surfaces import read_surfaces
from data.tile_tables import DEFAULT_HEIGHT_M, STOREY_M
from tiles.tiles3d import building_rules
from tiles.tiles3d.building_layer import BuildingFeatures
from tiles.tiles3d.engine import FORMAT
from tiles.tiles3d.frame import Frame
from tiles.tiles3d.layer import Features, Ground, LeftOut, MeshBatch
from tiles.tiles3d.surface_layer import SurveyedFeatures

_LOG = logging.getLogger(__name__)
_FILE: Final = "buildings.npz"
_MOST: Final = 0.2
"""Share of the buildings above which reading all of them is cheaper."""
_RULES: Final = (
    f"format {FORMAT}, heights {STOREY_M} {DEFAULT_HEIGHT_M} {building_rules.HIGHEST_M}, areas {building_rules.SMALLEST_M2}"
    f" {building_rules.AREA_CHANGE} {building_rules.WIDEST_M}, GEOS {shapely.geos_version_string}"
)


class ChangedMeanwhile(Exception):
    """Raised while files are drawn when a building is no longer what it was when its mark was read; read everything then."""


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of buildings.

    Attributes
    ----------
    asset_ids, bounds_wgs84, sizes_m, digests
        Of those that are drawn; see `layer.Features`.
    left_out
        The others.
    """

    asset_ids: NDArray[np.uint32]
    bounds_wgs84: NDArray[np.float64]
    sizes_m: NDArray[np.float64]
    digests: NDArray[Any]
    left_out: tuple[LeftOut, ...]

    @classmethod
    def of(cls, features: Features) -> _Known:
        return cls(features.asset_ids, features.bounds_wgs84, features.sizes_m, features.digests, features.left_out)

    def with_changes(self, gone: NDArray[np.uint32], fresh: _Known) -> _Known:
        """Return what is known when some are forgotten and others are known anew."""
        kept = ~np.isin(self.asset_ids, gone)
        asset_ids = np.concatenate([self.asset_ids[kept], fresh.asset_ids])
        order = np.argsort(asset_ids, kind="stable")
        forgotten = set(gone.tolist())
        left_out = [one for one in self.left_out if one.asset_id not in forgotten] + list(fresh.left_out)
        return _Known(
            asset_ids[order],
            np.concatenate([self.bounds_wgs84[kept], fresh.bounds_wgs84])[order],
            np.concatenate([self.sizes_m[kept], fresh.sizes_m])[order],
            np.concatenate([self.digests[kept], fresh.digests])[order],
            tuple(sorted(left_out, key=lambda one: one.asset_id)),
        )


class KnownBuildings:
    """Features of a city's buildings of which most are known and not read; see `layer.Features`."""

    name = BuildingFeatures.name
    leaf_capacity = BuildingFeatures.leaf_capacity
    far_capacity = BuildingFeatures.far_capacity
    far_error_m = BuildingFeatures.far_error_m
    shaped_by_ground = BuildingFeatures.shaped_by_ground

    def __init__(self, known: _Known, connection: Connection, city_id: int, related: Related) -> None:
        self.asset_ids, self.left_out = known.asset_ids, known.left_out
        self.bounds_wgs84, self.sizes_m, self.digests = known.bounds_wgs84, known.sizes_m, known.digests
        self._connection, self._city_id, self._related = connection, city_id, related

    def take(self, rows: NDArray[np.int64]) -> BuildingFeatures:
        """Read some buildings; see `layer.Features`.

        Raises
        ------
        ChangedMeanwhile
            When one of them is not what it was.
        """
        wanted = self.asset_ids[rows]
        read = read_buildings(self._connection, self._city_id, asset_ids=np.unique(wanted), related=self._related)
        features = BuildingFeatures.of(read)
        places = np.searchsorted(features.asset_ids, wanted)
        if len(features.asset_ids) < len(np.unique(wanted)) or not (features.digests[places] == self.digests[rows]).all():
            raise ChangedMeanwhile(f"buildings of city {self._city_id} were written while their 3D Tiles were drawn")
        return features.take(places)

    def batch(self, frame: Frame, ground: Ground, *, far: bool) -> MeshBatch:
        """See `layer.Features`."""
        return self.take(np.arange(len(self.asset_ids))).batch(frame, ground, far=far)


@dataclass(frozen=True, slots=True)
class Recalled:
    """Features to build, and what is to be remembered once they are published.

    Attributes
    ----------
    features
        As `BuildingFeatures` of all rows would be.
    read
        How many buildings were read.
    """

    features: Features
    read: int
    _folder: Path
    _marks: BuildingMarks | None
    _related: str

    def remember(self) -> None:
        """Write what is known for the next build; without room for it the next build reads everything."""
        if self._marks is None:
            return
        known = _Known.of(self.features)
        told = json.dumps([asdict(one) for one in known.left_out]).encode()
        path = self._folder / _FILE
        # one name for all: a killed build leaves one at most, and of two that write at once the checksums of the file tell
        part = path.with_name(f".{_FILE}.part")
        try:
            with part.open("wb") as file:
                np.savez(
                    file,
                    rules=np.array([_RULES, self._related]),
                    rows=self._marks.asset_ids,
                    marks=self._marks.marks,
                    asset_ids=known.asset_ids,
                    bounds_wgs84=known.bounds_wgs84,
                    sizes_m=known.sizes_m,
                    digests=known.digests,
                    left_out=np.frombuffer(told, dtype=np.uint8),
                )
            part.replace(path)
        except OSError as error:
            part.unlink(missing_ok=True)
            _LOG.warning("what is known of the buildings was not kept, the next build reads all of them: %s", error)


def recall_buildings(connection: Connection, city_id: int, folder: Path) -> Recalled:
    """Return the buildings of a city, read as far as they were written since the last build in a folder.

    Raises
    ------
    OutsideScope
        When there is no such city.

    Cost: about 0.2 s for 50,000 buildings of which few were written, else 1.2 s.
    """
    # marks first: a row that is written after them has another mark the next time
    related, marks = read_related(connection, city_id), read_building_marks(connection, city_id)
    surveyed, shapes_z = read_surfaces(connection, city_id)
    if len(surveyed):
        features = BuildingFeatures.of(read_buildings(connection, city_id, related=related))
        return Recalled(SurveyedFeatures(features, surveyed, shapes_z), len(marks.asset_ids), folder, None, "")
    remembered = _load(folder / _FILE, related.digest)
    if remembered is not None:
        known, before = remembered
        written, gone = _differences(before, marks)
        if len(written) <= _MOST * len(marks.asset_ids):
            fresh = BuildingFeatures.of(read_buildings(connection, city_id, asset_ids=written, related=related))
            known = known.with_changes(gone, _Known.of(fresh))
            features_now = KnownBuildings(known, connection, city_id, related)
            return Recalled(features_now, len(written), folder, marks, related.digest)
    everything = BuildingFeatures.of(read_buildings(connection, city_id, related=related))
    return Recalled(everything, len(marks.asset_ids), folder, marks, related.digest)


def _load(path: Path, related: str) -> tuple[_Known, BuildingMarks] | None:
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as found:
            if found["rules"].tolist() != [_RULES, related]:
                return None
            left_out = tuple(LeftOut(**one) for one in json.loads(found["left_out"].tobytes()))
            known = _Known(found["asset_ids"], found["bounds_wgs84"], found["sizes_m"], found["digests"], left_out)
            return known, BuildingMarks(found["rows"], found["marks"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError, EOFError, zipfile.BadZipFile) as error:
        _LOG.warning("%s cannot be read (%s), all buildings are read", path, error)
        return None


def _differences(before: BuildingMarks, now: BuildingMarks) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """Return the buildings whose rows were written, and those of which nothing old holds any more."""
    places = np.searchsorted(before.asset_ids, now.asset_ids)
    same = places < len(before.asset_ids)
    same[same] = before.asset_ids[places[same]] == now.asset_ids[same]
    same[same] = before.marks[places[same]] == now.marks[same]
    unchanged = now.asset_ids[same]
    return now.asset_ids[~same], np.setdiff1d(before.asset_ids, unchanged)
