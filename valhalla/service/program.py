"""The program of one home: its database, its queue and every kind of job, put together in this room and nowhere else.

A command opens the one that has the parts it uses, and loads no more: :class:`Program` here,
:class:`~valhalla.service.importing.ImportingProgram`, :class:`~valhalla.service.reevaluating.ReevaluatingProgram`, and
:class:`~valhalla.service.whole.WholeProgram` with all of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Self

import jobs
from db import Database
from valhalla.audit import exchange
from valhalla.program.home import Home
from valhalla.program.later import later
from valhalla.scoring.opening import open_home

if TYPE_CHECKING:
    from jobs import JobQueue
    from valhalla.audit import rescuing
else:
    rescuing = later("valhalla.audit.rescuing")


class Program:
    """A home's database with its queue. A part is made when it is first used.

    ``queue``: another queue than one of its own, as tests have it.
    """

    def __init__(self, database: Database, home: Home, queue: JobQueue | None = None) -> None:
        self.database = database
        self.home = home
        if queue is not None:
            self.queue = queue

    @classmethod
    @contextmanager
    def open(cls, home: Home) -> Iterator[Self]:
        """Open a home's database (made or migrated where needed) with everything that belongs to it.

        Raises :class:`db.errors.Displaced` when it was deleted or written over meanwhile; what was held of it is saved then.
        """
        exchange.settle_at_start(home)
        with open_home(home) as database:
            try:
                yield cls(database, home)
            except Exception as error:
                displaced = rescuing.rescue(database, home)
                if displaced is None:
                    raise
                raise displaced from error

    @cached_property
    def queue(self) -> JobQueue:
        """The queue of all jobs."""
        return jobs.JobQueue(self.database)
