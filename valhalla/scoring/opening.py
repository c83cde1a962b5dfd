"""Opening a home's file, ready to work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from db import Database
from valhalla.program.database import open_database
from valhalla.program.home import Home
from valhalla.program.later import later
from valhalla.scoring import sql

if TYPE_CHECKING:
    from valhalla.scoring import store
else:
    store = later("valhalla.scoring.store")


@contextmanager
def open_home(home: Home) -> Iterator[Database]:
    """Make the home's folders, open its file (made or migrated when needed) and put the first policy into a new one."""
    home.prepare()
    with open_database(home.database) as database:
        if database.one(sql.LATEST_POLICY) is None:
            store.seed(database)
        yield database
