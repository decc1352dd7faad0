"""The environment of a process that the server starts: the settings of the server, not those of the shell."""

from __future__ import annotations

import os

from api.kernel_cache import kernel_cache
from api.settings import PREFIX, Settings


def worker_environment(settings: Settings) -> dict[str, str]:
    """Return the environment in which a worker finds the server's database and var dir."""
    environment = {name: text for name, text in os.environ.items() if not name.startswith(PREFIX)}
    environment |= {PREFIX + "DATABASE_URL": settings.database_url, PREFIX + "VAR_DIR": str(settings.var_dir)}
    environment.setdefault("NUMBA_CACHE_DIR", str(kernel_cache(settings.var_dir / "numba")))
    return environment
