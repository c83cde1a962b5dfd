"""What the program writes is for its user only."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from db import audit
from valhalla.audit import verifying
from valhalla.intake.preview import scratch_copy
from valhalla.program.database import open_database
from valhalla.program.home import Home

pytestmark = pytest.mark.skipif(os.name == "nt", reason="rights are kept differently there")


def others(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode) & 0o077


def test_a_home_that_existed_with_wider_rights_is_mended(tmp_path: Path) -> None:
    home = Home(tmp_path)
    mine = [
        home.database,
        home.path / "valhalla.db-wal",
        home.logs / "run.log",
        home.audit / "a.db",
        home.packets / "1" / "p.html",
    ]
    theirs = [home.inbox / "list.csv", home.path / "notes.txt"]
    for path in (*mine, *theirs):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
        path.chmod(0o644)
        path.parent.chmod(0o755)
    home.packets.chmod(0o755)  # whatever the umask of this process is
    home.prepare()
    assert [others(path) for path in (*mine, home.logs, home.audit, home.packets)] == [0] * 8
    assert [others(path) for path in theirs] == [0o44] * 2


def test_whatever_a_command_writes_is_0600(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("name,email,value\nAnn,ann@example.com,100000\n")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "valhalla",
            "--home",
            str(tmp_path / "home"),
            "ingest",
            str(tmp_path / "list.csv"),
        ],
        umask=0o022,
        capture_output=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    written = [path for path in (tmp_path / "home").rglob("*") if path.is_file()]
    assert written
    assert [path for path in written if others(path)] == []


def test_previews_lie_under_the_home_and_what_a_killed_one_left_is_swept_at_start(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.prepare()
    with open_database(home.database) as database, scratch_copy(database) as copy:
        assert copy.path is not None and home.path in copy.path.parents
        assert others(copy.path.parent) == 0
        dead = subprocess.Popen([sys.executable, "-c", ""])
        dead.wait()
        left = home.path / ".scratch" / f"valhalla-{dead.pid}-x"
        left.mkdir()
        (left / "preview.db").write_text("Ann")
        home.prepare()
        assert not left.exists()
        assert copy.path.exists()
    assert list((home.path / ".scratch").iterdir()) == []


def test_copies_for_a_verification_lie_under_the_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home(tmp_path / "home")
    home.prepare()
    taken = tmp_path / "taken.db"
    with open_database(home.database) as database:
        with database.write():
            audit.append(database, "late", "x", {})
        code = "import shutil, sys; [shutil.copyfile(sys.argv[1] + s, sys.argv[2] + s) for s in ('', '-wal')]"
        subprocess.run([sys.executable, "-c", code, str(home.database), str(taken)], check=True)
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere")
    verdict = verifying.copy_of_file(taken, home=home)
    assert verdict.ok and "was read with it" in verdict.notes[0]
    assert list((home.path / ".scratch").iterdir()) == []
