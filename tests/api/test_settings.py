"""Settings: defaults, conversion, and refusals that name the variable, its value and what would be right."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.errors import BadSetting
from api.settings import Settings, default_var_dir, read_settings

pytestmark = pytest.mark.plain


def test_without_variables_the_defaults_hold() -> None:
    assert read_settings({}) == Settings()


def test_values_are_converted() -> None:
    settings = read_settings({"HEAT_TWIN_PORT": "9000", "HEAT_TWIN_VAR_DIR": "~/x", "OTHER": "1"})
    assert settings.port == 9000
    assert settings.var_dir == Path.home() / "x"


def test_names_for_the_tests_are_left_alone() -> None:
    assert read_settings({"HEAT_TWIN_TEST_SHARED": "/somewhere"}) == Settings()


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("HEAT_TWIN_PROT", "1", "unknown setting HEAT_TWIN_PROT; known settings are .*HEAT_TWIN_PORT"),
        ("HEAT_TWIN_PORT", "http", "HEAT_TWIN_PORT is 'http'; it must be a whole number"),
        ("HEAT_TWIN_PORT", "70000", "HEAT_TWIN_PORT is 70000; it must be 1 to 65535"),
        ("HEAT_TWIN_POOL_SIZE", "0", "HEAT_TWIN_POOL_SIZE is 0"),
        ("HEAT_TWIN_LOG_FORMAT", "xml", "HEAT_TWIN_LOG_FORMAT is 'xml'; it must be auto or text or json"),
        ("HEAT_TWIN_HOST", "", "HEAT_TWIN_HOST is ''"),
    ],
)
def test_what_does_not_fit_is_named(name: str, value: str, says: str) -> None:
    with pytest.raises(BadSetting, match=says):
        read_settings({name: value})


def test_a_wrong_database_address_is_not_repeated_with_its_password() -> None:
    with pytest.raises(BadSetting, match="postgresql://") as caught:
        read_settings({"HEAT_TWIN_DATABASE_URL": "mysql://me:hush@there/db"})
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(("host", "demo"), [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False)])
def test_demo_mode_is_for_loopback_only(host: str, demo: bool) -> None:
    assert Settings(host=host).demo_mode is demo


def test_a_checkout_keeps_its_data_beside_the_code() -> None:
    assert default_var_dir() == Path(__file__).resolve().parents[2] / "var"
