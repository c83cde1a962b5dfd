"""Makes the virtual environment in which the other scripts run, so that nobody has to.

Needs a Python of at least 3.11 with pip, and nothing else: it works where the system's Python refuses pip outside a
virtual environment, where venv comes without ensurepip, and from a path with spaces. A second call takes a moment: the
environment is made again only when pyproject.toml, constraints.txt, the Python or its own place have changed.

This file is read by whatever ``python3`` is at hand, so it keeps to syntax that old versions understand as well.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, NoReturn

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / ".work"
OLDEST = (3, 11)
STAMP = "valhalla-stamp.json"

# What proves that an environment, which somebody made by hand, has the extra.
PROOF = {
    "dev": (
        "pytest",
        "hypothesis",
        "ruff",
        "mypy",
        "hatchling",
        "sqlite-utils",
        "types-psutil",
        "types-openpyxl",
    ),
    "redis": ("redis",),
}


def ensure(*extras: str) -> Path:
    """Return a Python in which this checkout is installed together with ``extras``, making it when needed.

    The running Python serves when it is in a virtual environment that has everything. Otherwise it is the one in
    ``.work/venv``, or in the folder that ``VALHALLA_VENV`` names. Ends the program with a sentence when that fails.
    """
    if sys.version_info < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        _stop(f"Valhalla needs Python {oldest} or newer; this is {sys.version.split()[0]}.")
    chosen = os.environ.get("VALHALLA_VENV")
    if not chosen and _running_one_serves(extras):
        return Path(sys.executable)
    venv = Path(chosen).absolute() if chosen else WORK / "venv"
    python = venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp = venv / STAMP
    wanted = _fingerprint(venv)
    have = _read_stamp(stamp)
    if have.get("fingerprint") != wanted:
        _make(venv, python)
        have = {"fingerprint": wanted, "extras": None}
    installed = have["extras"]
    if installed is None or not set(extras) <= set(installed):
        both = sorted({*extras, *(installed or ())})
        _install(python, both)
        stamp.write_text(json.dumps({"fingerprint": wanted, "extras": both}), encoding="utf-8")
    return python


def enter(*extras: str) -> None:
    """Go on in an environment with ``extras``: return when the running Python is in it, else run this script there."""
    python = ensure(*extras)
    if Path(sys.prefix).resolve() != python.parent.parent.resolve():
        command = [str(python), *sys.argv]
        sys.exit(subprocess.run(command, env=clean_environment(), check=False).returncode)


def clean_environment() -> dict[str, str]:
    """Return the environment variables without those that would lead a virtual environment's Python astray, and without the
    one by which it would compile our modules again at each start, as no installed program does."""
    astray = ("PYTHONHOME", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE")
    env = {key: value for key, value in os.environ.items() if key not in astray}
    env["PIP_USER"] = "0"
    env["PYTHONUTF8"] = "1"
    return env


def _running_one_serves(extras: tuple[str, ...]) -> bool:
    if sys.prefix == sys.base_prefix:
        return False
    spec = importlib.util.find_spec("valhalla")
    if spec is None or spec.origin is None or Path(spec.origin).resolve().parent != ROOT / "valhalla":
        return False
    try:
        for name in ("valhalla", *(name for extra in extras for name in PROOF[extra])):
            importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def _fingerprint(venv: Path) -> str:
    digest = hashlib.sha256()
    for part in (str(venv), str(ROOT), sys.version, sys.base_prefix):
        digest.update(part.encode() + b"\0")
    for name in ("pyproject.toml", "constraints.txt"):
        digest.update((ROOT / name).read_bytes() + b"\0")
    return digest.hexdigest()


def _read_stamp(stamp: Path) -> dict[str, Any]:
    try:
        found = json.loads(stamp.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _make(venv: Path, python: Path) -> None:
    print(f"Setting up {_shown(venv)} with Python {sys.version.split()[0]} ...", flush=True)
    stamp = venv / STAMP
    try:
        if venv.exists():
            if any(venv.iterdir()) and not stamp.exists():
                _stop(
                    f"{venv} was not made by this script; move it away, or name another folder in VALHALLA_VENV."
                )
            shutil.rmtree(venv)
        venv.mkdir(parents=True)
        stamp.write_text("{}", encoding="utf-8")  # so that one that was never finished is known as ours
    except OSError as error:
        _stop(f"{venv} cannot be made again ({error.strerror}); is something running from it?")
    if _run([sys.executable, "-m", "venv", str(venv)]).returncode == 0:
        return
    # Debian ships venv without ensurepip; the pip that is there can still install one into the new environment.
    for command in (
        [sys.executable, "-m", "venv", "--without-pip", str(venv)],
        [sys.executable, "-m", "pip", "--python", str(python), "install", "-c", "constraints.txt", "pip"],
    ):
        done = _run(command)
        if done.returncode:
            _stop(f"Could not make a virtual environment in {venv}:\n{_tail(done)}")


def _install(python: Path, extras: list[str]) -> None:
    what = ".[{}]".format(",".join(extras)) if extras else "."
    print("Installing what it needs (a minute or two, only this once) ...", flush=True)
    pip = [str(python), "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]
    # Modules are compiled when they are first imported: most of the 10,000 never are.
    pip += ["--no-compile", "-c", "constraints.txt"]
    # The build backend first and without isolation, so that its version is the one in constraints.txt too.
    for arguments in (["hatchling"], ["--no-build-isolation", "-e", what]):
        done = _run(pip + arguments)
        if done.returncode:
            _stop("pip could not install {}:\n{}".format(" ".join(arguments), _tail(done)))


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=ROOT,
        env=clean_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
    )


def _tail(done: subprocess.CompletedProcess[str]) -> str:
    return "\n".join("  " + line for line in done.stdout.strip().splitlines()[-12:])


def _shown(path: Path) -> str:
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def _stop(sentence: str) -> NoReturn:
    print(sentence, file=sys.stderr)
    sys.exit(1)
