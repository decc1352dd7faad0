"""The file of a backup: whole or not there, and every damage is found."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson
import pytest

from data.backup_file import FORMAT, BackupFile, new_backup, read_backup
from data.errors import BadBackup, Conflict

pytestmark = pytest.mark.plain

PARTS = {"database.dump": bytes(range(256)) * 40, "files/raster/1/ground.tif": b"ground", "files/" + "长" * 60: b"", "one": b"1"}


def write(path: Path, **manifest: object) -> Path:
    with new_backup(path) as writer:
        for name, content in PARTS.items():
            writer.add(name, [content[:100], content[100:]])
        writer.finish({"program": "0.1.0", **manifest})
    return path


def verified(path: Path) -> BackupFile:
    backup = read_backup(path)
    backup.verify(lambda _message, _fraction: None)
    return backup


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    backup = verified(write(tmp_path / "b.tar", made_by="tests"))
    assert {name: b"".join(backup.chunks(name)) for name in backup.parts} == PARTS
    assert (backup.manifest["format"], backup.manifest["made_by"]) == (FORMAT, "tests")
    assert list(tmp_path.iterdir()) == [tmp_path / "b.tar"]
    assert (tmp_path / "b.tar").stat().st_mode & 0o077 == 0


def test_another_program_can_read_it(tmp_path: Path) -> None:
    path = write(tmp_path / "b.tar")
    listed = subprocess.run(["tar", "tf", path], check=True, capture_output=True, text=True, env={"LC_ALL": "C.UTF-8"})
    assert len(listed.stdout.splitlines()) == len(PARTS) + 2
    ground = subprocess.run(["tar", "xOf", path, "files/raster/1/ground.tif"], check=True, capture_output=True)
    assert ground.stdout == b"ground"


def test_a_file_cut_off_anywhere_is_no_backup(tmp_path: Path) -> None:
    whole = write(tmp_path / "whole.tar").read_bytes()
    cut = tmp_path / "cut.tar"
    # what follows the last hash is only tar's padding
    for length in range(0, len(whole) - 3 * tarfile.BLOCKSIZE, 97):
        cut.write_bytes(whole[:length])
        with pytest.raises(BadBackup, match="truncated"):
            verified(cut)


def test_a_changed_byte_anywhere_is_found(tmp_path: Path) -> None:
    whole = write(tmp_path / "whole.tar").read_bytes()
    with tarfile.open(tmp_path / "whole.tar") as archive:
        inside = [
            at
            for member in archive.getmembers()
            for at in (*range(member.offset_data, member.offset_data + member.size, 37), member.offset + 3, member.offset + 130)
        ]
    damaged = tmp_path / "damaged.tar"
    for at in inside:
        damaged.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(BadBackup):
            verified(damaged)


@pytest.mark.parametrize("content", [b"", b"PGDMP", bytes(2000), b"{}" * 1000])
def test_another_kind_of_file_is_no_backup(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "other.tar").write_bytes(content)
    with pytest.raises(BadBackup, match="no whole backup"):
        read_backup(tmp_path / "other.tar")


def test_a_tar_of_somebody_else_and_a_folder_are_no_backups(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "other.tar", "w") as archive:
        archive.addfile(tarfile.TarInfo("manifest.json"), io.BytesIO())
    with pytest.raises(BadBackup, match="no whole backup"):
        read_backup(tmp_path / "other.tar")
    with pytest.raises(BadBackup, match="is a folder"):
        read_backup(tmp_path)
    with pytest.raises(BadBackup, match="is not there"):
        read_backup(tmp_path / "none.tar")


def test_a_newer_format_asks_for_the_newer_program(tmp_path: Path) -> None:
    path = write(tmp_path / "b.tar", format=FORMAT + 1, program="9.0")
    with pytest.raises(BadBackup, match=r"written by heat-twin 9\.0 in format 2; this program reads up to 1"):
        read_backup(path)


@pytest.mark.parametrize("name", ["files/../../etc/passwd", "/etc/passwd"])
def test_a_part_that_leads_out_of_the_backup_is_refused(tmp_path: Path, name: str) -> None:
    with new_backup(tmp_path / "b.tar") as writer:
        writer.add(name, [b"x"])
        writer.finish({"program": "0.1.0"})
    with pytest.raises(BadBackup, match="leads out of the backup"):
        read_backup(tmp_path / "b.tar")


def test_a_backup_never_writes_over_another(tmp_path: Path) -> None:
    path = write(tmp_path / "b.tar")
    before = path.read_bytes()
    with pytest.raises(Conflict, match="never writes over another"):
        write(path)
    assert path.read_bytes() == before


def test_two_backups_do_not_write_one_file(tmp_path: Path) -> None:
    with new_backup(tmp_path / "b.tar") as writer:
        with pytest.raises(Conflict, match="another backup writes"):
            write(tmp_path / "b.tar")
        write(tmp_path / "c.tar")
        writer.finish({"program": "0.1.0"})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.tar", "c.tar"]


def test_a_backup_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def broken() -> Iterator[bytes]:
        yield b"1"
        raise KeyError

    with pytest.raises(KeyError), new_backup(tmp_path / "b.tar") as writer:
        writer.add("one", broken())
    assert list(tmp_path.iterdir()) == []


KILLED = """
import sys, time
from pathlib import Path
from data.backup_file import new_backup
with new_backup(Path(sys.argv[1])) as writer:
    writer.add("one", [bytes(5000)])
    print("writing", flush=True)
    time.sleep(60)
"""


def test_a_killed_backup_leaves_a_draft_that_the_next_one_removes(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", KILLED, tmp_path / "b.tar"], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGKILL)
    assert [path.name for path in tmp_path.iterdir()] == [".b.tar.part"]
    write(tmp_path / "c.tar")
    assert [path.name for path in tmp_path.iterdir()] == ["c.tar"]


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadBackup, match="no such file or directory"):
        write(tmp_path / "none" / "b.tar")


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[None]:
    options = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=755", "tmpfs", str(folder)]
    if os.getuid() != 0 or subprocess.run(options, check=False, capture_output=True).returncode != 0:
        pytest.skip("this machine lets nobody mount a small disk")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    with small_disk(tmp_path, 1):
        with pytest.raises(BadBackup, match="is full; no backup was written"), new_backup(tmp_path / "b.tar") as writer:
            writer.add("one", (bytes(2**16) for _ in range(64)))
        assert list(tmp_path.iterdir()) == []


def test_the_manifest_is_json_that_people_can_read(tmp_path: Path) -> None:
    with tarfile.open(write(tmp_path / "b.tar", made_by="值班员")) as archive:
        file = archive.extractfile("manifest.json")
        assert file is not None
        text = file.read()
    assert "值班员".encode() in text
    assert [part["name"] for part in orjson.loads(text)["parts"]] == list(PARTS)
