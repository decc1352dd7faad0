"""Settings of the program; the only place that reads the environment (prefix `HEAT_TWIN_`)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from urllib.parse import urlsplit

from api.errors import BadSetting
from api.mqtt.address import require_address
from api.notices.addresses import is_host_pattern, is_mail

PREFIX = "HEAT_TWIN_"
_TEST_ONLY = "HEAT_TWIN_TEST_"
LOG_FORMATS = ("auto", "text", "json")
SMTP_TLS = ("starttls", "tls", "none")
_HOSTS_RIGHT = "hosts separated by commas, with a port where it is not the usual one, for instance hook.example.cn,10.0.0.5:8080"
MQTT_UNSIGNED = ("refuse", "trust")
_ORIGINS_RIGHT = "origins as browsers send them, separated by commas, for instance https://map.example.cn,http://10.0.0.5:8080"


def default_var_dir() -> Path:
    """Return `./var` in a checkout, else `$XDG_STATE_HOME/heat-twin`."""
    checkout = Path(__file__).resolve().parent.parent
    if (checkout / "pyproject.toml").exists():
        return checkout / "var"
    state_home = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(state_home) / "heat-twin"


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings with their defaults. Each is the environment variable `HEAT_TWIN_` + its name in capitals.

    Attributes
    ----------
    var_dir
        Folder for everything made at run time. Default: `./var` in a checkout, else `$XDG_STATE_HOME/heat-twin`.
    database_url
        Address of a PostGIS to use in place of the private one.
    host
        Address to listen on. Anything but loopback switches demo mode off and needs accounts.
    port
        Port to listen on.
    pool_size
        Database connections of the API process.
    tile_cache_mb
        Bound of the tile cache in megabytes.
    tile_seconds
        Longest time of one tile, waiting for its turn included; then the query is cancelled and the answer is 503.
    archive_mb
        Bound of all archives of tiles together, in megabytes (10^6 bytes); 0 = none are made.
    zone_solve_minutes
        The pressures of every zone are solved anew this often, and after every change of the network; 0 = never.
    readings_late_hours
        So long after its end a UTC day of readings still gets frames; then it is closed, repacked and archived.
    readings_keep_minutes
        The server looks this often whether closed days of readings are to be repacked or archived; 0 = never.
    quality_check_minutes
        A value that rules of data quality flag for so long becomes a check that a person judges; 0 = at once.
    body_seconds
        Longest time in which the body of a request must have come; then the answer is 408.
    sender_frames_per_s
        Frames a second that one sender (app id, or address without one) may send by HTTP; a request counts as at least 50.
        0 = no bound.
    flood_alarms
        More new alarms than this in ten minutes for each operator are a flood: viewers show them grouped by incident.
    alarm_operators
        Persons who share the alarms of a city.
    log_format
        `auto` (text on a terminal, JSON lines elsewhere), `text` or `json`.
    allowed_origins
        Web pages of other sites that may read from this server with a browser, `https://map.example.cn`, separated by
        commas. Default: none. They may change nothing, and no cookie counts for them.
    mqtt_url
        Broker to take readings from, `mqtt://user:password@host:port` or `mqtts://...`. Default: none.
    mqtt_ca_file
        File (PEM) with the certificates that a broker over TLS is held against. Default: those of the machine.
    mqtt_unsigned
        `refuse`: messages need a signature; `trust`: the broker's own authentication is enough for those without one.
    notice_hosts
        Hosts that webhooks and web push may reach, separated by commas: `hook.example.cn`, `10.0.0.5:8080`,
        `*.push.apple.com`. A name without port stands for the usual ports. Default: none, also not this machine.
    smtp_host
        Mail server for notices. Default: none, no mail is sent.
    smtp_port
        Its port.
    smtp_tls
        `starttls`, `tls` (from the first byte) or `none`.
    smtp_sender
        Address that mails of notices come from.
    smtp_user
        Name to sign in with at the mail server. Default: none.
    smtp_password_file
        File with the password; its last line end does not count.
    """

    var_dir: Path = field(default_factory=default_var_dir)
    database_url: str = ""
    host: str = "127.0.0.1"
    port: int = 8000
    pool_size: int = 4
    tile_cache_mb: int = 256
    tile_seconds: int = 10
    archive_mb: int = 4096
    zone_solve_minutes: int = 60
    readings_late_hours: int = 24
    readings_keep_minutes: int = 10
    quality_check_minutes: int = 10
    body_seconds: int = 60
    sender_frames_per_s: int = 50_000
    flood_alarms: int = 10
    alarm_operators: int = 1
    log_format: str = "auto"
    allowed_origins: tuple[str, ...] = ()
    mqtt_url: str = field(default="", repr=False)
    mqtt_ca_file: Path | None = None
    mqtt_unsigned: str = "refuse"
    notice_hosts: tuple[str, ...] = ()
    smtp_host: str = ""
    smtp_port: int = 587
    smtp_tls: str = "starttls"
    smtp_sender: str = ""
    smtp_user: str = ""
    smtp_password_file: Path | None = None

    @property
    def demo_mode(self) -> bool:
        """True when only this machine can connect: a seat switcher stands in for passwords."""
        return self.host in {"127.0.0.1", "::1", "localhost"}


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings from the environment.

    Raises
    ------
    BadSetting
        When a `HEAT_TWIN_*` name is unknown or a value does not fit.
    """
    given = os.environ if environment is None else environment
    known = {PREFIX + item.name.upper(): item for item in fields(Settings)}
    values: dict[str, object] = {}
    for name, text in given.items():
        if not name.startswith(PREFIX) or name.startswith(_TEST_ONLY):
            continue
        if name not in known:
            raise BadSetting(f"unknown setting {name}; known settings are {', '.join(sorted(known))}")
        values[known[name].name] = _convert(name, text, str(known[name].type))
    settings = Settings(**values)  # type: ignore[arg-type]  # checked by _convert
    _check(settings)
    return settings


def _check(settings: Settings) -> None:
    """Raise `BadSetting` when a value of the right type makes no sense."""
    url = settings.database_url
    rules = (
        ("PORT", 1 <= settings.port <= 65535, settings.port, "1 to 65535"),
        ("POOL_SIZE", settings.pool_size >= 1, settings.pool_size, "1 or more"),
        ("TILE_CACHE_MB", settings.tile_cache_mb >= 0, settings.tile_cache_mb, "0 or more"),
        ("TILE_SECONDS", settings.tile_seconds >= 1, settings.tile_seconds, "1 or more"),
        ("ARCHIVE_MB", settings.archive_mb >= 0, settings.archive_mb, "0 or more"),
        ("ZONE_SOLVE_MINUTES", settings.zone_solve_minutes >= 0, settings.zone_solve_minutes, "0 or more"),
        ("READINGS_LATE_HOURS", settings.readings_late_hours >= 0, settings.readings_late_hours, "0 or more"),
        ("READINGS_KEEP_MINUTES", settings.readings_keep_minutes >= 0, settings.readings_keep_minutes, "0 or more"),
        ("QUALITY_CHECK_MINUTES", settings.quality_check_minutes >= 0, settings.quality_check_minutes, "0 or more"),
        ("BODY_SECONDS", settings.body_seconds >= 1, settings.body_seconds, "1 or more"),
        ("SENDER_FRAMES_PER_S", settings.sender_frames_per_s >= 0, settings.sender_frames_per_s, "0 or more"),
        ("FLOOD_ALARMS", settings.flood_alarms >= 1, settings.flood_alarms, "1 or more"),
        ("ALARM_OPERATORS", settings.alarm_operators >= 1, settings.alarm_operators, "1 or more"),
        ("ALLOWED_ORIGINS", all(map(_is_origin, settings.allowed_origins)), ",".join(settings.allowed_origins), _ORIGINS_RIGHT),
        ("LOG_FORMAT", settings.log_format in LOG_FORMATS, settings.log_format, " or ".join(LOG_FORMATS)),
        ("MQTT_UNSIGNED", settings.mqtt_unsigned in MQTT_UNSIGNED, settings.mqtt_unsigned, " or ".join(MQTT_UNSIGNED)),
        ("NOTICE_HOSTS", all(map(is_host_pattern, settings.notice_hosts)), ",".join(settings.notice_hosts), _HOSTS_RIGHT),
        ("SMTP_PORT", 1 <= settings.smtp_port <= 65535, settings.smtp_port, "1 to 65535"),
        ("SMTP_TLS", settings.smtp_tls in SMTP_TLS, settings.smtp_tls, ", ".join(SMTP_TLS)),
        ("SMTP_SENDER", not settings.smtp_host or is_mail(settings.smtp_sender), settings.smtp_sender, "an address of e-mail"),
        ("HOST", bool(settings.host), settings.host, "an address to listen on, for instance 127.0.0.1"),
        # the address may hold a password: it is not repeated
        ("DATABASE_URL", not url or url.startswith("postgresql://"), "something else", "postgresql://..."),
    )
    for name, fits, value, right in rules:
        if not fits:
            raise BadSetting(f"{PREFIX}{name} is {value!r}; it must be {right}")
    require_address(settings.mqtt_url, settings.mqtt_ca_file)


def _is_origin(text: str) -> bool:
    """Tell whether a text is an origin as browsers send it: scheme, name and a port that is not the usual one, no more."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    usual = {"http": 80, "https": 443}
    plain = f"{parts.scheme}://{parts.netloc}" == text and text == text.lower()
    return plain and parts.scheme in usual and bool(parts.hostname) and "@" not in text and port != usual[parts.scheme]


def _convert(name: str, text: str, type_name: str) -> object:
    if type_name == "int":
        try:
            return int(text)
        except ValueError:
            raise BadSetting(f"{name} is {text!r}; it must be a whole number") from None
    if type_name == "tuple[str, ...]":
        return tuple(part.strip() for part in text.split(",") if part.strip())
    if type_name.startswith("Path"):
        return Path(text).expanduser().absolute()
    return text
