"""A home for files that are audited."""

from __future__ import annotations

from pathlib import Path

import pytest

from valhalla.program.home import Home


@pytest.fixture
def place(tmp_path: Path) -> Home:
    """A prepared home without a file."""
    home = Home(tmp_path / "home")
    home.prepare()
    return home
