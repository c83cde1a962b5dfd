"""Writes build/requirements-windows.txt and build/requirements-linux.txt again: what a release is built from, with hashes.

``python3 scripts/pin_release.py`` downloads every distribution that the executable is made of and with, in the versions of
constraints.txt, and notes the hash of each file that pip would choose there. Run it after scripts/pin.py, and commit both. The
release workflow installs with ``--require-hashes``, so what was not downloaded and tested here cannot get in.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
from pathlib import Path

from bootstrap import ROOT, clean_environment, enter
from closure import pins

PYTHON = "313"
"""The version that releases are built with."""

PLATFORMS = {
    "windows": ("win32", ["win_amd64"]),
    "linux": ("linux", [f"manylinux_2_{minor}_x86_64" for minor in (17, 28, 34)] + ["manylinux2014_x86_64"]),
}
EXTRAS = ("redis", "build", "test")
HEADING = """\
# What the executable for {name} is made of, made with and tested with, under Python {python}; by scripts/pin_release.py.
# Use: pip install --require-hashes --no-deps -r build/requirements-{name}.txt
"""


def main() -> int:
    """Download, hash, write."""
    for name, (system, platforms) in PLATFORMS.items():
        lines = [HEADING.format(name=name, python=f"{PYTHON[0]}.{PYTHON[1:]}")]
        wanted = pins(system, PYTHON, *EXTRAS)
        for pin in wanted:
            lines.append(f"{pin} --hash=sha256:{_hash(pin, platforms)}\n")
        (ROOT / "build" / f"requirements-{name}.txt").write_text(
            "".join(lines), encoding="utf-8", newline="\n"
        )
        print(f"build/requirements-{name}.txt: {len(wanted)} distributions", flush=True)
    return 0


def _hash(pin: str, platforms: list[str]) -> str:
    """The SHA-256 of the file that pip chooses: a wheel, or the source where there is none."""
    with tempfile.TemporaryDirectory() as folder:
        wheel = [f"--platform={platform}" for platform in platforms]
        wheel += [f"--python-version={PYTHON}", "--implementation=cp", "--only-binary=:all:"]
        if not _download(pin, folder, wheel) and not _download(
            pin, folder, ["--no-binary=:all:", "--no-build-isolation"]
        ):
            raise SystemExit(f"{pin} cannot be downloaded")
        (file,) = Path(folder).iterdir()
        return hashlib.sha256(file.read_bytes()).hexdigest()


def _download(pin: str, folder: str, options: list[str]) -> bool:
    # Files that were built on this machine have other hashes than those that are published.
    environment = {**clean_environment(), "PIP_FIND_LINKS": "", "PIP_EXTRA_INDEX_URL": "", "NO_SQLITE": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-cache-dir", "--dest", folder, *options, pin],
        cwd=ROOT, env=environment, capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip
    return done.returncode == 0


if __name__ == "__main__":
    enter("dev", "redis")
    sys.exit(main())
