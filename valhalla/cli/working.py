"""A home with somebody who runs its jobs: this process, or the instance that is running already."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from valhalla.cli.invocation import Invocation
from valhalla.program.errors import UsageError

if TYPE_CHECKING:
    from db import Database
    from valhalla.intake.passes import Importing
    from valhalla.service.importing import ImportingProgram

INDEX_AT_ONCE = 5_000
"""A command brings the search index up to date at its end when no more leads than this are missing in it. The index of
a large list is made while Valhalla runs; a search looks through what is not indexed yet."""

INDEX_SECONDS = 1.0
"""How long a command waits for that."""


@contextmanager
def working(inv: Invocation, command: str) -> Iterator[ImportingProgram]:
    """The home's program, with a worker for its imports. The home's lock is held as long as no instance runs."""
    with opened(inv, command) as program, at_work(program, command):
        yield program


@contextmanager
def opened(inv: Invocation, command: str) -> Iterator[ImportingProgram]:
    """The home's program; :func:`at_work` gives it a worker."""
    from valhalla.service.importing import ImportingProgram

    if inv.file:
        raise UsageError(f"--db only reads; use --home with {command}")
    inv.home.prepare()
    with ImportingProgram.open(inv.home) as program:
        inv.note(command)
        yield program


@contextmanager
def at_work(program: ImportingProgram, command: str) -> Iterator[None]:
    """A worker for the program's imports, unless an instance runs, whose worker does the work."""
    from db.errors import DiskFull, InstanceRunning
    from valhalla.intake.lines import warn
    from valhalla.leads import call_list_index
    from valhalla.program.heap import few_heaps
    from valhalla.program.instance import Instance

    few_heaps()
    instance = Instance(program.home.path)
    importing, queue = program.importing, program.queue
    importing.space.say = warn
    worker = None
    try:
        instance.acquire(command)
        # One thread may be busy with the search index. The background queue is for the running instance.
        worker = queue.worker(threads=2, queues=[queue.name])
        worker.start()
    except InstanceRunning:
        pass  # the running instance's worker does the work; this process only waits for it
    try:
        yield
        if worker:
            _let_index(importing)
            call_list_index.adapt(program.database)
            _count_shares(program.database)
    finally:
        try:
            if worker:
                worker.stop(timeout=2.0)
                with suppress(DiskFull):  # what was committed stands in the log
                    program.database.checkpoint()
        finally:
            instance.release()


def _count_shares(database: Database) -> None:
    from valhalla.scoring import store

    if store.shares_due(database):
        from valhalla.scoring import shares

        shares.refresh(database)


def _let_index(importing: Importing) -> None:
    from jobs import JobsError
    from valhalla.leads import search

    if search.behind(importing.database) > INDEX_AT_ONCE:
        return
    job_id = importing.chores.index_soon()
    if job_id is not None:
        try:
            importing.queue.wait(job_id, timeout=INDEX_SECONDS)
        except JobsError:  # not in time, or done so soon that nothing of it is left
            pass
