"""Cities that several test modules of this folder read."""

from __future__ import annotations

from dataclasses import replace

import pytest

from data.demo.whole_delivery import write_whole
from tests.data.demo_files import THIN, Delivery


def _draw(folder, *, tree: bool) -> Delivery:
    plan = replace(THIN, tree=tree)
    return Delivery(write_whole(folder, plan, seed=1, city_id=1, clean=True, report=lambda _message, _fraction: None).parent)


@pytest.fixture(scope="session")
def sample_city(sample_manifest) -> Delivery:
    """Return the sample city."""
    return Delivery(sample_manifest.parent)


@pytest.fixture(scope="session")
def thin_city(tmp_path_factory) -> Delivery:
    """Return a whole city, all quarters, few buildings (20 s)."""
    return _draw(tmp_path_factory.mktemp("thin"), tree=False)


@pytest.fixture(scope="session")
def thin_trees(tmp_path_factory) -> Delivery:
    """Return the same city with a primary network of trees."""
    return _draw(tmp_path_factory.mktemp("trees"), tree=True)
