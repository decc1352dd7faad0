"""The private PostGIS: starts, survives, and says in one line what is wrong."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree
from typing import Any

import pytest

from data import cluster as clusters
from data import server_programs as programs
from data.cluster import Cluster, private_cluster
from data.cluster_settings import configuration
from data.errors import DatabaseTooOld, DatabaseUnavailable
from data.pool import connect

_TAKE = """
import sys
from pathlib import Path
from data import cluster
use = cluster.take(cluster.private_cluster(Path(sys.argv[1])))
print("held", flush=True)
input()
"""
_PIPES: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
needs_root = pytest.mark.skipif(os.getuid() != 0, reason="only root starts the server as another user, or mounts a small disk")


@pytest.fixture
def var_dir() -> Iterator[Path]:
    """Yield a folder that the server's account can reach (pytest's own is closed to others)."""
    folder = Path(tempfile.mkdtemp(prefix="heat-twin-cluster-"))
    folder.chmod(0o755)
    yield folder
    cluster = private_cluster(folder)
    clusters.stop(cluster)
    rmtree(folder, ignore_errors=True)
    rmtree(cluster.socket_folder, ignore_errors=True)


def kill(cluster: Cluster) -> None:
    """Kill the server as a power cut would."""
    assert cluster.pid is not None
    os.kill(cluster.pid, signal.SIGKILL)


def test_it_starts_once_keeps_its_data_and_survives_a_kill(var_dir: Path) -> None:
    cluster = private_cluster(var_dir)
    assert clusters.start(cluster, durable=False) is True
    assert clusters.start(cluster, durable=False) is False
    with connect(cluster.url) as connection:
        connection.execute("create table kept (n int)")
        connection.execute("insert into kept values (7)")
    kill(cluster)
    assert clusters.start(cluster, durable=False) is True
    assert clusters.stop(cluster) is True
    assert clusters.stop(cluster) is False
    assert clusters.is_running(cluster) is False
    with pytest.raises(DatabaseUnavailable, match="heat-twin db start"):
        _ = cluster.url
    # a number in the pid file that now belongs to another program
    (cluster.folder / "postmaster.pid").write_text(f"{os.getpid()}\n{cluster.folder}\n1\n1\n/tmp\nlocalhost\n")
    programs.give_to_server(cluster.folder / "postmaster.pid")
    assert clusters.start(cluster, durable=False) is True
    with connect(cluster.url) as connection:
        assert connection.execute("select n from kept").fetchone() == (7,)


def test_the_last_to_leave_stops_what_a_command_started(var_dir: Path) -> None:
    cluster = private_cluster(var_dir)
    first, second = clusters.take(cluster), clusters.take(cluster)
    assert clusters.leave(cluster, first) is False
    assert clusters.is_running(cluster)
    assert clusters.leave(cluster, second) is True
    assert not clusters.is_running(cluster)
    # one that was killed has left
    held = (
        "import sys; from pathlib import Path; from data import cluster as c; use = c.take(c.private_cluster(Path(sys.argv[1])))"
    )
    process = subprocess.Popen([sys.executable, "-c", held + "; print('held', flush=True); input()", str(var_dir)], **_PIPES)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    third = clusters.take(cluster)
    process.kill()
    process.communicate()
    assert clusters.leave(cluster, third) is True
    # what was started to stay stays
    fourth = clusters.take(cluster)
    clusters.start(cluster)
    assert clusters.leave(cluster, fourth) is False
    assert clusters.is_running(cluster)


def test_a_half_made_cluster_and_a_taken_port_are_overcome(
    var_dir: Path, monkeypatch: pytest.MonkeyPatch, server_url: str
) -> None:
    cluster = private_cluster(var_dir)
    draft = cluster.folder.with_name("data.new")
    draft.mkdir(parents=True)
    (draft / "PG_VERSION").write_text("15")
    with connect(server_url) as other:
        taken = other.info.port
        ports = [clusters._free_port(), taken]
        monkeypatch.setattr(clusters, "_free_port", ports.pop)
        assert clusters.start(cluster, durable=False) is True
    assert cluster.port not in {None, taken}
    assert ports == []


def test_only_the_owner_may_read_the_password_and_the_data(var_dir: Path) -> None:
    cluster = private_cluster(var_dir)
    clusters.start(cluster, durable=False)
    assert stat.S_IMODE(cluster.password_path.stat().st_mode) == 0o600
    assert stat.S_IMODE(cluster.folder.stat().st_mode) == 0o700
    with pytest.raises(DatabaseUnavailable, match="password"), connect(cluster.url.replace(":", ":x", 2).replace(":x//", "://")):
        pass


@needs_root
def test_a_folder_that_the_servers_user_cannot_enter_is_named_with_its_mode(var_dir: Path) -> None:
    var_dir.chmod(0o700)
    with pytest.raises(DatabaseUnavailable, match=rf"'postgres', which may not enter {var_dir} \(mode 0700\)"):
        clusters.start(private_cluster(var_dir / "var"))


def test_a_var_dir_that_cannot_be_made_is_named(var_dir: Path) -> None:
    (var_dir / "file").touch()
    with pytest.raises(DatabaseUnavailable, match=r"cannot write to .*/file/postgres: not a directory; set HEAT_TWIN_VAR_DIR"):
        clusters.start(private_cluster(var_dir / "file"))


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[None]:
    options = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=755", "tmpfs", str(folder)]
    if subprocess.run(options, check=False, capture_output=True).returncode != 0:
        pytest.skip("this machine lets nobody mount a small disk")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@needs_root
def test_a_full_disk_is_told_as_such(var_dir: Path) -> None:
    with small_disk(var_dir, 12), pytest.raises(DatabaseUnavailable, match=r"the disk is full \(.*No space left.*make room"):
        clusters.start(private_cluster(var_dir), durable=False)


@needs_root
def test_a_disk_that_fills_up_later_is_told_as_such(var_dir: Path) -> None:
    with small_disk(var_dir, 90):
        cluster = private_cluster(var_dir)
        clusters.start(cluster, durable=False)
        clusters.stop(cluster)
        free = os.statvfs(var_dir)
        (var_dir / "ballast").write_bytes(bytes(free.f_bfree * free.f_frsize))
        with pytest.raises(DatabaseUnavailable, match="the disk is full"):
            clusters.start(cluster, durable=False)


def test_a_socket_folder_of_somebody_else_is_refused(var_dir: Path) -> None:
    elsewhere = var_dir / "elsewhere"
    elsewhere.mkdir()
    cluster = private_cluster(var_dir)
    cluster.socket_folder.symlink_to(elsewhere)
    try:
        with pytest.raises(DatabaseUnavailable, match="is not a folder of this user"):
            clusters.start(cluster, durable=False)
    finally:
        cluster.socket_folder.unlink()


def test_without_postgresql_the_package_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnavailable, match="apt-get install postgresql-15-postgis-3"):
        programs.find_binaries(root=tmp_path)


def fake_postgresql(root: Path, version: str) -> None:
    folder = root / version.split(".", maxsplit=1)[0] / "bin"
    folder.mkdir(parents=True)
    (folder / "initdb").touch()
    (folder / "postgres").write_text(f"#!/bin/sh\necho 'postgres (PostgreSQL) {version} (Debian {version}-0+deb12u1)'\n")
    (folder / "postgres").chmod(0o755)


def test_an_old_postgresql_is_refused_by_its_version(tmp_path: Path) -> None:
    fake_postgresql(tmp_path, "13.22")
    with pytest.raises(DatabaseTooOld, match=r"PostgreSQL 13 in .* is too old; heat twin needs 15"):
        programs.find_binaries(root=tmp_path)


def test_an_existing_cluster_keeps_its_version(tmp_path: Path) -> None:
    for version in ("15.18", "17beta1", "16.2"):
        fake_postgresql(tmp_path, version.replace("beta", "."))
    assert programs.find_binaries(root=tmp_path) == tmp_path / "17" / "bin"
    assert programs.find_binaries(15, root=tmp_path) == tmp_path / "15" / "bin"
    with pytest.raises(DatabaseUnavailable, match="made by PostgreSQL 18, but only 15, 16, 17 is installed"):
        programs.find_binaries(18, root=tmp_path)


@pytest.mark.parametrize(("gigabytes", "buffers"), [(0.5, "128MB"), (8, "1024MB"), (64, "2048MB")])
def test_shared_buffers_follow_the_memory_within_reason(gigabytes: float, buffers: str) -> None:
    text = configuration(Path("/tmp/s"), memory_bytes=int(gigabytes * 2**30), durable=True)
    assert f"shared_buffers = {buffers}\n" in text
    assert "max_parallel_workers_per_gather = 0\njit = off\n" in text
    assert "fsync = on" in text
