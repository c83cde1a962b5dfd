"""Copies that are thrown away, under the home: what a process that was killed left there goes when the program starts next."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

FOLDER = ".scratch"


@contextlib.contextmanager
def scratch_folder(database: Path | None) -> Iterator[Path]:
    """A folder beside the database at ``database`` (None: in the system's temporary folder), removed at the end."""
    parent = None if database is None else database.parent / FOLDER
    if parent is not None:
        parent.mkdir(mode=0o700, exist_ok=True)
    with tempfile.TemporaryDirectory(
        prefix=f"valhalla-{os.getpid()}-", dir=parent, ignore_cleanup_errors=True
    ) as folder:
        yield Path(folder)


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
