"""Copies that are thrown away, under the home: what a process that was killed left there goes when the program starts next."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

FOLDER = ".scratch"


@contextlib.contextmanager
def scratch_folder(database: Path | None) -> Iterator[Path]:
    """A folder next to the database at ``database`` (None: in the system's temporary folder), removed at the end."""
    if database is None:
        import tempfile

        parent = Path(tempfile.gettempdir())
    else:
        parent = database.parent / FOLDER
        parent.mkdir(mode=0o700, exist_ok=True)
    folder = parent / f"valhalla-{os.getpid()}-{os.urandom(8).hex()}"
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sweep(home: Path) -> None:
    """Remove what processes left that no longer run."""
    left = list((home / FOLDER).glob("valhalla-*-*"))
    if not left:
        return
    import psutil

    for folder in left:
        owner = folder.name.split("-")[1]
        if not owner.isdecimal() or not psutil.pid_exists(int(owner)):
            shutil.rmtree(folder, ignore_errors=True)
