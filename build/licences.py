"""One text with the licences of everything that is in the executable."""

from __future__ import annotations

import importlib.metadata
import re
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path

NAME = "licences.txt"
_LICENCE_FILE = re.compile(r"(licen[cs]e|copying|notice|authors)", re.IGNORECASE)
_RULE = "=" * 100


def write(path: Path, root: Path, modules: Iterable[str]) -> Path:
    """Write the licences of Valhalla, of Python, of PyInstaller's loader, and of each distribution that one of
    ``modules`` (dotted names) belongs to.

    Raises :class:`SystemExit` when a distribution comes with neither a licence file nor the name of its licence.
    """
    parts = [("Valhalla", (root / "LICENSE").read_text(encoding="utf-8")), ("Python", _python())]
    for distribution in _distributions(modules):
        parts.append((f"{distribution.name} {distribution.version}", _licence(distribution)))
    text = "\n\n".join(f"{_RULE}\n{heading}\n{_RULE}\n\n{body.strip()}" for heading, body in parts)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")
    return path


def _distributions(modules: Iterable[str]) -> list[importlib.metadata.Distribution]:
    owners = importlib.metadata.packages_distributions()
    top = {name.partition(".")[0] for name in modules}
    names = {owner for name in top for owner in owners.get(name, ())} - {"valhalla"}
    names.add("pyinstaller")  # its loader is the executable's outer part
    return sorted(map(importlib.metadata.distribution, names), key=lambda each: each.name.lower())


def _licence(distribution: importlib.metadata.Distribution) -> str:
    texts = []
    for file in distribution.files or ():
        if not _LICENCE_FILE.search(file.name) or file.suffix in {".py", ".pyc", ".pyi"}:
            continue
        if not any(part.endswith((".dist-info", ".egg-info")) for part in file.parts):
            continue
        texts.append(Path(str(distribution.locate_file(file))).read_text(encoding="utf-8", errors="replace"))
    if texts:
        return "\n\n".join(texts)
    told = distribution.metadata
    named = [told.get("License-Expression"), told.get("License")]
    named += [line for line in told.get_all("Classifier") or [] if line.startswith("License ::")]
    found = [line for line in named if line and line != "UNKNOWN"]
    if not found:
        raise SystemExit(f"{distribution.name} does not say under which licence it is; it cannot be shipped")
    return "\n".join([*found, *[f"Source: {line}" for line in told.get_all("Home-page") or []]])


def _python() -> str:
    for folder in (Path(sysconfig.get_path("stdlib")), Path(sys.base_prefix)):
        for name in ("LICENSE.txt", "LICENSE"):
            if (folder / name).is_file():
                return (folder / name).read_text(encoding="utf-8", errors="replace")
    raise SystemExit("the licence of Python is not next to it; it cannot be shipped without")
