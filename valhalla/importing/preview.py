"""What an import would do, without doing it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from db import Database, copying


@contextmanager
def scratch_copy(database: Database) -> Iterator[Database]:
    """A copy of the file that is thrown away: what an import does to it is exactly what it would do to the file."""
    with tempfile.TemporaryDirectory(prefix="valhalla-preview-", ignore_cleanup_errors=True) as folder:
        path = copying.copy(database, Path(folder) / "preview.db")
        with Database.open(path) as scratch:
            yield scratch
