"""The process that prepares footprints: `python -m api.cause_worker CITY`. It reads the store, solves, writes files and ends."""

from __future__ import annotations

import logging
import os
import sys
import time

from api.cause_files import Versions, cause_folder, read_known, write_footprints
from api.settings import Settings, read_settings
from data.hydraulics import read_hydraulic_tables
from data.network import read_network
from data.pool import connect
from topology.causes.prepare import Prepared, prepare_footprints

logger = logging.getLogger(__name__)


def prepare_city(settings: Settings, city_id: int) -> Prepared:
    """Prepare the footprints of a city at its present state and write them.

    Raises
    ------
    NotFound
        When there is no such city.
    """
    with connect(settings.database_url) as connection:
        network = read_network(connection, city_id)
        tables = read_hydraulic_tables(connection, city_id)
    folder = cause_folder(settings.var_dir)
    prepared = prepare_footprints(network, tables, known=read_known(folder))
    write_footprints(folder, Versions(city_id, network.network_version, network.valve_version), prepared)
    return prepared


def main() -> None:
    """Prepare the city named on the command line, behind everything else that the machine has to do."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    os.nice(10)
    started = time.monotonic()
    prepared = prepare_city(read_settings(), int(sys.argv[1]))
    took = time.monotonic() - started
    logger.info("footprints of %d zones in %.0f s; none for %s", len(prepared.by_zone), took, list(prepared.skipped))


if __name__ == "__main__":
    main()
