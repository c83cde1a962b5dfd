"""A disk that can lose power, and a disk that fails.

Copying the file and its WAL after a kill sees the operating system's cache, so a program that never syncs loses nothing
there. This VFS sits between SQLite and the real one, writes everything through, and remembers for each file what had
been synced and what had only been written since. :meth:`Disk.image` builds what a disk may hold after the power has
gone: everything that was synced, and of the rest any subset, each write whole, torn at a sector, or missing.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import apsw

SECTOR = 512
KEPT = apsw.SQLITE_OPEN_MAIN_DB | apsw.SQLITE_OPEN_WAL | apsw.SQLITE_OPEN_MAIN_JOURNAL
"""Files that matter after a power failure; -shm is made again and temporary files are gone."""


@dataclass
class Platter:
    """One file: what is surely on the disk, and what was written since the last sync (None as data: a truncation)."""

    synced: bytearray = field(default_factory=bytearray)
    pending: list[tuple[int, bytes | None]] = field(default_factory=list)

    def sync(self) -> None:
        for offset, data in self.pending:
            _apply(self.synced, offset, data)
        self.pending.clear()

    def survives(self, chance: random.Random) -> bytes:
        """What may be there after the power has gone."""
        content = bytearray(self.synced)
        for offset, data in self.pending:
            fate = chance.random()
            if fate < 0.4:
                continue
            if data is not None and fate < 0.6:
                data = data[: SECTOR * chance.randrange(len(data) // SECTOR + 1)]
            _apply(content, offset, data)
        return bytes(content)

    def copy(self) -> Platter:
        return Platter(bytearray(self.synced), list(self.pending))


def _apply(content: bytearray, offset: int, data: bytes | None) -> None:
    if data is None:
        del content[offset:]
        return
    if len(content) < offset:
        content.extend(bytes(offset - len(content)))
    content[offset : offset + len(data)] = data


class _File(apsw.VFSFile):
    def __init__(self, disk: Disk, name: str, base: str, passed: Any, flags: list[int]) -> None:
        super().__init__(base, passed, flags)
        self._disk = disk
        self._name = name if flags[0] & KEPT else None
        if self._name is not None:
            disk.platters.setdefault(self._name, Platter())

    def xWrite(self, data: bytes, offset: int) -> None:
        with self._disk.mutex:
            if self._name is not None:
                self._disk.call("write", self._name)
            super().xWrite(data, offset)
            if self._name is not None:
                self._disk.platters[self._name].pending.append((offset, bytes(data)))

    def xTruncate(self, size: int) -> None:
        with self._disk.mutex:
            if self._name is not None:
                self._disk.call("truncate", self._name)
            super().xTruncate(size)
            if self._name is not None:
                self._disk.platters[self._name].pending.append((size, None))

    def xSync(self, flags: int) -> None:
        # The real sync is left out: it costs time, and here the platters say what is on the disk.
        if self._name is not None:
            with self._disk.mutex:
                self._disk.call("sync", self._name)
                self._disk.platters[self._name].sync()


class Disk(apsw.VFS):
    """Registered as SQLite's default until :meth:`close`. Only files that are opened in between are seen."""

    def __init__(self, name: str = "losable") -> None:
        self._base = apsw.vfs_names()[0]
        super().__init__(name, self._base, makedefault=True)
        self.platters: dict[str, Platter] = {}
        self.mutex = threading.Lock()
        """Held for each call, so that a snapshot in :attr:`on_call` is of one moment, however many threads write."""
        self.calls = 0
        self.on_call: Callable[[int, str, str], None] | None = None
        """Called before each write, truncation and sync with its number, kind and file; may raise to let it fail."""

    def call(self, kind: str, name: str) -> None:
        self.calls += 1
        if self.on_call is not None:
            self.on_call(self.calls, kind, name)

    def xOpen(self, name: Any, flags: list[int]) -> _File:
        text = name.filename() if isinstance(name, apsw.URIFilename) else str(name)
        return _File(self, text, self._base, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:
        super().xDelete(filename, syncdir)
        self.platters.pop(filename, None)

    def snapshot(self) -> dict[str, Platter]:
        """The platters as they are now, to build images of later."""
        return {name: platter.copy() for name, platter in self.platters.items()}

    def close(self) -> None:
        """Stop being SQLite's default."""
        self.unregister()


def image(snapshot: dict[str, Platter], folder: Path, chance: random.Random) -> None:
    """Write what may be left of ``snapshot`` into ``folder``, file by file under its own name."""
    for name, platter in snapshot.items():
        content = platter.survives(chance)
        if content:
            (folder / Path(name).name).write_bytes(content)
