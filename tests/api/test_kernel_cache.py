"""Compiled kernels belong to one state of their sources."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from api import kernel_cache as kernels


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a file of a package that stands for those with kernels."""
    package = tmp_path / "kernels_of_a_test"
    package.mkdir()
    (package / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(kernels, "_PACKAGES", (package.name,))
    kernels._digest.cache_clear()
    return package / "inlined.py"


def test_a_changed_source_has_a_folder_of_its_own_and_the_oldest_leave(tmp_path: Path, sources: Path) -> None:
    root, seen = tmp_path / "numba", []
    for number in range(5):
        sources.write_text(f"FACTOR = {number}\n")
        kernels._digest.cache_clear()
        folder = kernels.kernel_cache(root)
        assert folder == kernels.kernel_cache(root)
        folder.mkdir(parents=True)
        os.utime(folder, (number, number))
        seen.append(folder)
    kernels._digest.cache_clear()
    assert len(set(seen)) == 5
    assert sorted(root.iterdir()) == sorted(seen[-3:])
