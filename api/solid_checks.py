"""Looks through the 3D Tiles that a city serves: what `heat-twin tiles3d check` tells."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from api.settings import Settings
from api.solids import solids_folder
from tiles.errors import BadTileset3D
from tiles.tiles3d.check import check_tileset
from tiles.tiles3d.layers import SolidLayer
from tiles.tiles3d.peers import read_by_py3dtiles, validate_gltf
from tiles.tiles3d.shelf import DATUMS, published_files, read_published, strangers


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the report, and whether it tells of a fault."""

    text: str
    wrong: bool = False


def look_through(settings: Settings, city_id: int, layer: SolidLayer) -> Iterator[Line]:
    """Yield what is found in a layer as everybody sees it, in both height datums.

    Cost: every file is read three times; minutes for the pipes of a city of 50,000 buildings.
    """
    folder, name = solids_folder(settings, city_id, layer), layer.name
    try:
        published = read_published(folder)
    except BadTileset3D as error:
        yield Line(f"{name}: {error}", wrong=True)
        return
    if published is None or not published.build:
        yield Line(f"{name}: {'not built' if published is None else 'nothing to draw'}")
        return
    for datum in DATUMS:
        served = folder / published.build / datum
        try:
            report = check_tileset(served)
            read = read_by_py3dtiles(served)
            found = validate_gltf([path for path in published_files(folder, published, datum).values() if path.suffix == ".glb"])
        except (BadTileset3D, OSError) as error:
            text = (
                f"{name}: {error}; remove that file in {folder / published.build} and build again with `heat-twin tiles3d build`"
            )
            yield Line(text, wrong=True)
            continue
        drawn = f"{report.features} features, {report.tiles} tiles, {report.triangles} triangles: good"
        asked = (
            f"gltf-validator was not run: {found.not_run}"
            if found.not_run
            else f"gltf-validator read {found.files}: {found.errors} errors, {found.warnings} warnings"
        )
        wrong = bool(found.errors) or report.features != published.features_out or read != report.tiles
        first = f"; first: {found.first}" if found.first else ""
        yield Line(f"{name}/{datum}: {drawn}; py3dtiles read {read}; {asked}{first}", wrong)
    if others := strangers(folder, published):
        yield Line(f"{name}: {len(others)} files or folders are not ours and are left alone: {', '.join(others[:5])}")
