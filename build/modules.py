"""Finds the program's own modules by their names alone, and reads them from a file that stays open.

PyInstaller asks the file system about each package that might lie next to the executable, and opens the executable once for each
module: some thousand questions until the cockpit answers, and a virus scanner may look into each. It also ends a program whose
executable was renamed or replaced while it ran, as an update does. A file that is open already can still be read then.
"""

from __future__ import annotations

import marshal
import os
import sys
import threading
import zlib
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any, BinaryIO, Protocol

PACKAGE, DATA, NAMESPACE = 1, 2, 3
"""Kinds of entries other than plain modules. A namespace has no code, and no bytes at all."""


class Archive(Protocol):
    """What is used of PyInstaller's ``ZlibArchiveReader``."""

    toc: dict[str, tuple[int, int, int]]
    """By a module's name its kind, where it begins in the archive, and how many bytes it has."""
    _filename: str
    _start_offset: int


class Finder:
    """Finds the modules of ``archive``, for ``sys.meta_path``. ``loader`` makes PyInstaller's loader of one module."""

    def __init__(self, archive: Archive, loader: Callable[..., Any]) -> None:
        self.toc = archive.toc
        self._loader = loader
        self._offset = archive._start_offset
        self._file = _open(archive._filename)
        self._lock = threading.Lock()

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Where the module is if it is one of ours; None: a finder after us may know it."""
        kind = self.toc.get(name, (NAMESPACE,))[0]
        if kind == NAMESPACE:
            return None
        loader = self._loader(name=name, pyz_archive=self, pyz_entry_name=name, is_package=kind == PACKAGE)
        spec = ModuleSpec(name, loader, origin=loader.path, is_package=kind == PACKAGE)
        spec.has_location = True
        if spec.submodule_search_locations is not None:
            spec.submodule_search_locations.append(os.path.dirname(loader.path))
        return spec

    def extract(self, name: str, raw: bool = False) -> Any:
        """The code of a module, or with ``raw`` its bytes; None for a namespace. Raises :class:`KeyError` for what is not
        there. Any thread may ask."""
        kind, start, length = self.toc[name]
        if kind == NAMESPACE:
            return None
        with self._lock:
            self._file.seek(self._offset + start)
            packed = self._file.read(length)
        unpacked = zlib.decompress(packed)
        return unpacked if raw or kind == DATA else marshal.loads(unpacked)


def install(archive: Archive, loader: Callable[..., Any]) -> None:
    """Find the archive's modules from now on, before anything is looked for in folders."""
    sys.meta_path.insert(sys.meta_path.index(PathFinder), Finder(archive, loader))


def _open(path: str) -> BinaryIO:
    if sys.platform == "win32":  # as Python opens a file there, nobody could rename it
        import _winapi
        import msvcrt

        share_read_write_delete, open_existing = 7, 3
        handle = _winapi.CreateFile(
            path, _winapi.GENERIC_READ, share_read_write_delete, _winapi.NULL, open_existing, 0, _winapi.NULL
        )
        return open(msvcrt.open_osfhandle(handle, os.O_RDONLY | os.O_BINARY | os.O_NOINHERIT), "rb")
    return open(path, "rb")
