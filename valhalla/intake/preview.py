"""What an import would do, without doing it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager

from db import Database, copying
from jobs import JobQueue
from valhalla.intake.passes import Importing
from valhalla.program.database import open_database
from valhalla.program.scratch import scratch_folder
from valhalla.scoring import store as stages


@contextmanager
def scratch_copy(database: Database) -> Iterator[Database]:
    """A copy of the file that is thrown away: what an import does to it is exactly what it would do to the file."""
    with scratch_folder(database.path) as folder:
        path = copying.copy(database, folder / "preview.db")
        with open_database(path) as scratch:
            yield scratch


# -- Trying an import on a copy that is thrown away: what it does there is exactly what it would do to the file


@contextlib.contextmanager
def trial(database: Database | None) -> Iterator[Importing]:
    """Imports into a copy of ``database`` (None: into an empty file), with workers of its own."""
    with _scratch(database) as scratch:
        stages.seed(scratch)
        queue = JobQueue(scratch)
        importing = Importing(scratch, queue)
        worker = queue.worker(threads=2)
        worker.start()
        try:
            yield importing
        finally:
            worker.stop(timeout=2.0)


@contextlib.contextmanager
def _scratch(database: Database | None) -> Iterator[Database]:
    if database is not None:
        with scratch_copy(database) as scratch:
            yield scratch
        return
    with (
        scratch_folder(None) as folder,
        open_database(folder / "preview.db") as empty,
    ):
        yield empty
