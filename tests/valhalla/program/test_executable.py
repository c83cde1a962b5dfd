"""What the program knows about itself as an executable."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from valhalla.program import executable


def test_python_with_packages_is_no_executable() -> None:
    assert not executable.is_frozen()
    assert executable.unpacked_folder() is None
    assert executable.program() == [sys.executable, "-m", "valhalla"]
    assert executable.own_environment() == dict(os.environ)


def test_the_one_file_executable_knows_its_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "_MEIPASS", str(tmp_path / "_MEI123"), raising=False)
    monkeypatch.setenv("LD_LIBRARY_PATH", "/ours:/theirs")
    monkeypatch.setenv("LD_LIBRARY_PATH_ORIG", "/theirs")

    assert executable.unpacked_folder() == tmp_path / "_MEI123"
    assert executable.program() == [sys.executable]
    environment = executable.own_environment()
    assert environment["PYINSTALLER_RESET_ENVIRONMENT"] == "1"
    assert environment["LD_LIBRARY_PATH"] == "/theirs"


def test_the_portable_folder_is_unpacked_by_nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "_MEIPASS", str(tmp_path / "_internal"), raising=False)
    assert executable.unpacked_folder() is None
