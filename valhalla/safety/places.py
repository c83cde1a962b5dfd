"""Places where the file does not belong: folders that another program copies elsewhere, and other computers' disks."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path, PurePath

if sys.platform == "win32":
    import ctypes

SYNCED = re.compile(
    r"onedrive( - .+)?|dropbox( \(.+\))?|google drive|googledrive|my drive|icloud ?drive|mobile documents|com~apple~clouddocs"
    r"|box|box sync|nextcloud|owncloud|pcloud ?drive|mega|megasync|sync|syncthing|tresorit|seafile|creative cloud files",
    re.IGNORECASE,
)
"""Names that programs for synchronising give their folders."""

SYNC_VARIABLES = ("OneDrive", "OneDriveConsumer", "OneDriveCommercial")
SYNC_MARKS = (".stfolder", ".dropbox", ".dropbox.cache", ".tmp.drivedownload", ".sync")
"""What such programs leave in the folder that they keep."""

NETWORK = {
    "nfs",
    "nfs4",
    "cifs",
    "smb",
    "smb2",
    "smb3",
    "smbfs",
    "afpfs",
    "fuse.sshfs",
    "9p",
    "afs",
    "ncpfs",
    "davfs",
}
"""Kinds of file system that are another computer's."""

MOUNTS = Path("/proc/self/mounts")
"""Where Linux lists what is mounted."""

_REMOTE = 4
_SPACE = re.compile(r"\\([0-7]{3})")
"""How Linux writes a space, a tabulator, a line's end and a backslash in the name of a folder."""


def warning(home: Path) -> str | None:
    """A sentence when ``home`` is in a place that is bad for the file; None: nothing is known against it."""
    synced = _synced_by(home)
    if synced:
        return (
            f"{home} is inside a synchronized folder ({synced}); syncing can copy a half-written file or lock it: "
            "choose another --home, and keep audit copies there instead"
        )
    if _is_remote(home):
        return (
            f"{home} is on a network drive, where the file cannot be shared safely between programs; "
            "choose a --home on this computer's own disk"
        )
    return None


def _synced_by(home: Path) -> str | None:
    for name in SYNC_VARIABLES:
        synced = os.environ.get(name)
        if synced and home.is_relative_to(synced):
            return synced
    for folder in (home, *home.parents):
        if SYNCED.fullmatch(folder.name):
            return str(folder)
        if any((folder / mark).exists() for mark in SYNC_MARKS):
            return str(folder)
    return None


def _is_remote(home: Path) -> bool:
    if sys.platform == "win32":
        return _is_remote_on_windows(home)
    found = max(
        ((len(PurePath(place).parts), kind) for place, kind in _mounted() if home.is_relative_to(place)),
        key=lambda part: part[0],
        default=None,
    )
    return found is not None and found[1].lower() in NETWORK


def _mounted() -> list[tuple[str, str]]:
    """Each mounted file system: where, and of what kind."""
    try:
        lines = MOUNTS.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:  # another system than Linux
        import psutil

        return [(part.mountpoint, part.fstype) for part in psutil.disk_partitions(all=True)]
    parts = (line.split(" ") for line in lines)
    return [
        (_SPACE.sub(lambda code: chr(int(code[1], 8)), part[1]), part[2]) for part in parts if len(part) > 2
    ]


def _is_remote_on_windows(home: PurePath) -> bool:
    drive = home.drive
    if drive.startswith("\\\\"):
        return not drive.startswith(("\\\\?\\", "\\\\.\\")) or drive.upper().startswith("\\\\?\\UNC\\")
    if sys.platform == "win32":
        return bool(ctypes.windll.kernel32.GetDriveTypeW(f"{drive}\\") == _REMOTE)
    return False
