"""One process, one SQLite: the standard library's copy is never used on anything, whatever the program does."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

WATCHED = """
import json, sys
def watch(event, args):
    if event == "sqlite3.connect":
        print("STDLIB SQLITE", args, file=sys.stderr, flush=True)
    if event == "open" and str(args[0]).endswith(("valhalla.db", "valhalla.db-wal", "valhalla.db-shm")):
        print("PLAIN OPEN", args, file=sys.stderr, flush=True)
sys.addaudithook(watch)
from valhalla.__main__ import main
for words in json.loads(sys.argv[1]):
    sys.argv[1:] = words
    try:
        main()
    except SystemExit as left:
        print(words, left.code, flush=True)
"""


def test_no_command_opens_the_file_through_another_sqlite(home: Path, tmp_path: Path, sample: Path) -> None:
    """All in one process, which is watched from before the first import."""
    commands = [
        ["--home", str(home), *words]
        for words in (
            ["ingest", str(sample)],  # makes the file
            ["ingest", str(sample), "--verbose"],
            ["ingest", str(sample), "--preview"],
            ["run", "--interval", "1", "--cycles", "2", "--source", str(sample)],
            ["leads", "top"],
            ["doctor"],
            ["config", "set", "interval", "9"],
        )
    ]
    answer = subprocess.run(
        [sys.executable, "-c", WATCHED, json.dumps(commands)],
        capture_output=True,
        encoding="utf-8",
        cwd=tmp_path,
        timeout=120,
    )
    assert answer.stderr == ""
    assert [line for line in answer.stdout.splitlines() if line.startswith("['--home'")] == [
        f"{words} 0" for words in commands
    ]


def test_the_watch_sees_what_it_is_for(tmp_path: Path) -> None:
    text = (
        WATCHED.partition("from valhalla")[0]
        + "import sqlite3; sqlite3.connect('x'); open('valhalla.db', 'w')"
    )
    found = subprocess.run(
        [sys.executable, "-c", text], capture_output=True, encoding="utf-8", cwd=tmp_path, timeout=60
    )
    assert "STDLIB SQLITE" in found.stderr and "PLAIN OPEN" in found.stderr
