"""A home whose database is protected."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from db import Database
from valhalla.program.database import open_database
from valhalla.program.home import Home
from valhalla.scoring import store


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    home.prepare()
    return home


@pytest.fixture
def database(home: Home) -> Iterator[Database]:
    with open_database(home.database) as database:
        store.seed(database)
        yield database
