"""Where the data lives."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from valhalla.program.errors import InputError

DATABASE_NAME = "valhalla.db"
PORTABLE_NAME = "portable"


@dataclass(frozen=True)
class Home:
    """A home folder: the file and what is kept beside it."""

    path: Path

    @property
    def database(self) -> Path:
        """The one file."""
        return self.path / DATABASE_NAME

    @property
    def inbox(self) -> Path:
        """Lead lists dropped here are read; each subfolder names a source."""
        return self.path / "inbox"

    @property
    def logs(self) -> Path:
        """Reports and log files."""
        return self.path / "logs"

    @property
    def packets(self) -> Path:
        """Deal packets as pages."""
        return self.path / "packets"

    @property
    def audit(self) -> Path:
        """Audit copies and chain heads."""
        return self.path / "audit"

    def prepare(self) -> None:
        """Make the folders. Raises :class:`InputError` when that is not possible."""
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            for folder in (self.inbox, self.logs, self.packets, self.audit):
                folder.mkdir(exist_ok=True)
        except FileExistsError as error:
            raise InputError(
                f"{error.filename} is a file, but a folder is needed there; choose another --home"
            ) from None
        except OSError as error:
            raise InputError(
                f"the home folder {self.path} cannot be made or written ({error.strerror}); choose another --home"
            ) from None


def locate(given: str | os.PathLike[str] | None = None) -> Home:
    """The home: ``given`` (--home), else VALHALLA_HOME, else the executable's folder if it is in use as a home,
    else the platform's local data folder."""
    chosen = given or os.environ.get("VALHALLA_HOME")
    if chosen:
        return Home(Path(chosen).expanduser().absolute())
    folder = executable_folder()
    if folder and ((folder / DATABASE_NAME).exists() or (folder / PORTABLE_NAME).exists()):
        return Home(folder)
    from platformdirs import user_data_path

    return Home(user_data_path("Valhalla", appauthor=False, roaming=False))


def executable_folder() -> Path | None:
    """The folder of the executable when the program runs as one, else None."""
    return Path(sys.executable).resolve().parent if getattr(sys, "frozen", False) else None


# -- Where a day's digest lies ---------------------------------------------------------------------


def digest_path(home: Home, date: str, ending: str = "html") -> Path:
    """The digest of a local date (``2026-11-20``), as page or as text."""
    return home.logs / f"digest-{date}.{ending}"
