"""What the program knows about itself as an executable."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from valhalla import frozen


def test_python_with_packages_is_no_executable() -> None:
    assert not frozen.is_frozen()
    assert frozen.unpacked_folder() is None
    assert frozen.program() == [sys.executable, "-m", "valhalla"]
    assert frozen.own_environment() == dict(os.environ)


def test_the_one_file_executable_knows_its_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "_MEIPASS", str(tmp_path / "_MEI123"), raising=False)
    monkeypatch.setenv("LD_LIBRARY_PATH", "/ours:/theirs")
    monkeypatch.setenv("LD_LIBRARY_PATH_ORIG", "/theirs")

    assert frozen.unpacked_folder() == tmp_path / "_MEI123"
    assert frozen.program() == [sys.executable]
    environment = frozen.own_environment()
    assert environment["PYINSTALLER_RESET_ENVIRONMENT"] == "1"
    assert environment["LD_LIBRARY_PATH"] == "/theirs"


def test_the_portable_folder_is_unpacked_by_nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "_MEIPASS", str(tmp_path / "_internal"), raising=False)
    assert frozen.unpacked_folder() is None
