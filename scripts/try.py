"""Shows the main job on the ten sample leads: three cycles, then who to call and why.

``python3 scripts/try.py`` does all set-up itself. What it reads and decides stays in ``.work/home`` (``--home`` for
another folder), so a second call finds the same ten leads unchanged.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from bootstrap import ROOT, WORK, clean_environment, ensure


def main() -> int:
    """Run it; the exit code is that of the first command that failed, else 0."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--home", type=Path, default=WORK / "home", help="where the file is kept (%(default)s)"
    )
    parser.add_argument(
        "--source", type=Path, default=ROOT / "examples" / "real_leads.csv", help="a lead list"
    )
    options = parser.parse_args()
    python = ensure()
    env = clean_environment() | {"VALHALLA_HOME": str(options.home.absolute())}
    source = str(options.source.absolute())
    for arguments in (
        ["run", "--source", source, "--interval", "1", "--cycles", "3", "--no-cockpit"],
        ["leads", "top"],
    ):
        print("\n$ valhalla " + " ".join(_shown(argument) for argument in arguments), flush=True)
        # Python itself is named, because a launcher script cannot start from a path with a space on every system.
        done = subprocess.run([str(python), "-m", "valhalla", *arguments], env=env, check=False)
        if done.returncode:
            return done.returncode
    program = python.with_name("valhalla.exe" if os.name == "nt" else "valhalla")
    print(f'\nGo on with:\n  "{_shown(program)}" --home "{_shown(options.home.absolute())}" leads show 1')
    return 0


def _shown(argument: object) -> str:
    """Paths inside the checkout as a person in it would write them."""
    path = Path(str(argument))
    return str(path.relative_to(ROOT)) if path.is_absolute() and path.is_relative_to(ROOT) else str(argument)


if __name__ == "__main__":
    sys.exit(main())
