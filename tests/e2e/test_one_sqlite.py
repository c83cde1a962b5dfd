"""One process, one SQLite: the standard library's copy is never used on anything, whatever the program does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

WATCHED = """
import sys
def watch(event, args):
    if event == "sqlite3.connect":
        print("STDLIB SQLITE", args, file=sys.stderr, flush=True)
    if event == "open" and str(args[0]).endswith(("valhalla.db", "valhalla.db-wal", "valhalla.db-shm")):
        print("PLAIN OPEN", args, file=sys.stderr, flush=True)
sys.addaudithook(watch)
from valhalla.__main__ import main
main()
"""


@pytest.mark.parametrize(
    "command",
    [
        ["run", "--interval", "1", "--cycles", "2", "--source", "SAMPLE"],
        ["ingest", "SAMPLE", "--verbose"],
        ["ingest", "SAMPLE", "--preview"],
        ["leads", "top"],
        ["doctor"],
        ["config", "set", "interval", "9"],
    ],
    ids=" ".join,
)
def test_no_command_opens_the_file_through_another_sqlite(
    home: Path, tmp_path: Path, sample: Path, command: list[str]
) -> None:
    words = [str(sample) if word == "SAMPLE" else word for word in command]

    def watched(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", WATCHED, "--home", str(home), *arguments],
            capture_output=True,
            encoding="utf-8",
            cwd=tmp_path,
            timeout=60,
        )

    assert watched("ingest", str(sample)).stderr == ""
    answer = watched(*words)
    assert answer.returncode == 0
    assert answer.stderr == ""


def test_the_watch_sees_what_it_is_for(tmp_path: Path) -> None:
    text = (
        WATCHED.partition("from valhalla")[0]
        + "import sqlite3; sqlite3.connect('x'); open('valhalla.db', 'w')"
    )
    found = subprocess.run(
        [sys.executable, "-c", text], capture_output=True, encoding="utf-8", cwd=tmp_path, timeout=60
    )
    assert "STDLIB SQLITE" in found.stderr and "PLAIN OPEN" in found.stderr
