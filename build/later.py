"""Unpacks a large module of the one-file executable, or the files of a package, when it is first imported, not at each start.

A one-file executable unpacks everything before it does anything: forty megabytes and a hundred files to print a version.
What a command may never need is therefore in one archive, which ``bundle.split`` makes, and comes out of it one by one.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import zipfile
from collections.abc import Sequence
from importlib.machinery import ExtensionFileLoader, ModuleSpec
from importlib.util import spec_from_file_location
from types import ModuleType

ARCHIVE = "later.zip"
TABLE = "table.json"
"""In the archive: by a module's name which files it needs, its own last (``modules``), and by a package's name which files lie
in its folder (``packages``)."""


class Finder:
    """Finds the modules of the archive, for ``sys.meta_path``."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._archive = os.path.join(folder, ARCHIVE)
        self._lock = threading.Lock()
        with zipfile.ZipFile(self._archive) as archive:
            table = json.loads(archive.read(TABLE))
        self._modules: dict[str, list[str]] = table["modules"]
        self._packages: dict[str, list[str]] = table["packages"]

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Unpack the module if it is one of ours, and say where it is now."""
        files = self._modules.get(name) or self._packages.get(name)
        if files is None:
            return None
        with self._lock, zipfile.ZipFile(self._archive) as archive:
            places = [self._unpacked(archive, file) for file in files]
        if name in self._packages:
            return None  # the package itself is found as always
        return spec_from_file_location(name, places[-1], loader=ExtensionFileLoader(name, places[-1]))

    def _unpacked(self, archive: zipfile.ZipFile, file: str) -> str:
        place = os.path.join(self._folder, *file.split("/"))
        if not os.path.exists(place):
            os.makedirs(os.path.dirname(place), exist_ok=True)
            unfinished = f"{place}.{os.getpid()}"
            with open(unfinished, "wb") as out:
                out.write(archive.read(file))
            try:
                os.replace(unfinished, place)
            except OSError:  # another process of ours was faster and uses it already
                os.unlink(unfinished)
        return place


def install(folder: str) -> None:
    """Find the archive's modules from now on, if there is one: the one-folder product has none."""
    if os.path.exists(os.path.join(folder, ARCHIVE)):
        sys.meta_path.insert(0, Finder(folder))
