"""Files that a reader sees whole or not at all."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Inside the block, write to the path that is given; at its end that file takes the place of ``path``.

    When the block raises, ``path`` is as it was and nothing is left next to it.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield temporary
        replace(temporary, path)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def replace(source: Path, target: Path) -> None:
    """``os.replace`` that waits a little for the readers of ``target``: Windows refuses to replace an open file."""
    for attempt in range(20):
        try:
            os.replace(source, target)
            return
        except PermissionError:
            if attempt == 19:
                raise
            time.sleep(0.05)


def settle(*paths: Path) -> None:
    """Force files and their names to the disk: after this they are there even when the power goes. Windows forces names itself."""
    for path in paths:
        with open(path, "r+b") as file:
            os.fsync(file.fileno())
    if os.name == "nt":
        return
    for folder in {path.parent for path in paths}:
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            with contextlib.suppress(OSError):  # a share may not know how to
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
