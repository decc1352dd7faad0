"""Where compiled kernels are kept: a folder for each state of their sources.

numba compiles a kernel anew when the module changes in which it stands, but not when a function changes that it takes in from
another module. A folder named by all sources keeps an upgraded program from running what an older one compiled.
"""

from __future__ import annotations

import hashlib
import shutil
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

_PACKAGES = ("gis", "topology")
"""Packages with compiled kernels."""
_KEPT = 3


def kernel_cache(root: Path) -> Path:
    """Return the folder under `root` for kernels of the present sources, and remove all but the last few others.

    Cost: reads the sources once a process, some milliseconds.
    """
    folder = root / _digest()
    if not folder.exists():
        others = sorted((each for each in root.glob("*") if each.is_dir()), key=lambda each: each.stat().st_mtime)
        for old in others[: 1 - _KEPT]:
            shutil.rmtree(old, ignore_errors=True)
    return folder


@cache
def _digest() -> str:
    digest = hashlib.sha256(version("numba").encode())
    for package in _PACKAGES:
        spec = find_spec(package)
        assert spec is not None
        for folder in spec.submodule_search_locations or ():
            for path in sorted(Path(folder).rglob("*.py")):
                digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
