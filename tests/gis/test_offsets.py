"""Offsets of the map datums at a place, against published vectors."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyproj
import pytest

from gis.mainland import inside_mainland
from gis.offsets import grid_over, offsets_of, place_of

CHANGCHUN = np.array([[125.32, 43.88]])


@pytest.mark.parametrize(("datum", "key"), [("gcj02", "GCJ02"), ("bd09", "BD09")])
def test_the_offset_leads_to_the_published_numbers(shared: Path, datum, key: str) -> None:
    """gcoord states its vectors to 1e-5 degrees where WGS-84 is involved."""
    cities = json.loads((shared / "data/crs-vectors-china/gcoord_cities.json").read_text(encoding="utf-8"))
    places, wanted = (np.array([city["coords"][name] for city in cities]) for name in ("WGS84", key))
    # gcoord shifts Hong Kong and Macau too, which maps show where they are
    inside = inside_mainland(places)
    found = offsets_of(places[inside], datum)
    assert inside.sum() > 400
    assert np.abs(found.lonlat - wanted[inside]).max() < 1e-5


@pytest.mark.parametrize("datum", ["gcj02", "bd09"])
def test_metres_lead_from_the_place_to_where_it_is_shown(datum) -> None:
    found = offsets_of(CHANGCHUN, datum)
    geod = pyproj.Geod(ellps="WGS84")
    azimuth = np.degrees(np.arctan2(found.east_m[0], found.north_m[0]))
    lon, lat, _ = geod.fwd(*CHANGCHUN[0], azimuth, found.distance_m[0])
    assert np.abs(np.array([lon, lat]) - found.lonlat[0]).max() < 1e-9
    assert found.distance_m[0] > 500


@pytest.mark.parametrize("place", [(126.98, 37.57), (114.17, 22.28), (2.35, 48.86)])
def test_maps_show_places_outside_the_mainland_where_they_are(place) -> None:
    for datum in ("gcj02", "bd09"):
        assert offsets_of(np.array([place]), datum).distance_m[0] == 0


@pytest.mark.parametrize("datum", ["wgs84", "gcj02", "bd09"])
def test_the_place_is_found_again_from_a_map(datum) -> None:
    shown = CHANGCHUN if datum == "wgs84" else offsets_of(CHANGCHUN, datum).lonlat
    assert np.abs(place_of(shown, datum) - CHANGCHUN).max() < 1e-11


def test_a_grid_reaches_the_rim_of_its_box() -> None:
    grid = grid_over((125.0, 43.0, 126.0, 44.0), 3)
    assert grid.shape == (9, 2)
    assert grid.min(axis=0).tolist() == [125.0, 43.0]
    assert grid.max(axis=0).tolist() == [126.0, 44.0]
