"""Which files there are to read, and which source each belongs to."""

from __future__ import annotations

import fnmatch
import os
import stat
from collections.abc import Iterable, Iterator
from glob import glob, has_magic
from pathlib import Path
from typing import NamedTuple

from db import Database
from valhalla.intake import reading, sql
from valhalla.intake.reading import DEFAULT_SOURCE, SourceError
from valhalla.program.home import Home, executable_folder
from valhalla.program.names import is_text, shown

SUFFIXES = (".csv", ".tsv", ".txt", ".json", ".jsonl", ".xlsx", ".xlsm", ".xls", ".zip", ".vcf")
"""What is taken from a folder. A file that is named is read whatever it is called."""

FOREIGN = (
    ".numbers", ".gsheet", ".pdf", ".jpg", ".jpeg", ".png", ".heic", ".webp", ".gif", ".tif", ".tiff", ".docx", ".doc", ".pages",
    ".ods", ".xlsb", ".rar", ".7z",
)  # fmt: skip
"""What people drop into a folder of lists and what cannot be read: it is named, not passed over in silence."""

UNFINISHED = ("~$*", ".*", "*.part", "*.partial", "*.crdownload", "*.tmp", "*.download")
"""What editors and browsers leave next to a file while they write it."""

DEFAULT_LIST = "real_leads.csv"


class Candidate(NamedTuple):
    """A file to read as a list of the source called ``source``."""

    path: Path
    source: str


class Problem(NamedTuple):
    """A path that cannot be read, or was passed over, and why."""

    path: Path
    code: str
    message: str
    fatal: bool = True
    """Whether somebody asked for exactly this path."""


class Found(NamedTuple):
    """What a look at the sources found, in a fixed order, each file once."""

    files: list[Candidate]
    problems: list[Problem]


def find(database: Database, home: Home, given: Iterable[Path], *, standing: bool) -> Found:
    """The lists among ``given`` (files and folders); with ``standing`` also those of the inbox, of saved sources, and
    ``real_leads.csv`` in the working folder, the executable's folder or the home."""
    finder = _Finder(database, home)
    for path in given:
        finder.add(path, asked=True)
    if standing:
        finder.add_inbox()
        finder.add_saved()
        finder.add_default()
    return Found(list(finder.files.values()), finder.problems)


class _Finder:
    def __init__(self, database: Database, home: Home) -> None:
        self.home = home
        self.patterns: list[tuple[str, str]] = [
            (name, pattern) for _, name, pattern, _ in database.sql(sql.READ_SOURCES) if pattern
        ]
        self.files: dict[str, Candidate] = {}
        self.problems: list[Problem] = []

    def add(self, path: Path, *, asked: bool, source: str | None = None) -> None:
        path = Path(os.path.abspath(path))
        if not is_text(str(path)):
            facts = shown(str(path))
            self._problem(
                Path(facts),
                "NOT_READABLE",
                f"the name of {facts} is not text (UTF-8); give it another name",
                asked,
            )
            return
        try:
            mode = os.stat(path).st_mode
        except FileNotFoundError:
            self._problem(path, "NOT_FOUND", f"The file '{path}' was not found.", asked)
            return
        except OSError as error:
            self._problem(path, "NOT_READABLE", f"{path} cannot be read: {error.strerror}", asked)
            return
        if stat.S_ISDIR(mode):
            self._add_folder(path, asked, source)
        elif not stat.S_ISREG(mode):
            self._problem(path, "NOT_READABLE", f"{path} is not an ordinary file and was passed over", asked)
        elif not os.access(path, os.R_OK):
            self._problem(path, "NOT_READABLE", f"{path} cannot be read: permission denied", asked)
        else:
            self._take(path, source)

    def _add_folder(self, folder: Path, asked: bool, source: str | None) -> None:
        before = len(self.files) + len(self.problems)
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            self._problem(
                folder, "NOT_READABLE", f"the folder {folder} cannot be read: {error.strerror}", asked
            )
            return
        for entry in entries:
            self._add_entry(Path(entry.path), entry, source)
        if asked and len(self.files) + len(self.problems) == before:
            self._problem(
                folder,
                "NOT_FOUND",
                f"there is no lead list in the folder {folder} ({', '.join(SUFFIXES)})",
                asked,
            )

    def _add_entry(self, path: Path, entry: os.DirEntry[str], source: str | None) -> None:
        name = entry.name.lower()
        if (
            name.endswith(FOREIGN)
            and not name.startswith((".", "~$"))
            and entry.is_file(follow_symlinks=False)
        ):
            self._problem(path, "SKIPPED", f"{path} was passed over: {_what(path)}", False)
            return
        if not name.endswith(SUFFIXES) or any(fnmatch.fnmatch(name, pattern) for pattern in UNFINISHED):
            return
        if entry.is_symlink():
            self._problem(
                path, "SKIPPED", f"{path} is a link and was passed over; put the file itself here", False
            )
        elif entry.is_dir():
            self._problem(path, "SKIPPED", f"{path} is a folder, not a list, and was passed over", False)
        else:
            self.add(path, asked=False, source=source)

    def add_inbox(self) -> None:
        self.add(self.home.inbox, asked=False)
        for folder in _subfolders(self.home.inbox):
            self.add(folder, asked=False, source=folder.name)

    def add_saved(self) -> None:
        for name, pattern in self.patterns:
            for path in _matching(pattern):
                self.add(path, asked=False, source=name)

    def add_default(self) -> None:
        for folder in (Path.cwd(), executable_folder(), self.home.path):
            if folder and (folder / DEFAULT_LIST).is_file():
                self.add(folder / DEFAULT_LIST, asked=False)
                return

    def _take(self, path: Path, source: str | None) -> None:
        key = os.path.normcase(os.path.realpath(path))
        if key not in self.files:
            self.files[key] = Candidate(path, self._named(path) or source or DEFAULT_SOURCE)

    def _named(self, path: Path) -> str | None:
        for name, pattern in self.patterns:
            if fnmatch.fnmatch(str(path), pattern) or str(path) == os.path.abspath(pattern):
                return name
            if str(path.parent) == os.path.abspath(pattern):
                return name
        return None

    def _problem(self, path: Path, code: str, message: str, fatal: bool) -> None:
        self.problems.append(Problem(path, code, message, fatal))


def _subfolders(folder: Path) -> Iterator[Path]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        is_list = entry.name.lower().endswith(SUFFIXES)
        if entry.is_dir(follow_symlinks=False) and not entry.name.startswith(".") and not is_list:
            yield Path(entry.path)


def _matching(pattern: str) -> list[Path]:
    return [Path(found) for found in sorted(glob(pattern))] if has_magic(pattern) else [Path(pattern)]


def _what(path: Path) -> str:
    """Why a file of another kind is not a list, in words."""
    try:
        reading.open_source(path, columns=reading.as_they_are).close()
    except SourceError as error:
        return error.message
    except OSError as error:
        return f"it cannot be read: {error.strerror}"
    return "it is not called like a list; give it the ending .csv or .xlsx"
