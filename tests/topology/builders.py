"""Small networks by hand: places are numbers on a line of longitudes, mirrored on the return side."""

from __future__ import annotations

import pandas as pd

from topology.tables import COLUMNS, NetworkTables

STEP_DEG = 0.001
RETURN_OFFSET = 10_000
"""Asset id of the return twin of a pipe or valve = id + this."""


def place(number: float) -> tuple[float, float]:
    """Return lon, lat of a place."""
    return 125.0 + STEP_DEG * number, 43.0


class Sketch:
    """Collects rows; every pipe and valve is drawn on both sides unless told otherwise."""

    def __init__(self) -> None:
        self.rows: dict[str, list[dict[str, object]]] = {name: [] for name in COLUMNS}

    def add(self, table: str, asset_id: int, **values: object) -> int:
        self.rows[table].append({"asset_id": asset_id, "company_id": 0, "area_id": 0, **values})
        return asset_id

    def point(self, table: str, asset_id: int, at: float | None, **values: object) -> int:
        lon, lat = (float("nan"), float("nan")) if at is None else place(at)
        return self.add(table, asset_id, lon=lon, lat=lat, **values)

    def pipe(self, asset_id: int, start: float, end: float, *, level: int = 2, sides: tuple[int, ...] = (1, 2)) -> int:
        (x0, y0), (x1, y1) = place(start), place(end)
        for side in sides:
            self.add(
                "pipes",
                asset_id + RETURN_OFFSET * (side == 2),
                pair_id=asset_id if len(sides) == 2 else 0,
                level=level,
                side=side,
                length_m=100.0 * abs(end - start),
                start_lon=x0,
                start_lat=y0,
                end_lon=x1,
                end_lat=y1,
            )
        return asset_id

    def valve(
        self,
        asset_id: int,
        at: float,
        *,
        state: str = "open",
        return_state: str | None = None,
        level: int = 2,
        sides: tuple[int, ...] = (1, 2),
        operability: str = "usable",
    ) -> int:
        for side in sides:
            self.point(
                "valves",
                asset_id + RETURN_OFFSET * (side == 2),
                at,
                pair_id=asset_id if len(sides) == 2 else 0,
                level=level,
                side=side,
                state=state if side == 1 or return_state is None else return_state,
                operability=operability,
            )
        return asset_id

    def source(self, asset_id: int, at: float, *, running: bool = True, kind: str = "plant") -> int:
        return self.point("sources", asset_id, at, name=f"source {asset_id}", kind=kind, running=running)

    def substation(self, asset_id: int, at: float) -> int:
        return self.point("substations", asset_id, at, name=f"substation {asset_id}", source_id=0)

    def inlet(self, asset_id: int, at: float, building: int) -> int:
        return self.point("inlets", asset_id, at, building_id=building, substation_id=0)

    def building(self, asset_id: int, *, substation: int = 0, users: int = 10, area_id: int = 0) -> int:
        return self.point(
            "buildings",
            asset_id,
            None,
            substation_id=substation,
            heat_user_count=users,
            heated_area_m2=100.0 * users,
            heat_load_mw=0.005 * users,
            area_id=area_id,
        )

    def tables(self, **versions: int) -> NetworkTables:
        frames = {name: pd.DataFrame(rows, columns=list(COLUMNS[name])) for name, rows in self.rows.items()}
        return NetworkTables(1, **versions, **frames)


def tree() -> Sketch:
    """Plant 1 at 0 - pipes 100 (0-1), valve 200 at 1, pipe 101 (1-2), at 2 branches to substations 20 (at 3) and 21 (at 4).

    Each substation feeds one building through a secondary pipe and an inlet: 20 -> inlet 50 -> building 30 at 5, 21 -> 51 -> 31.
    Valve 201 shuts the branch of substation 21.
    """
    s = Sketch()
    s.source(1, 0)
    s.pipe(100, 0, 1)
    s.valve(200, 1)
    s.pipe(101, 1, 2)
    s.pipe(102, 2, 3)
    s.pipe(103, 2, 3.5)
    s.valve(201, 3.5)
    s.pipe(104, 3.5, 4)
    for i, at in ((0, 3), (1, 4)):
        s.substation(20 + i, at)
        s.pipe(110 + i, at, 5 + i, level=3)
        s.inlet(50 + i, 5 + i, 30 + i)
        s.building(30 + i)
    return s
