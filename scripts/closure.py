"""Which distributions something needs: a product on a system, with the versions of constraints.txt, or any requirements anywhere."""

from __future__ import annotations

import importlib.metadata
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence

from bootstrap import ROOT

SYSTEMS = {
    "win32": {"sys_platform": "win32", "platform_system": "Windows", "os_name": "nt", "platform_machine": "AMD64"},
    "linux": {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix", "platform_machine": "x86_64"},
    "darwin": {"sys_platform": "darwin", "platform_system": "Darwin", "os_name": "posix", "platform_machine": "arm64"},
}  # fmt: skip
BUILD_TOOLS = ("pyinstaller", "pillow", "setuptools", "hatchling", "tzdata")
"""What makes the executable: PyInstaller, the icon's painter, the build backend, and the time zones that are packed for every system."""

TEST_TOOLS = ("pytest",)
"""What the built product is tested with."""


def pins(system: str, python: str, *extras: str) -> list[str]:
    """``name==version`` of every distribution that Valhalla with ``extras`` needs on ``system`` (``win32``, ``linux``)
    under Python ``python`` (``311``); the extras ``build`` and ``test`` stand for what makes
    the executable and what it is tested with.
    """
    versions = constraints()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    optional = project["optional-dependencies"]
    wanted = [*project["dependencies"], *(line for extra in extras for line in optional.get(extra, ()))]
    wanted += BUILD_TOOLS if "build" in extras else ()
    wanted += TEST_TOOLS if "test" in extras else ()
    here = environment(system, f"{python[0]}.{python[1:]}.9")
    return [f"{name}=={versions[name]}" for name in sorted(needed(wanted, [here]))]


def environment(system: str, python: str) -> dict[str, str]:
    """What markers ask about, on ``system`` under the release ``python`` (``3.11.9``) of CPython."""
    return {
        **SYSTEMS[system],
        "python_version": python.rpartition(".")[0],
        "python_full_version": python,
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
    }


def needed(wanted: Iterable[str], environments: Sequence[Mapping[str, str]]) -> set[str]:
    """The normalised names of what is ``wanted`` (requirements) and of all that it needs in any of the environments.

    Follows the metadata of what is installed for the running Python; what is not installed there is named, not followed.
    """
    from packaging.requirements import Requirement

    seen: set[tuple[str, str]] = set()
    waiting = [(Requirement(line), "") for line in wanted]
    while waiting:
        requirement, asked_by = waiting.pop()
        marker = requirement.marker
        if marker and not any(marker.evaluate({**each, "extra": asked_by}) for each in environments):
            continue
        name = normalised(requirement.name)
        for extra in ("", *requirement.extras):
            if (name, extra) in seen:
                continue
            seen.add((name, extra))
            try:
                lines = importlib.metadata.requires(name) or []
            except importlib.metadata.PackageNotFoundError:
                continue
            waiting += [(Requirement(line), extra) for line in lines]
    return {name for name, _ in seen}


def constraints() -> dict[str, str]:
    """The versions in constraints.txt by normalised name."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pairs = (line.split("==") for line in lines if line and not line.startswith("#"))
    return {normalised(name): version for name, version in pairs}


def normalised(name: str) -> str:
    """A distribution's name as the packaging standard compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()
