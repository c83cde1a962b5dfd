"""What the program knows about itself when it runs as an executable."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def is_frozen() -> bool:
    """Whether this is the executable, not Python with packages."""
    return bool(getattr(sys, "frozen", False))


def unpacked_folder() -> Path | None:
    """Where the one-file executable was unpacked for this run; None for the one-folder product and outside of both."""
    folder = Path(str(getattr(sys, "_MEIPASS", "")))
    return folder if is_frozen() and folder.name.startswith("_MEI") else None


def program() -> list[str]:
    """The words that start this program once more."""
    return [sys.executable] if is_frozen() else [sys.executable, "-m", "valhalla"]


READ_AHEAD, HASH_ROWS, APART = "--read-ahead", "--hash-rows", "--apart"
"""What the program is started with to be the second process of an import (:mod:`valhalla.intake.helper`), that of a verification
(:mod:`db.row_helper`), or that of a large job (:mod:`valhalla.service.apart`), which the home and the version follow."""


def helper(argument: str) -> tuple[str, ...]:
    """The command line of a second process, which ends with this one."""
    return (sys.executable, argument) if is_frozen() else (sys.executable, "-P", "-m", "valhalla", argument)


def own_environment() -> dict[str, str]:
    """The environment for a copy of this program that outlives this process: it unpacks a folder of its own, because ours
    goes with us."""
    environment = dict(os.environ)
    if is_frozen():
        environment["PYINSTALLER_RESET_ENVIRONMENT"] = "1"
        # The loader on Linux puts our folder in front of the libraries' path, and keeps what was there before.
        before = environment.pop("LD_LIBRARY_PATH_ORIG", None)
        environment.pop("LD_LIBRARY_PATH", None)
        if before:
            environment["LD_LIBRARY_PATH"] = before
    return environment
