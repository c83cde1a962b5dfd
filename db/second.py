"""Starting a second process that helps this one, and ends with it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from typing import Any


def begin(command: Sequence[str], pipe_bytes: int = -1) -> subprocess.Popen[bytes]:
    """Start it, with pipes to its input and from its output. ``pipe_bytes``: the size of those, where the system lets us say so
    (Linux); -1: its own. Raises OSError."""
    pipe = subprocess.PIPE
    return subprocess.Popen(
        command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, pipesize=pipe_bytes, **_detached()
    )


def _detached() -> dict[str, Any]:
    """Ctrl+C is for the program, not for its helper; no console window on Windows. A session of its own would do that, too, but Linux
    gives each session the same share of the processors, and the helper would have as much as all threads here together."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"process_group": 0}
