"""The garbage collector, kept out of bulk work; and memory that is free, given back to the system."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_paused() -> Iterator[None]:
    """Keep the collector from walking through tens of thousands of new tuples again and again.

    Rows make no cycles; without this, collecting them takes more time than parsing them.
    """
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def collect_young() -> None:
    """While the collector is paused: collect what was made since the last time. Cheap once the rows are gone."""
    gc.collect(0)


def give_back() -> bool:
    """Return free memory to the system, where its C library keeps it otherwise (glibc). Some milliseconds. False: not here.

    What starting up and large imports have used would stay with a service for the days that it runs.
    """
    if sys.platform != "linux":
        return False
    import ctypes

    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError):  # another C library
        return False
    gc.collect()
    trim(0)
    return True
