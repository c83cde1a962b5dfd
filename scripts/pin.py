"""Writes constraints.txt again: the exact version of everything that a fresh install picks today.

``python3 scripts/pin.py`` installs the project with all extras into a fresh environment, adds what the same packages
would pull in on the other systems and Python versions, and notes the versions. Run it to move to newer releases, then
run ``scripts/check`` and commit both.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from itertools import product
from pathlib import Path

from bootstrap import ROOT, clean_environment
from closure import SYSTEMS, environment, needed

EXTRAS = ("dev", "otel", "postgres", "redis", "s3")
PYTHONS = ("3.11.0", "3.12.0", "3.13.0", "3.14.0")
HEADING = """\
# Exact versions of everything that a fresh install picks, for every supported system; made by scripts/pin.py.
# Use: pip install -c constraints.txt .
"""


def needed_names() -> set[str]:
    """The normalised names of all distributions that Valhalla with its extras needs on any supported system."""
    everywhere = [environment(system, version) for system, version in product(SYSTEMS, PYTHONS)]
    return needed([f"valhalla[{','.join(EXTRAS)}]"], everywhere) - {"valhalla", "pip"}


def main() -> int:
    """Install, look, freeze, write."""
    with tempfile.TemporaryDirectory() as folder:
        venv = Path(folder) / "venv"
        _output(sys.executable, "-m", "venv", str(venv))
        python = str(venv / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python"))
        pip = (python, "-m", "pip", "--disable-pip-version-check")
        # A new environment may bring an old setuptools, which newer Pythons cannot use.
        _output(*pip, "install", "--quiet", "--upgrade", "setuptools", "packaging")
        _output(*pip, "install", "--quiet", "-e", f".[{','.join(EXTRAS)}]")
        named: list[str] = []
        while (more := _output(python, __file__, "--names").split()) != named:
            named = more
            _output(*pip, "install", "--quiet", *named)
        frozen = _output(*pip, "freeze", "--all", "--exclude-editable").splitlines()
    lines = sorted((line for line in frozen if "==" in line and not line.startswith("pip==")), key=str.lower)
    (ROOT / "constraints.txt").write_text(HEADING + "\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    print(f"constraints.txt: {len(lines)} distributions")
    return 0


def _output(*command: str) -> str:
    done = subprocess.run(
        command, cwd=ROOT, env=clean_environment(), capture_output=True, encoding="utf-8", check=False
    )
    if done.returncode:
        sys.exit(f"{' '.join(command[:6])} failed:\n{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    if sys.argv[1:] == ["--names"]:
        print("\n".join(sorted(needed_names())))
        sys.exit()
    sys.exit(main())
