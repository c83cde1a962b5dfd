"""The steps of a release, one by one, so that they can be tried anywhere. The workflow calls them in this order:

python3 scripts/release.py install linux      what is pinned by hash, into .work/release
python3 scripts/release.py version v0.1.0     the tag is the version, and CHANGELOG.md knows it
python3 scripts/release.py build              both products into dist/
python3 scripts/release.py pack               the folder into its archive again, after signing
python3 scripts/release.py inspect            VCRUNTIME140.dll is there, licences are there, the size is kept
python3 scripts/release.py test               tests/product on both products
python3 scripts/release.py queue dist/queue   the distribution valhalla-queue into a folder
python3 scripts/release.py checksums linux    what is published, with SHA-256, into dist/release
"""

from __future__ import annotations

import hashlib
import importlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import queue_distribution
from bootstrap import ROOT, clean_environment, enter

VENV = ROOT / ".work" / "release"
DIST = ROOT / "dist"
OUT = DIST / "release"
WINDOWS = sys.platform == "win32"
EXECUTABLE = DIST / ("valhalla.exe" if WINDOWS else "valhalla")
FOLDER = DIST / "valhalla-portable"
ARCHIVE = DIST / ("valhalla-portable.zip" if WINDOWS else "valhalla-portable.tar.gz")
BUILDERS = ("setuptools==", "hatchling==", "packaging==", "pathspec==", "pluggy==", "trove-classifiers==")
LARGEST = 35 * 2**20
"""Bytes of the one-file executable that nobody has to wait for."""


def install(name: str) -> None:
    """Install with hashes: a file that is not the one that was pinned is refused."""
    if not _python().exists():
        _run(sys.executable, "-m", "venv", str(VENV))
    pinned = ROOT / "build" / f"requirements-{name}.txt"
    pip = (str(_python()), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps")
    hashed = (*pip, "--require-hashes", "-r")
    # What builds the few that come as source is pinned too, and has to be there first: nothing is fetched on the side.
    lines = pinned.read_text(encoding="utf-8").splitlines(keepends=True)
    first = ROOT / ".work" / "release-first.txt"
    first.write_text("".join(line for line in lines if line.startswith(BUILDERS)), encoding="utf-8")
    _run(*hashed, str(first))
    _run(*hashed, str(pinned), "--no-build-isolation")
    _run(*pip, "--no-build-isolation", "-e", str(ROOT))


def version(tag: str) -> None:
    """End with a sentence unless ``tag`` is ``v`` and the version, and CHANGELOG.md has a heading for it."""
    words: dict[str, str] = {}
    exec((ROOT / "valhalla" / "__init__.py").read_text(encoding="utf-8"), words)
    told = words["__version__"]
    if tag != f"v{told}":
        sys.exit(f"the tag {tag} is not the version {told} of valhalla/__init__.py")
    if f"\n## {told}" not in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"):
        sys.exit(f"CHANGELOG.md has no heading for {told}")


def build() -> None:
    """Build both products."""
    _run(
        str(_python()), "-m", "PyInstaller", "--noconfirm", "--clean", "--log-level", "WARN",
        "--distpath", str(DIST), "--workpath", str(ROOT / ".work" / "pyinstaller"),
        str(ROOT / "build" / "valhalla.spec"),
    )  # fmt: skip


def pack() -> None:
    """Make the archive of the folder again."""
    sys.path.insert(0, str(ROOT / "build"))

    importlib.import_module("portable").pack(FOLDER)


def inspect() -> None:
    """End with a sentence when something is missing or too large."""
    size = EXECUTABLE.stat().st_size
    print(
        f"{EXECUTABLE.name}: {size / 2**20:.1f} MB; {ARCHIVE.name}: {ARCHIVE.stat().st_size / 2**20:.1f} MB"
    )
    if size > LARGEST:
        sys.exit(f"{EXECUTABLE.name} is larger than {LARGEST // 2**20} MB")
    names = {path.name.lower() for path in FOLDER.rglob("*")}
    wanted = {"licences.txt", "0001_first.sql", "packet.html", "real_leads.csv", "cockpit.css", "beside.zip"}
    wanted |= {"vcruntime140.dll", "vcruntime140_1.dll"} if WINDOWS else set()
    if missing := sorted(wanted - names):
        sys.exit(f"missing in the folder: {', '.join(missing)}")


def test() -> None:
    """Test both products as a person uses them."""
    _run(
        str(_python()),
        "-m",
        "pytest",
        "-q",
        "tests/product",
        environment={"VALHALLA_TEST_PRODUCT": str(DIST)},
    )


def queue(folder: str) -> None:
    """The wheel and the source archive of the queue as a package of its own."""
    enter("dev")
    for path in queue_distribution.build(Path(folder)):
        print(path)


def checksums(name: str) -> None:
    """Lay out what is published, under names that say what it is, with a file of checksums."""
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    lines = []
    for file in (EXECUTABLE, ARCHIVE):
        published = file.name if WINDOWS else file.name.replace("valhalla", f"valhalla-{name}", 1)
        copy = Path(shutil.copy2(file, OUT / published))
        lines.append(f"{hashlib.sha256(copy.read_bytes()).hexdigest()}  {copy.name}\n")
    (OUT / f"checksums-{name}.txt").write_text("".join(lines), encoding="utf-8", newline="\n")
    print("".join(lines), end="")


def _python() -> Path:
    return VENV / ("Scripts/python.exe" if WINDOWS else "bin/python")


def _run(*command: str, environment: dict[str, str] | None = None) -> None:
    done = subprocess.run(command, cwd=ROOT, env=clean_environment() | (environment or {}), check=False)
    if done.returncode:
        sys.exit(done.returncode)


STEPS = {
    "install": install,
    "version": version,
    "build": build,
    "pack": pack,
    "inspect": inspect,
    "test": test,
    "queue": queue,
    "checksums": checksums,
}


def main() -> int:
    """Make the step that is named."""
    words = sys.argv[1:]
    if not words or words[0] not in STEPS:
        print(__doc__, file=sys.stderr)
        return 2
    step = STEPS[words[0]]
    os.chdir(ROOT)
    step(*words[1:])  # type: ignore[operator]
    return 0


if __name__ == "__main__":
    sys.exit(main())
