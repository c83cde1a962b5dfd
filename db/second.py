"""Starting a second process that helps this one, and ends with it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from typing import Any


def begin(command: Sequence[str], pipe_bytes: int = -1, *, lower: bool = False) -> subprocess.Popen[bytes]:
    """Start it, with pipes to its input and from its output. ``pipe_bytes``: the size of those, where the system lets us say so
    (Linux); -1: its own. ``lower``: of lower priority on Windows; elsewhere a process sees to that itself. Raises OSError."""
    pipe = subprocess.PIPE
    return subprocess.Popen(
        command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, pipesize=pipe_bytes, **_detached(lower)
    )


def _detached(lower: bool) -> dict[str, Any]:
    """Ctrl+C is for the program, not for its helper; no console window on Windows. A session of its own would do that, too, but Linux
    gives each session the same share of the processors, and the helper would have as much as all threads here together."""
    if sys.platform == "win32":
        flags = subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP
        return {"creationflags": flags | (subprocess.BELOW_NORMAL_PRIORITY_CLASS if lower else 0)}
    return {"process_group": 0}
