"""Draws the README's picture: a call list as a terminal shows it.

``python3 scripts/picture.py`` writes docs/images/leads-top.svg from what ``valhalla leads top`` really prints about a
generated list. Only the phone numbers are replaced, by ones that are reserved for fiction.
"""

from __future__ import annotations

import io
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from bootstrap import ROOT, clean_environment, enter
from make_leads import write_leads

WIDTH = 100
PICTURE = ROOT / "docs" / "images" / "leads-top.svg"


def main() -> int:
    """Read the sample leads into a home that is thrown away, and draw the list."""
    from rich.console import Console
    from rich.text import Text

    shown = ("leads", "top", "--limit", "4")
    with tempfile.TemporaryDirectory() as folder:
        source, home = Path(folder) / "leads.csv", str(Path(folder) / "home")
        write_leads(source, 2_000, seed=4)
        _valhalla("ingest", str(source), "--home", home)
        # So that the picture does not depend on the hour at which it is drawn.
        _valhalla("config", "set", "quiet_hours", "03:00-03:01", "--home", home)
        printed = _valhalla(*shown, "--home", home)
    printed = re.sub(r"(\b\d{3}-)\d{3}-\d\d(\d\d)", r"\g<1>555-01\2", printed)
    console = Console(record=True, width=WIDTH, file=io.StringIO())
    console.print(Text(f"$ valhalla {' '.join(shown)}", style="bold"))
    console.print(Text.from_ansi(printed.rstrip()))
    drawn = console.export_svg(title="valhalla", unique_id="leads")
    # The picture asks nobody for a font: what looks at it has one.
    drawn = re.sub(r"@font-face \{.*?\}\n?", "", drawn, flags=re.DOTALL)
    drawn = drawn.replace(
        "Fira Code, monospace", "Cascadia Mono, Consolas, Menlo, DejaVu Sans Mono, monospace"
    )
    drawn = "\n".join(line.rstrip() for line in drawn.splitlines() if line.strip()) + "\n"
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    PICTURE.write_text(drawn, encoding="utf-8", newline="\n")
    print(PICTURE.relative_to(ROOT))
    return 0


def _valhalla(*arguments: str) -> str:
    # TTY_COMPATIBLE and FORCE_COLOR are rich's own switches for a terminal that is none.
    env = clean_environment() | {
        "FORCE_COLOR": "1",
        "TTY_COMPATIBLE": "1",
        "COLUMNS": str(WIDTH),
        "TERM": "xterm-256color",
    }
    env.pop("NO_COLOR", None)
    done = subprocess.run(
        [sys.executable, "-m", "valhalla", *arguments],
        env=env,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode:
        sys.exit(f"valhalla {' '.join(arguments)} failed: {done.stderr}")
    return done.stdout


if __name__ == "__main__":
    enter()
    sys.exit(main())
