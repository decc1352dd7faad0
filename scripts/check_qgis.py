"""Opens a served city in QGIS, as a person at a desk would: OGC API Features, vector tiles with their style, shaded ground.

Run by `scripts/check_qgis.sh` with the Python of Debian's QGIS. Arguments: address of a server that asks for a seat, folder with
`heat_key.py` and `startup.py` of `docs/how-to/use-it-in-your-gis.md`, picture to write. Prints one line a fact and fails at the
first that does not hold.
"""

import runpy
import sys
from pathlib import Path
from urllib.parse import quote

from qgis.core import (
    Qgis,
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsMapLayer,
    QgsMapRendererParallelJob,
    QgsMapSettings,
    QgsPointXY,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
    QgsVectorLayer,
    QgsVectorTileLayer,
)
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QColor, QImage

MERCATOR = QgsCoordinateReferenceSystem("EPSG:3857")
TILES = "base,network,assets"
COLLECTIONS = ("substation", "plant", "pipe", "community")
DIAMETERS = ("#1f77d0", "#6fa8dc", "#c9d6df", "#f2c28b", "#f28e2b")
VIEW_M = 2400
SIZE = QSize(720, 480)
LEAST_PIXELS = 1000


def main() -> None:
    """Check everything; the layers must be gone before QGIS is."""
    heat, folder, picture = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    application = QgsApplication([], False)
    application.initQgis()
    print(f"QGIS {Qgis.QGIS_VERSION}")
    refused = QgsVectorLayer(f"url='{heat}/ogc' typename='substation'", "refused", "OAPIF")
    check(not refused.isValid(), "without a key nothing is shown")
    del refused
    sys.path.insert(0, str(folder))
    runpy.run_path(str(folder / "startup.py"))
    centre = check_features(heat)
    check_pictures(heat, centre, picture)
    application.exitQgis()


def check(holds: bool, what: str) -> None:
    """Say a fact, or end with it."""
    if not holds:
        sys.exit(f"NOT SO: {what}")
    print(f"ok: {what}")


def check_features(heat: str) -> QgsPointXY:
    """Open collections as OGC API Features and return the middle of the substations in Web Mercator."""
    centre = QgsPointXY()
    for name in COLLECTIONS:
        layer = QgsVectorLayer(f"url='{heat}/ogc' typename='{name}' restrictToRequestBBOX='1'", name, "OAPIF")
        check(layer.isValid(), f"{name} opens as OGC API Features")
        found = list(layer.getFeatures())
        check(len(found) > 0, f"{name} has {len(found)} features")
        check(all(feature.hasGeometry() for feature in found), f"every {name} has its geometry")
        if name == "substation":
            check(any(feature["name"] for feature in found), "substations have names")
            to_mercator = QgsCoordinateTransform(layer.crs(), MERCATOR, QgsProject.instance())
            centre = to_mercator.transform(layer.extent().center())
    return centre


def check_pictures(heat: str, centre: QgsPointXY, picture: Path) -> None:
    """Draw the vector tiles with their style, and the shaded ground, and look at the colours."""
    source = quote(f"{heat}/tiles/{TILES}/", safe="") + "{z}/{x}/{y}" + quote(".mvt?city=1", safe="")
    style = quote(f"{heat}/styles/network-dn.json?city=1", safe="")
    tiles = QgsVectorTileLayer(f"type=xyz&url={source}&zmin=8&zmax=16&styleUrl={style}", "network")
    check(tiles.isValid(), "the vector tiles open")
    said, loaded = tiles.loadDefaultStyle()
    check(loaded, f"the style loads {said}")
    names = [style.layerName() for style in tiles.renderer().styles()]
    check("pipe" in names, f"the style has the layers {sorted(set(names))}")
    image = draw([tiles], centre)
    image.save(str(picture))
    for colour in DIAMETERS[:3]:
        print(f"pixels of {colour}: {count(image, colour)}")
    check(sum(count(image, colour) for colour in DIAMETERS) > LEAST_PIXELS, "pipes are drawn in the colours of their diameters")
    address = quote(f"{heat}/raster/ground/", safe="") + "{z}/{x}/{y}" + quote(".png?city=1", safe="")
    ground = QgsRasterLayer(f"type=xyz&url={address}&zmin=6&zmax=18", "ground", "wms")
    check(ground.isValid(), "the shaded ground opens")
    shades = draw([ground], centre)
    seen = {shades.pixelColor(x, y).name() for x in range(0, SIZE.width(), 8) for y in range(0, SIZE.height(), 8)}
    check(len(seen) > 5, f"the ground has {len(seen)} shades")


def draw(layers: list[QgsMapLayer], centre: QgsPointXY) -> QImage:
    """Return a picture of layers around a place."""
    settings = QgsMapSettings()
    settings.setLayers(layers)
    settings.setDestinationCrs(MERCATOR)
    settings.setBackgroundColor(QColor("#0b1624"))
    settings.setOutputSize(SIZE)
    high = VIEW_M * SIZE.height() / SIZE.width()
    settings.setExtent(
        QgsRectangle(centre.x() - VIEW_M / 2, centre.y() - high / 2, centre.x() + VIEW_M / 2, centre.y() + high / 2)
    )
    job = QgsMapRendererParallelJob(settings)
    job.start()
    job.waitForFinished()
    errors = [error.message for error in job.errors()]
    check(not errors, f"drawn without errors {errors}")
    return job.renderedImage()


def count(image: QImage, colour: str) -> int:
    """Return how many pixels nearly have a colour."""
    wanted = QColor(colour)
    near = 0
    for y in range(image.height()):
        for x in range(image.width()):
            seen = image.pixelColor(x, y)
            apart = (seen.red() - wanted.red(), seen.green() - wanted.green(), seen.blue() - wanted.blue())
            near += max(map(abs, apart)) <= 12
    return near


main()
