"""Draws the full-size city, imports it and builds what is derived from it: seconds, memory, counts.

    make bench-city     # build the city and keep it under $HEAT_TWIN_VAR_DIR/bench; nothing when it is there already
    make bench-city-clean     # the same without the planted dirt, for what needs a city that works as drawn (hydraulics, traces)
    make bench-import   # measure: the city is drawn and imported anew
    make bench-import-twice   # the same with twice the buildings, substations, people and devices: how it grows

Progress goes to stderr; the only line on stdout holds the figures.

| field | meaning |
|---|---|
| generate_s | drawing and writing the files |
| import_s | import of the files |
| derived_s | tile tables, served ground, raster and 3D Tiles |
| checks_s | all rules of `heat-twin check` |
| network_s | reading and building the network |
| peak_mb | largest resident memory of this process; the database is another |
| rows | rows read from the files |
| supply_km | length of the supply pipes of the heat network |
| loops | cyclomatic number of the primary supply side with every valve open |
| findings | problems that the checks find in the archive, those of the network among them |
| answers, missed, false | what import and checks must say by the answer sheet; how much they did not, and what they made up |
| load1 | load of the machine in the last minute at the start and at the end, the larger one |
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from api.database import open_database
from api.loading import load_manifest
from api.settings import Settings, read_settings
from data.checks.telling import read_told
from data.demo.answers import ANSWER_SHEET, read_answers
from data.demo.city import write_city
from data.demo.score import as_text, score_import, score_problems
from data.demo.sizes import size_of
from data.demo.whole_delivery import write_whole
from data.imports.run import ImportReport
from data.network import read_network_tables
from data.pool import Connection, connect
from topology.build.joining import join
from topology.network import build_network
from topology.tables import NetworkTables

GENERATION = 4
"""Part of the folder's name; rises when the generator draws another city from the same seed."""
SEED = 1
_DOUBLED = ("buildings", "substations", "room_sensors", "heating_devices", "households")
_SUPPLY, _PRIMARY_LEVELS, _PRIMARY_SUPPLY = 1, (1, 2), 0


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a benchmark's city is kept."""

    settings: Settings
    files: Path
    done: Path


def main() -> None:
    """Run one of the two recipes."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.import_city")
    parser.add_argument("--size", default="city", help="a size of heat-twin demo")
    parser.add_argument("--twice", action="store_true", help="twice as much of everything in each quarter")
    parser.add_argument("--clean", action="store_true", help="without the planted dirt and its answer sheet")
    parser.add_argument("--keep", action="store_true", help="build and keep the city for other benchmarks, measure nothing twice")
    options = parser.parse_args()
    place = _place(
        options.size + ("-twice" if options.twice else "") + ("-clean" if options.clean else ""), fresh=not options.keep
    )
    if options.keep and place.done.exists():
        _say(f"{place.settings.var_dir} holds the city already")
        return
    with open_database(place.settings) as settings:
        figures = _measure(replace(place, settings=settings), options.size, twice=options.twice, clean=options.clean)
    figures["load1"] = round(max(figures["load1"], os.getloadavg()[0]), 2)
    if options.keep:
        place.done.write_text(json.dumps(figures) + "\n", encoding="utf-8")
    else:
        shutil.rmtree(place.settings.var_dir)
    print(json.dumps(figures))  # noqa: T201 - the one line of figures


def city_settings(*, clean: bool = False) -> Settings:
    """Return the settings under which `make bench-city` (`bench-city-clean`) keeps its city, for other benchmarks."""
    place = _place("city-clean" if clean else "city", fresh=False)
    if not place.done.exists():
        raise SystemExit(f"{place.settings.var_dir} holds no city; run make bench-city{'-clean' if clean else ''} first")
    return place.settings


def _place(size: str, *, fresh: bool) -> _Place:
    """Return a var dir of its own with a cluster of its own; a fresh one is empty."""
    settings = read_settings()
    name = f"{size}-{GENERATION}-{SEED}" + ("-import" if fresh else "")
    var_dir = settings.var_dir / "bench" / name
    if fresh and var_dir.exists():
        shutil.rmtree(var_dir)
    var_dir.mkdir(parents=True, exist_ok=True)
    own = replace(settings, var_dir=var_dir, database_url="")
    return _Place(own, var_dir / "files", var_dir / "built.json")


def _draw(folder: Path, size: str, *, twice: bool, clean: bool) -> Path:
    """Write the files; twice as much stands closer together on the same streets."""
    if not twice:
        return write_city(folder, size=size, seed=SEED, clean=clean, progress=_progress)
    plan = size_of(size)
    doubled = {name: 2 * getattr(plan, name) for name in _DOUBLED}
    folder.mkdir(parents=True, exist_ok=True)
    dense = replace(plan, **doubled, pitch_scale=plan.pitch_scale / np.sqrt(2.0))
    return write_whole(folder, dense, seed=SEED, city_id=1, clean=clean, report=_progress)


def _measure(place: _Place, size: str, *, twice: bool, clean: bool) -> dict[str, float]:
    started = os.getloadavg()[0]
    clock = _Clock()
    manifest = _draw(place.files, size, twice=twice, clean=clean)
    generate_s = clock.lap("generate")
    loaded = load_manifest(manifest, place.settings, seat="bench", progress=_progress)
    report, import_s = loaded.imported, round(loaded.imported.seconds, 1)
    checks = loaded.checks
    checks_s = 0.0 if checks is None else round(sum(checks.seconds.values()), 1)
    derived_s = round(clock.lap("import, derived copies, checks") - import_s - checks_s, 1)
    with connect(place.settings.database_url) as connection:
        tables = read_network_tables(connection, report.city_id)
        build_network(tables)
        network_s = clock.lap("network")
        score = {} if clean else _score(place.files / ANSWER_SHEET, connection, report)
    return {
        "size": f"{size} twice" if twice else size,  # type: ignore[dict-item]
        "generate_s": generate_s,
        "import_s": import_s,
        "derived_s": derived_s,
        "checks_s": checks_s,
        "network_s": network_s,
        "peak_mb": _peak_mb(),
        **_counts(report, tables),
        "findings": 0 if checks is None else checks.total,
        **score,
        "load1": started,
    }


def _score(path: Path, connection: Connection, report: ImportReport) -> dict[str, float]:
    """Hold what the import and the checks said against the answer sheet; differences are told."""
    answers = read_answers(path)
    told = read_told(connection, report.city_id)
    scores = [*score_import(answers, report.problems), *score_problems(answers, told)]
    _say(as_text(scores))
    return {
        "answers": sum(score.found + len(score.missed) for score in scores),
        "missed": sum(len(score.missed) for score in scores),
        "false": sum(len(score.false) for score in scores),
    }


def _counts(report: ImportReport, tables: NetworkTables) -> dict[str, float]:
    pipes = tables.pipes
    rows = {
        kind: sum(layer.read for layer in report.layers if layer.kind == kind) for kind in ("building", "substation", "valve")
    }
    return {
        "rows": sum(layer.read for layer in report.layers),
        "problems": len([problem for problem in report.problems if problem.severity != "note"]),
        "supply_km": round(float(pipes.loc[pipes["side"] == _SUPPLY, "length_m"].sum()) / 1000.0, 1),
        "pipes": len(pipes),
        "valves": rows["valve"],
        "buildings": rows["building"],
        "substations": rows["substation"],
        "loops": _loops(tables),
    }


def _loops(tables: NetworkTables) -> int:
    """Return edges - nodes + parts of the primary supply side: its pipes, and its valves as if all were open."""
    joined, _ = join(tables)
    mine = ((tables.pipes["side"] == _SUPPLY) & tables.pipes["level"].isin(_PRIMARY_LEVELS)).to_numpy()
    valve = joined.valve_group == _PRIMARY_SUPPLY
    first = np.concatenate([joined.u[mine], joined.valve_u[valve]])
    last = np.concatenate([joined.v[mine], joined.valve_v[valve]])
    nodes, place = np.unique(np.concatenate([first, last]), return_inverse=True)
    edges = len(first)
    graph = coo_array((np.ones(edges), (place[:edges], place[edges:])), shape=(len(nodes), len(nodes)))
    return edges - len(nodes) + int(connected_components(graph, directed=False)[0])


class _Clock:
    """Tells how long each step took."""

    def __init__(self) -> None:
        self._last = time.perf_counter()

    def lap(self, name: str) -> float:
        """Return the seconds since the last lap."""
        now = time.perf_counter()
        seconds, self._last = round(now - self._last, 1), now
        _say(f"{name}: {seconds} s, peak {_peak_mb():.0f} MB, load {os.getloadavg()[0]:.1f}")
        return seconds


def _peak_mb() -> float:
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0, 0)


def _progress(message: str, fraction: float) -> None:
    _say(f"{100.0 * fraction:3.0f} % {message}")


def _say(text: str) -> None:
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    main()
