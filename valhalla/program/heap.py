"""The heap of the C library, for a service that runs for days: memory that is free, given back to the system."""

from __future__ import annotations

import ctypes
import gc
import sys
from typing import Any

M_ARENA_MAX = -8
"""See mallopt(3)."""
HEAPS = 1


def give_back() -> bool:
    """Return free memory to the system, where its C library keeps it otherwise (glibc). Some milliseconds. False: not here.

    What starting up and large imports have used would stay with a service for the days that it runs.
    """
    trim = _of_glibc("malloc_trim")
    if trim is None:
        return False
    gc.collect()
    trim(0)
    return True


def few_heaps() -> bool:
    """Let glibc keep two heaps for all threads instead of one for each: a service's threads wait most of the time, and
    each heap holds on to what is free in it. To be called before threads are started. False: not here."""
    option = _of_glibc("mallopt")
    return option is not None and bool(option(M_ARENA_MAX, HEAPS))


def _of_glibc(name: str) -> Any:
    if sys.platform != "linux":
        return None
    try:
        return getattr(ctypes.CDLL(None), name)
    except (OSError, AttributeError):  # another C library
        return None
