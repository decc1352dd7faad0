"""Cities that several test modules of this folder read."""

from __future__ import annotations

from dataclasses import replace

import pytest

from data.demo.city import write_city
from data.demo.whole_delivery import write_whole
from tests.conftest import drawn_once
from tests.data.demo_files import THIN, Delivery


def _draw(tmp_path_factory, name: str, *, tree: bool) -> Delivery:
    plan = replace(THIN, tree=tree)

    def draw(folder):
        return write_whole(folder, plan, seed=1, city_id=1, clean=True, report=lambda _message, _fraction: None)

    return Delivery(drawn_once(tmp_path_factory, name, draw).parent)


@pytest.fixture(scope="session")
def sample_city(sample_manifest) -> Delivery:
    """Return the sample city."""
    return Delivery(sample_manifest.parent)


@pytest.fixture(scope="session")
def second_city(tmp_path_factory) -> Delivery:
    """Return the sample city of seed 2 with 2 for its id."""
    path = drawn_once(tmp_path_factory, "second_city", lambda folder: write_city(folder, seed=2, city_id=2, clean=True))
    return Delivery(path.parent)


@pytest.fixture(scope="session")
def thin_city(tmp_path_factory) -> Delivery:
    """Return a whole city, all quarters, few buildings (20 s)."""
    return _draw(tmp_path_factory, "thin_city", tree=False)


@pytest.fixture(scope="session")
def thin_trees(tmp_path_factory) -> Delivery:
    """Return the same city with a primary network of trees."""
    return _draw(tmp_path_factory, "thin_trees", tree=True)
