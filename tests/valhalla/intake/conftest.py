"""A home to read lists into."""

from __future__ import annotations

from pathlib import Path

import pytest

from valhalla.program.home import Home


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.chdir(tmp_path)
    home = Home(tmp_path / "home")
    home.prepare()
    return home
