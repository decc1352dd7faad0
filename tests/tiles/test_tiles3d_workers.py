"""3D Tiles drawn by many: the bytes are those of one, a worker that dies is replaced, who is not there is named."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import distributed
import pytest

from tests.tiles.ending import end_this_process
from tests.tiles.test_tiles3d import files, town
from tiles.errors import NoWorkers
from tiles.tiles3d import engine
from tiles.tiles3d.building_layer import BuildingFeatures
from tiles.tiles3d.engine import Workers, build
from tiles.tiles3d.ground import LevelGround
from tiles.tiles3d.shelf import read_published
from tiles.tiles3d.workers import cluster, processes

TOWN = town(2500)


@pytest.fixture(autouse=True)
def _small_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "_BATCH", 200)


def build_town(folder: Path, workers: Workers, told: engine.Progress = engine.no_progress) -> dict[str, bytes]:
    published = build(folder, BuildingFeatures.of(TOWN), LevelGround(), "test", workers=workers, progress=told)
    return files(folder / published.build)


@pytest.fixture(scope="module")
def drawn_here(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return build_town(tmp_path_factory.mktemp("inline"), engine.inline)


def small_cluster(workers: int, **options: Any) -> distributed.LocalCluster:
    """Start a scheduler with workers of one thread on this machine."""
    return distributed.LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address="127.0.0.1:0", **options)


@pytest.fixture(scope="module")
def local() -> Iterator[distributed.LocalCluster]:
    with small_cluster(2, processes=True) as found:
        yield found


def killer(pids: list[int]) -> engine.Progress:
    """Return what kills a process once the first tiles are drawn."""

    def told(fraction: float) -> None:
        if pids:
            os.kill(pids.pop(), signal.SIGKILL)

    return told


def test_processes_draw_the_same_bytes_and_one_that_is_killed_is_replaced(tmp_path: Path, drawn_here: dict[str, bytes]) -> None:
    killed: list[int] = []
    with processes(2) as workers:

        def told(fraction: float) -> None:
            pool: Any = workers
            if not killed:
                killed.extend(worker.process.pid for worker in pool.workers)
                os.kill(killed[0], signal.SIGKILL)

        assert build_town(tmp_path, workers, told) == drawn_here
        assert killed


def half_an_answer(task: engine.Task) -> Any:
    """Die while the answer is being written, as a process does that the system ends."""
    return _DiesWhenPickled()


class _DiesWhenPickled:
    def __reduce__(self) -> Any:
        os.kill(os.getpid(), signal.SIGKILL)


def test_a_process_that_dies_before_its_answer_is_whole_holds_nobody_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "draw", half_an_answer)
    with processes(2) as workers, pytest.raises(NoWorkers):
        build_town(tmp_path, workers)


def test_tiles_that_end_every_process_are_given_up_and_nothing_is_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "draw", end_this_process)
    with processes(1) as workers, pytest.raises(NoWorkers, match="take fewer `--processes`"):
        build_town(tmp_path, workers)
    assert read_published(tmp_path) is None


def test_a_cluster_draws_the_same_bytes_though_a_worker_dies(
    tmp_path: Path, drawn_here: dict[str, bytes], local: distributed.LocalCluster
) -> None:
    with distributed.Client(local, set_as_default=False) as client:
        pids = list(client.run(os.getpid).values())
    left = pids[:1]
    with cluster(local.scheduler_address, tmp_path) as workers:
        assert build_town(tmp_path / "city", workers, killer(left)) == drawn_here
    assert not left


def test_workers_of_another_release_are_named(
    tmp_path: Path, local: distributed.LocalCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tiles.tiles3d.workers.FORMAT", 999)  # here, not in the processes of the workers
    message = r"worker tcp://.* cannot draw \(it has format \d+, var dir there; needed is format 999, var dir there\)"
    with pytest.raises(NoWorkers, match=message), cluster(local.scheduler_address, tmp_path):
        pass


def test_an_address_that_nobody_answers_at_is_named_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tiles.tiles3d.workers._CONNECT_S", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    told = rf"no Dask scheduler answers at tcp://127\.0\.0\.1:{port} .*`dask scheduler`"
    with pytest.raises(NoWorkers, match=told), cluster(f"tcp://127.0.0.1:{port}", Path()):
        pass
    with pytest.raises(NoWorkers, match="--cluster is 'somewhere'; it must be the address"), cluster("somewhere", Path()):
        pass


def test_a_scheduler_without_workers_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tiles.tiles3d.workers._WAIT_S", 0.2)
    with (
        small_cluster(0) as empty,
        pytest.raises(NoWorkers, match="has no workers"),
        cluster(empty.scheduler_address, Path()),
    ):
        pass


def test_a_cluster_whose_workers_all_go_away_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tiles.tiles3d.workers._WAIT_S", 0.5)
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, protocol="tcp://", dashboard_address="127.0.0.1:0"
    ) as small:

        def told(fraction: float) -> None:
            asyncio.run_coroutine_threadsafe(_leave(small), small.loop.asyncio_loop).result(10)

        with pytest.raises(NoWorkers, match="has no workers"), cluster(small.scheduler_address, tmp_path) as workers:
            build_town(tmp_path / "city", workers, told)
    assert read_published(tmp_path / "city") is None


async def _leave(small: distributed.LocalCluster) -> None:
    for worker in list(small.workers.values()):
        await worker.close()
