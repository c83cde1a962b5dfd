"""The garbage collector, switched off during bulk work."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


def collect_seldom() -> None:
    """For a command. Loading makes a hundred thousand objects that stay: by the usual thresholds the collector would walk
    through them again and again, which is a tenth of the time to start."""
    gc.set_threshold(200_000, 20, 20)


def collect_regularly() -> None:
    """For a service, once it has loaded: what its days leave behind is not to pile up."""
    keep()
    gc.set_threshold(20_000, 20, 20)


def keep() -> None:
    """What there is now was loaded and stays: the collector leaves it alone until :func:`settle`. It would walk through all of it at
    once otherwise, while a person waits for the first page."""
    gc.freeze()


def settle() -> None:
    """For a service, when all of it has started, and at rest: collect what loading left, and leave alone what is in use."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()


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
