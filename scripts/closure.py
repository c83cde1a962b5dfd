"""Which distributions a product is made of on a system, with the versions of constraints.txt."""

from __future__ import annotations

import importlib.metadata
import re
import tomllib
from typing import Any

from bootstrap import ROOT

SYSTEMS = {
    "win32": {"sys_platform": "win32", "platform_system": "Windows", "os_name": "nt", "platform_machine": "AMD64"},
    "linux": {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix", "platform_machine": "x86_64"},
}  # fmt: skip
BUILD_TOOLS = ("pyinstaller", "pillow", "setuptools", "hatchling", "tzdata")
"""What makes the executable: PyInstaller, the icon's painter, the build backend, and the time zones that are packed for every system."""

TEST_TOOLS = ("pytest",)
"""What the built product is tested with."""


def pins(system: str, python: str, *extras: str) -> list[str]:
    """``name==version`` of every distribution that Valhalla with ``extras`` needs on ``system`` (``win32``, ``linux``)
    under Python ``python`` (``311``); the extras ``build`` and ``test`` stand for what makes
    the executable and what it is tested with.

    Follows the metadata of what is installed here. What is only needed there is named, not followed.
    """
    from packaging.requirements import Requirement

    versions = constraints()
    environment: dict[str, Any] = {
        **SYSTEMS[system],
        "python_version": f"{python[0]}.{python[1:]}",
        "python_full_version": f"{python[0]}.{python[1:]}.9",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
    }
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    optional = project["optional-dependencies"]
    todo = [*project["dependencies"], *(line for extra in extras for line in optional.get(extra, ()))]
    todo += BUILD_TOOLS if "build" in extras else ()
    todo += TEST_TOOLS if "test" in extras else ()
    found: set[str] = set()
    seen: set[tuple[str, str]] = set()
    waiting = [(Requirement(line), "") for line in todo]
    while waiting:
        needed, asked_by = waiting.pop()
        if needed.marker and not needed.marker.evaluate({**environment, "extra": asked_by}):
            continue
        name = normalised(needed.name)
        found.add(name)
        for extra in ("", *needed.extras):
            if (name, extra) in seen:
                continue
            seen.add((name, extra))
            try:
                lines = importlib.metadata.requires(name) or []
            except importlib.metadata.PackageNotFoundError:
                continue
            waiting += [(Requirement(line), extra) for line in lines]
    return [f"{name}=={versions[name]}" for name in sorted(found)]


def constraints() -> dict[str, str]:
    """The versions in constraints.txt by normalised name."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pairs = (line.split("==") for line in lines if line and not line.startswith("#"))
    return {normalised(name): version for name, version in pairs}


def normalised(name: str) -> str:
    """A distribution's name as the packaging standard compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()
