"""Where the data lives."""

from __future__ import annotations

import contextlib
import os
import stat
import sys
from dataclasses import dataclass
from pathlib import Path

from valhalla.program.errors import InputError
from valhalla.program.scratch import sweep

DATABASE_NAME = "valhalla.db"
PORTABLE_NAME = "portable"


@dataclass(frozen=True)
class Home:
    """A home folder: the file and what is kept next to it."""

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

    @property
    def open_page(self) -> Path:
        """The private page that leads a browser into the cockpit."""
        return self.path / "open.html"

    def prepare(self) -> None:
        """Make the folders. Raises :class:`InputError` when that is not possible."""
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            for folder in (self.inbox, self.logs, self.packets, self.audit):
                folder.mkdir(exist_ok=True)
            self._close_to_others()
            sweep(self.path)
        except FileExistsError as error:
            raise InputError(
                f"{error.filename} is a file, but a folder is needed there; choose another --home"
            ) from None
        except OSError as error:
            raise InputError(
                f"the home folder {self.path} cannot be made or written ({error.strerror}); choose another --home"
            ) from None

    def _close_to_others(self) -> None:
        """Take other users' rights from what earlier versions wrote. The inbox and the home's own folder are the operator's:
        somebody else may be meant to reach them."""
        if os.name != "posix":
            return
        own = [
            each for each in self.path.glob(f"{DATABASE_NAME}*") if each.is_file() and not each.is_symlink()
        ]
        for folder in (self.logs, self.packets, self.audit):
            if folder.is_symlink() or not folder.stat().st_mode & 0o077:
                continue  # nobody else gets in, so what is inside need not be looked at
            own += [each for each in folder.rglob("*") if not each.is_symlink()]
            own.append(folder)
        for each in own:
            with contextlib.suppress(OSError):  # another user's
                mode = stat.S_IMODE(each.stat().st_mode)
                if mode & 0o077:
                    each.chmod(mode & 0o700)


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
