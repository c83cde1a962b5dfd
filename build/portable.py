"""Packs the one-folder product into one file to download."""

from __future__ import annotations

import sys
import tarfile
import zipfile
from pathlib import Path

NAME = "valhalla-portable"
MARKER = "portable"
MARKER_TEXT = (
    "This file makes Valhalla portable: its data is kept in this folder. Without it, the data is kept in the\n"
    "local application data of the user who starts it.\n"
)


def pack(folder: Path) -> Path:
    """Put the marker into ``folder`` and pack it next to itself: a .zip for Windows, elsewhere a .tar.gz, which keeps
    links and permissions."""
    (folder / MARKER).write_text(MARKER_TEXT, encoding="utf-8", newline="\n")
    if sys.platform == "win32":
        packed = folder.with_name(f"{folder.name}.zip")
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
            for path in sorted(folder.rglob("*")):
                archive.write(path, Path("valhalla", path.relative_to(folder)))
        return packed
    packed = folder.with_name(f"{folder.name}.tar.gz")
    with tarfile.open(packed, "w:gz") as archive:
        archive.add(folder, "valhalla")
    return packed
