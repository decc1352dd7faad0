"""Work that ends the process that does it; a module of its own, so that a process loads nothing else for it."""

from __future__ import annotations

import os
import signal
from typing import Any


def end_this_process(task: Any) -> Any:
    """Die as the system lets processes die that take too much memory."""
    os.kill(os.getpid(), signal.SIGKILL)
