"""The home's file is deleted, moved, replaced or written over while ``valhalla run`` works on it: real processes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from valhalla.audit.restoring import restore
from valhalla.program.database import open_database
from valhalla.program.home import Home
from valhalla.scoring.opening import open_home

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="Windows lets nobody delete or move a file in use"
)
LONG = bool(os.environ.get("VALHALLA_LONG"))

Blow = Callable[[Path, Path], object]
BLOWS: dict[str, tuple[Blow, str]] = {
    "deleted": (lambda path, copy: path.unlink(), "was deleted or moved away"),
    "written over": (lambda path, copy: shutil.copyfile(copy, path), "was written over"),
    "log deleted": (lambda path, copy: path.with_name("valhalla.db-wal").unlink(), "lost its log"),
    "moved": (lambda path, copy: path.rename(path.with_name("moved.db")), "was deleted or moved away"),
    "replaced": (lambda path, copy: os.replace(copy, path), "was replaced by another file"),
}
SHORT = ("deleted", "written over", "log deleted")


@pytest.fixture
def running(tmp_path: Path, sample_leads: Path) -> Iterator[subprocess.Popen[str]]:
    """A run whose first cycle has stored the sample."""
    process = subprocess.Popen(
        [sys.executable, "-m", "valhalla", "--home", str(tmp_path / "home"), "run", "--no-cockpit", "--interval", "1",
         "--source", str(sample_leads)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )  # fmt: skip
    assert process.stdout is not None
    for line in process.stdout:
        if "[OK]" in line:
            break
    yield process
    process.kill()
    process.communicate()


def saved_in(home: Path) -> Path:
    (found,) = home.glob("valhalla-rescued-*.db")
    return found


@pytest.mark.parametrize("blow", [name for name in BLOWS if LONG or name in SHORT])
def test_a_run_stops_says_what_happened_and_saves_what_it_holds(
    blow: str, running: subprocess.Popen[str], tmp_path: Path
) -> None:
    home, (strike, what) = Home(tmp_path / "home"), BLOWS[blow]
    with open_home(Home(tmp_path / "another")) as database:
        database.checkpoint()
    strike(home.database, tmp_path / "another" / "valhalla.db")

    _, complaint = running.communicate(timeout=60)

    assert running.returncode == 3
    (line,) = complaint.splitlines()
    assert line.startswith(f"{home.database} {what}")
    saved = saved_in(home.path)
    assert str(saved) in line
    if blow == "written over":
        with open_database(home.database, create=False) as database:
            assert database.value("SELECT count(*) FROM lead") == 0, "what was put there was changed"
        return
    with open_database(saved, create=False) as database:
        assert database.value("SELECT count(*) FROM lead") == 10
        assert database.value("SELECT severity FROM alert WHERE task = 'database'") == "critical"
    if blow in ("deleted", "moved"):
        assert not home.database.exists(), "it was made again"
        assert not home.database.with_name("valhalla.db-wal").exists()
        restore(home, saved)
        with open_database(home.database, create=False) as database:
            assert database.value("SELECT count(*) FROM lead") == 10
