"""Names that mean a file, and nothing but a file, on every system."""

from __future__ import annotations

from valhalla.program.patterns import pattern

_DEVICE = pattern(r"(?i)(con|conin\$|conout\$|prn|aux|nul|clock\$|com[0-9¹²³]|lpt[0-9¹²³])\s*([.:].*)?")
_UNUSABLE = pattern(r'[<>:"/\\|?*\x00-\x1f\x7f]')


def is_text(path: str) -> bool:
    """Whether the system's bytes for a path are text, which alone can be stored. Names from other systems may be in another
    encoding (PEP 383)."""
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def shown(path: str) -> str:
    """A path as text, in which what is none is written as \\udcNN."""
    return path.encode("utf-8", "backslashreplace").decode("utf-8")


def is_device(name: str) -> bool:
    """Whether Windows takes a file of this name, whatever its ending and trailing dots and spaces, for a device."""
    return _DEVICE.fullmatch(name.strip().rstrip(". ")) is not None


def is_folder_name(name: str) -> bool:
    """Whether a folder can have this name everywhere: a source has one in the inbox."""
    return (
        bool(name) and name == name.strip().rstrip(".") and not _UNUSABLE.search(name) and not is_device(name)
    )
