"""The warm worker of the hydraulic solver: a process that has loaded pandapipes and holds the network of a city.

Started by `api/what_if_room.py` as `python -m api.what_if_worker`; one JSON object a line comes in, one goes out:

    {"do": "what_if", "job_id": 7}     -> {"did": true}    {"did": false}: another worker has it
    {"do": "sweep", "city_id": 1}      -> {"left": 3}      one zone was solved, so many are left

What a job finds is written to the database by this process; its advisory lock dies with it.
"""

from __future__ import annotations

import logging
import os
import sys
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import IO, Any, Final

import orjson

from api.logs import configure
from api.settings import read_settings
from data.errors import JobCancelled
from data.hydraulics import read_hydraulic_tables
from data.jobs import run_job
from data.network import RecordedStates, read_network_tables, read_recorded_states, read_versions
from data.pool import Connection, connect
from data.what_ifs import claim, put_result
from data.zone_solutions import end_sweep, put_zone, try_lock_zones
from topology.errors import TopologyError
from topology.hydraulics.scenario import Leak, Scenario
from topology.hydraulics.tables import HydraulicTables
from topology.hydraulics.what_if import HeatedZone, KnownZones, solve_mapped, what_if
from topology.hydraulics.what_if_answer import what_if_figures
from topology.hydraulics.zone import ZoneMap, map_zones
from topology.network import Network, build_network

logger = logging.getLogger(__name__)

_NICENESS: Final = 2
_MOST_KNOWN: Final = 8


class _KnownZones(OrderedDict[tuple[int, int, int], HeatedZone]):
    """The last zones of the present state."""

    def __setitem__(self, key: tuple[int, int, int], zone: HeatedZone) -> None:
        super().__setitem__(key, zone)
        self.move_to_end(key)
        while len(self) > _MOST_KNOWN:
            self.popitem(last=False)


class Solver:
    """Holds one city's network, ready to be asked.

    Parameters
    ----------
    database_url
        Of the store; a connection is opened for each task.
    """

    def __init__(self, database_url: str) -> None:
        self._database_url = database_url
        self._network: Network | None = None
        self._tables: HydraulicTables | None = None
        self._known: KnownZones = _KnownZones()
        self._sweep: _Sweep | None = None

    def city(self, connection: Connection, city_id: int) -> tuple[Network, HydraulicTables]:
        """Return network and sizes at the present versions; only what has moved on is read again."""
        versions = read_versions(connection, city_id)
        network, tables = self._network, self._tables
        fits = network is not None and (network.city_id, network.network_version) == (city_id, versions.network_version)
        if network is None or tables is None or not fits:
            with connection.transaction():
                network = build_network(read_network_tables(connection, city_id))
                tables = read_hydraulic_tables(connection, city_id)
        if network.valve_version != versions.valve_version:
            network = _recorded(network, read_recorded_states(connection, city_id))
        self._network, self._tables = network, tables
        return network, tables

    def what_if(self, job_id: int) -> bool:
        """Run a what-if of the ledger; False when another worker has it."""
        with connect(self._database_url, autocommit=True) as connection, connect(self._database_url, autocommit=True) as store:
            asked = claim(connection, job_id)
            if asked is None:
                return False
            try:
                with run_job(connection, job_id) as task:
                    task.progress(0.01, "reading the network")
                    network, tables = self.city(store, asked.city_id)
                    scenario = scenario_of(asked.parameters)
                    result = what_if(network, tables, scenario, progress=task.progress, known=self._known)
                    put_result(store, asked.city_id, job_id, seat=asked.seat, result=what_if_figures(result))
                    task.result = {"source_id": result.source_id, "converged": result.converged, "agrees": result.agrees}
            except JobCancelled:
                logger.info("what-if %d was cancelled", job_id)
            except TopologyError as error:
                logger.info("what-if %d: %s", job_id, error)
        return True

    def sweep(self, city_id: int) -> int:
        """Solve the next zone of a city and keep it; return how many are left. -1: another process solves this city."""
        with connect(self._database_url, autocommit=True) as connection:
            if not try_lock_zones(connection, city_id):
                return -1
            network, tables = self.city(connection, city_id)
            sweep = self._sweep
            if sweep is None or sweep.zones.network is not network:
                zones = map_zones(network, tables)
                sweep = self._sweep = _Sweep(zones, zones.holders())
            if sweep.todo:
                self._solve_one(connection, sweep, city_id)
            if sweep.todo:
                return len(sweep.todo)
            end_sweep(connection, city_id, sweep.zones.holders(), (network.network_version, network.valve_version))
            self._sweep = None
        return 0

    def _solve_one(self, connection: Connection, sweep: _Sweep, city_id: int) -> None:
        source_id = sweep.todo.pop()
        network = sweep.zones.network
        try:
            zone = solve_mapped(sweep.zones, source_id)
        except TopologyError as error:
            logger.warning("zone of source %d: %s", source_id, error)
            return
        self._known[network.network_version, network.valve_version, source_id] = zone
        put_zone(connection, city_id, zone)


class _Sweep:
    """Zones of a city that are left to be solved."""

    def __init__(self, zones: ZoneMap, todo: list[int]) -> None:
        self.zones = zones
        self.todo = todo


def scenario_of(parameters: Mapping[str, Any]) -> Scenario:
    """Read a scenario as the route wrote it into the ledger."""
    ids = {name: tuple(parameters.get(name, ())) for name in ("close", "open", "stop_pumps", "stop_sources")}
    leaks = tuple(Leak(int(each["asset_id"]), float(each["kg_per_s"])) for each in parameters.get("leaks", ()))
    outdoor = parameters.get("outdoor_degc")
    return Scenario(
        source_id=parameters.get("source_id"),
        asset_id=parameters.get("asset_id"),
        leaks=leaks,
        outdoor_degc=None if outdoor is None else float(outdoor),
        **ids,
    )


def _recorded(network: Network, states: RecordedStates) -> Network:
    return network.with_states(
        states.valves,
        states.sources,
        valve_version=states.valve_version,
        operability=states.operability,
        origins=states.origins,
    )


def serve(solver: Solver, commands: IO[bytes], answers: IO[bytes]) -> None:
    """Answer commands until there are no more."""
    able: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
        "what_if": lambda command: {"did": solver.what_if(int(command["job_id"]))},
        "sweep": lambda command: {"left": solver.sweep(int(command["city_id"]))},
    }
    for line in commands:
        command = orjson.loads(line)
        try:
            answer = able[command["do"]](command)
        except Exception as error:  # the room hears of it, and the next command may be a better one
            logger.exception("%s failed", command)
            answer = {"error": f"{type(error).__name__}: {error}"}
        answers.write(orjson.dumps(answer) + b"\n")
        answers.flush()


def main() -> None:
    """Answer the room that started this process, below the priority of its requests."""
    os.nice(_NICENESS)
    settings = read_settings()
    configure(settings.log_format)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints goes to the log
    serve(Solver(settings.database_url), sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
