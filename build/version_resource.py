"""The version resource of the Windows executable: what Explorer shows under Properties, Details."""

from __future__ import annotations

from typing import Any

_ENGLISH_US, _UNICODE = 0x0409, 1200

TEXTS = {
    "CompanyName": "Valhalla contributors",
    "FileDescription": "Valhalla: who do I call today, and why?",
    "InternalName": "valhalla",
    "LegalCopyright": "MIT licence; see licences.txt for the parts it is made of",
    "OriginalFilename": "valhalla.exe",
    "ProductName": "Valhalla",
}


def numbers(version: str) -> tuple[int, int, int, int]:
    """``1.2.3`` as Windows counts: four numbers."""
    first, second, third = map(int, version.split("."))
    return first, second, third, 0


def resource(version: str) -> Any:
    """The resource for ``EXE(version=...)``."""
    from PyInstaller.utils.win32 import versioninfo as win

    four = numbers(version)
    texts = {**TEXTS, "FileVersion": version, "ProductVersion": version}
    table = win.StringTable(
        f"{_ENGLISH_US:04X}{_UNICODE:04X}", [win.StringStruct(name, text) for name, text in texts.items()]
    )
    return win.VSVersionInfo(
        ffi=win.FixedFileInfo(filevers=four, prodvers=four, mask=0x3F, OS=0x40004, fileType=1),
        kids=[
            win.StringFileInfo([table]),
            win.VarFileInfo([win.VarStruct("Translation", [_ENGLISH_US, _UNICODE])]),
        ],
    )
