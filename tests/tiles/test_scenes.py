"""Scenes: pydeck writes them, the whitelist guards them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tiles.errors import BadScene, UnknownTileset
from tiles.scenes import SceneCity, build_scene, check_scene

ALL = frozenset({"network", "buildings3d", "pipes3d", "fittings3d", "rates"})
CITY = SceneCity(1, (125.28, 43.85, 125.36, 43.91), ALL)


def scene(**changes: Any) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(build_scene("overview", CITY, "http://127.0.0.1:8000"))
    for layer in document["layers"]:
        if layer["id"] == "network":
            layer.update(changes)
    return document


def test_the_overview_names_addresses_of_the_server_and_holds_no_data() -> None:
    layers = {layer["id"]: layer for layer in scene()["layers"]}
    assert {name: (layer["@@type"], layer["data"]) for name, layer in layers.items()} == {
        "rates": ("GeoJsonLayer", "http://127.0.0.1:8000/rollout/districts.geojson?city=1"),
        "network": ("MVTLayer", "http://127.0.0.1:8000/tiles/network.json?city=1"),
        "pipes": ("Tile3DLayer", "http://127.0.0.1:8000/3dtiles/pipes/ground/tileset.json?city=1"),
        "fittings": ("Tile3DLayer", "http://127.0.0.1:8000/3dtiles/fittings/ground/tileset.json?city=1"),
        "buildings": ("Tile3DLayer", "http://127.0.0.1:8000/3dtiles/buildings/ground/tileset.json?city=1"),
    }
    assert layers["network"]["lineWidthUnits"] == "pixels"  # a plain string would have become an expression


def test_the_camera_stands_over_the_city() -> None:
    state = scene()["initialViewState"]
    assert (state["longitude"], state["latitude"]) == (125.32, 43.88)
    assert 10 < state["zoom"] < 15


def test_what_the_city_does_not_have_is_left_out() -> None:
    document = json.loads(build_scene("overview", SceneCity(7, CITY.bbox_wgs84, frozenset({"network"})), ""))
    assert [layer["data"] for layer in document["layers"]] == ["/tiles/network.json?city=7"]


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"@@type": "ScriptLayer"}, "layers"),
        ({"data": [{"lon": 1}]}, "data"),
        ({"data": "javascript:alert(1)"}, "data"),
        ({"data": "//elsewhere/x"}, "data"),
        ({"getLineColor": "@@=fetch('/x')"}, "getLineColor"),
        ({"getLineColor": "@@=properties.level = 3"}, "getLineColor"),
        ({"getLineColor": [300, "red"]}, "getLineColor"),
        ({"onClick": "@@=1"}, "onClick"),
        ({"lineWidthUnits": "@@=pixels"}, "lineWidthUnits"),
    ],
)
def test_what_the_viewer_may_not_draw_is_refused_with_its_place(changes: dict[str, Any], where: str) -> None:
    with pytest.raises(BadScene, match=where):
        check_scene(json.dumps(scene(**changes)))


def test_a_scene_that_does_not_exist_is_named_with_those_that_do() -> None:
    with pytest.raises(UnknownTileset, match="scenes are overview"):
        build_scene("sunset", CITY, "")
