"""The settings of the private PostgreSQL server, by the memory of the machine.

They are those measured for tiles on a small machine: parallel workers and jit cost more than they give; and for readings. Each
minute of a city touches a page of the index for every source, and the first time after a checkpoint the whole page is logged:
a city minute wrote 166 MB of log right after one and 42 MB later. lz4 makes 108 MB of it in the same time (pglz 80 MB in twice
the time), and checkpoints are therefore a quarter of an hour apart; 4 GB of log are replayed in less than a minute. Commits wait
for the disk (`synchronous_commit`); there is one writer, so that `commit_delay` would only make it wait longer.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

_MEGABYTE: Final = 2**20


def memory_bytes() -> int:
    """Return the memory of this machine."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def configuration(socket_folder: Path, *, memory_bytes: int, durable: bool) -> str:
    """Return the server's settings for a machine with that much memory.

    An eighth of the memory is shared buffers (128 MB to 2 GB, the size that tiles were measured with), the rest of the
    machine belongs to the API process and the page cache.
    """
    buffers = min(2048, max(128, memory_bytes // 8 // _MEGABYTE))
    lines = {
        "listen_addresses": "'127.0.0.1'",
        "unix_socket_directories": f"'{socket_folder}'",
        "max_connections": 60,
        "shared_buffers": f"{buffers if durable else 128}MB",
        "work_mem": "64MB",
        "maintenance_work_mem": f"{min(512, max(64, buffers // 2))}MB",
        "effective_cache_size": f"{max(256, memory_bytes // 2 // _MEGABYTE)}MB",
        "random_page_cost": 1.1,
        "max_parallel_workers_per_gather": 0,
        "jit": "off",
        "max_wal_size": "4GB",
        "checkpoint_timeout": "15min",
        "checkpoint_completion_target": 0.9,
        "wal_compression": "lz4",
        "synchronous_commit": "on",
        "fsync": "on" if durable else "off",
        "full_page_writes": "on" if durable else "off",
        "timezone": "'UTC'",
        "log_timezone": "'UTC'",
    }
    return "".join(f"{name} = {value}\n" for name, value in lines.items())
