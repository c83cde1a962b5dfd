"""Lists that came through the browser and wait for a person's word: kept in the inbox, where nothing reads them yet."""

from __future__ import annotations

import contextlib
import re
import secrets
import shutil
import time
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from db.files import replace
from valhalla.intake.reading import DEFAULT_SOURCE
from valhalla.intake.sources import SUFFIXES
from valhalla.program.errors import InputError, NotFound, UsageError
from valhalla.program.home import Home
from valhalla.program.names import is_device, is_folder_name

PATH = "/imports/upload"
"""Where the browser posts them."""

LARGEST = 512 * 2**20
"""Bytes of a list that come through the browser; larger ones are put into the inbox folder."""

SPARE = 256 * 2**20
"""Bytes that stay free on the disk."""

FOLDER = ".uploads"
"""Within the inbox; a folder whose name begins with a dot is not looked into."""

KEPT_SECONDS = 7 * 24 * 3600
"""How long a list that nobody decided on is kept."""

LONGEST_NAME = 120
_TOKEN = re.compile(r"[0-9a-f]{16}")
_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')


@dataclass(frozen=True)
class Upload:
    """A list that waits."""

    token: str
    path: Path

    @property
    def name(self) -> str:
        """Its file name."""
        return self.path.name


def safe_name(given: str) -> str:
    """A file name that means a file on every system, and nothing but a file. Raises :class:`UsageError` for no list."""
    name = unicodedata.normalize("NFC", given).replace("\\", "/").rpartition("/")[2]
    name = "".join(char for char in name if unicodedata.category(char)[0] != "C")
    name = _FORBIDDEN.sub("_", name).strip(" .").lstrip("~$")
    stem, dot, suffix = name.rpartition(".")
    if not dot or f".{suffix.lower()}" not in SUFFIXES:
        shown = name if len(name) <= 60 else f"{name[:59]}…"
        raise UsageError(f"{shown or 'that'} is not a lead list; these are read: {', '.join(SUFFIXES)}")
    stem = stem.rstrip(" .")[: LONGEST_NAME - len(suffix) - 1] or "list"
    if is_device(stem):
        stem = f"_{stem}"
    return f"{stem}.{suffix}"


class Receiving:
    """A list that comes in piece by piece; what is not finished leaves nothing behind.

    ``announced``: how many bytes will come, where that is known. Raises :class:`UsageError` for a name or size that is not
    taken, :class:`InputError` where it cannot be written.
    """

    def __init__(self, home: Home, name: str, announced: int | None = None) -> None:
        self._name = safe_name(name)
        self._home = home
        if announced is not None and announced > LARGEST:
            raise UsageError(too_large(home))
        try:
            free = shutil.disk_usage(home.path).free
            if free < (announced or 0) + SPARE:
                raise InputError(f"the disk has {free // 2**20:,} MB left, which is too little for this list")
            self._token = secrets.token_hex(8)
            self._folder = _folder(home) / self._token
            self._folder.mkdir(parents=True)
            self._part = self._folder / f"{self._name}.part"
            self._file: BinaryIO = open(self._part, "xb")  # noqa: SIM115 -- closed by finish and drop
        except OSError as error:
            raise InputError(f"the list cannot be kept in {home.inbox}: {error.strerror}") from None
        self._size = 0

    def write(self, piece: bytes) -> None:
        """Take a piece."""
        self._size += len(piece)
        if self._size > LARGEST:
            raise UsageError(too_large(self._home))
        try:
            self._file.write(piece)
        except OSError as error:
            raise InputError(f"the list cannot be kept in {self._home.inbox}: {error.strerror}") from None

    def finish(self) -> Upload:
        """All of it is here."""
        self._file.close()
        if not self._size:
            self.drop()
            raise UsageError(f"{self._name} is empty")
        path = self._folder / self._name
        replace(self._part, path)
        return Upload(self._token, path)

    def drop(self) -> None:
        """It is not wanted, or did not arrive."""
        self._file.close()
        shutil.rmtree(self._folder, ignore_errors=True)


def too_large(home: Home) -> str:
    """The answer to a client that sends more than is accepted."""
    return f"a list of more than {LARGEST // 2**20} MB does not go through the browser; copy it into {home.inbox}"


def find(home: Home, token: str) -> Upload:
    """A list that waits. Raises :class:`NotFound`."""
    if _TOKEN.fullmatch(token):
        for path in _lists(_folder(home) / token):
            return Upload(token, path)
    raise NotFound("that list is not here any more; drop it again")


def waiting(home: Home) -> list[Upload]:
    """The lists that wait, the newest first. What nobody decided on for a week is removed."""
    found: list[tuple[float, Upload]] = []
    with contextlib.suppress(OSError):
        for folder in _folder(home).iterdir():
            at = folder.stat().st_mtime
            if time.time() - at > KEPT_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)
            elif _TOKEN.fullmatch(folder.name):
                found += [(at, Upload(folder.name, path)) for path in _lists(folder)]
    return [upload for _, upload in sorted(found, key=lambda each: each[0], reverse=True)]


def discard(home: Home, token: str) -> Upload:
    """Forget a list that waits."""
    upload = find(home, token)
    shutil.rmtree(upload.path.parent, ignore_errors=True)
    return upload


def take(home: Home, token: str, source: str) -> Path:
    """Put a list that waits into the inbox, for its source, under a name that nothing there has; returns where."""
    upload = find(home, token)
    if not is_folder_name(source):
        raise UsageError(f"{source!r} is not a name for a source")
    folder = home.inbox if source == DEFAULT_SOURCE else home.inbox / source
    target: Path | None = None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        target = _unique(folder, upload.name)
        replace(upload.path, target)
    except OSError as error:
        if target is not None:
            target.unlink(missing_ok=True)  # the name was taken already, with nothing in it
        raise InputError(f"{upload.name} cannot be put into {folder}: {error.strerror}") from None
    shutil.rmtree(upload.path.parent, ignore_errors=True)
    return target


def _unique(folder: Path, name: str) -> Path:
    """A name of its own, taken at once, so that two lists of one name do not meet."""
    stem, _, suffix = name.rpartition(".")
    for number in range(1, 10_000):
        path = folder / (name if number == 1 else f"{stem} ({number}).{suffix}")
        try:
            path.touch(exist_ok=False)
        except FileExistsError:
            continue
        return path
    raise InputError(f"the folder {folder} is full of lists called {name}")


def _folder(home: Home) -> Path:
    return home.inbox / FOLDER


def _lists(folder: Path) -> list[Path]:
    try:
        return [
            path
            for path in sorted(folder.iterdir())
            if path.name.lower().endswith(SUFFIXES) and path.is_file()
        ]
    except OSError:
        return []
